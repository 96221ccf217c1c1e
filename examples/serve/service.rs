//! From a request to its answer.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HOST, HeaderValue,
    LAST_MODIFIED, LOCATION, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};

use crate::conditional::{Validators, Verdict};
use crate::content::{self, Content};
use crate::content_type::{self, SAMPLE_SIZE};
use crate::opened::Opened;
use crate::paths::{Lost, Route};
use crate::ranges::{self, Selection};
use crate::refusal::{Refusal, refusal_of};
use crate::response::{allowing, empty, html_page, text};
use crate::shared::Pages;
use crate::target::{self, Found, Target};
use crate::wire::Files;

const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const BYTES: HeaderValue = HeaderValue::from_static("bytes");

/// The directory that is served.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Canonical: without links and dots.
    root: Arc<Path>,
    hidden: bool,
    pages: Arc<Pages>,
    opened: Arc<Opened>,
}

type Answer = Result<Response<Content>, Refusal>;

impl Site {
    /// The error names the cause and what to do about it.
    pub(crate) fn new(directory: &Path, hidden: bool) -> Result<Site, String> {
        let remedy = "name an existing directory with --dir";
        let root = fs::canonicalize(directory)
            .map_err(|error| format!("cannot serve {}: {error}; {remedy}", directory.display()))?;
        if !root.is_dir() {
            return Err(format!(
                "cannot serve {}: it is a file, not a directory; {remedy}",
                directory.display()
            ));
        }
        fs::read_dir(&root)
            .map_err(|error| format!("cannot read {}: {error}; {remedy}", directory.display()))?;
        Ok(Site { root: root.into(), hidden, pages: Arc::default(), opened: Opened::new().into() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Closes files that nobody asks for any more.
    pub(crate) fn sweep(&self) {
        self.opened.sweep();
    }

    /// Answers one request, errors included. `files` is for bodies that the connection's stream sends.
    pub(crate) async fn respond(&self, request: &Request<()>, files: Option<&Files>) -> Response<Content> {
        let answer = self.answer(request, files).await;
        let mut response = answer.unwrap_or_else(|refusal| refusal.page(request.uri().path()));
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        if request.method() == Method::HEAD {
            *response.body_mut() = Content::empty();
        }
        response
    }

    async fn answer(&self, request: &Request<()>, files: Option<&Files>) -> Answer {
        let hosts = request.headers().get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
            return Err(Refusal(StatusCode::BAD_REQUEST, "An HTTP/1.1 request has exactly one Host header."));
        }
        match *request.method() {
            Method::GET | Method::HEAD => self.get(request, files).await,
            Method::OPTIONS => Ok(allowing(empty(StatusCode::NO_CONTENT))),
            _ => Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, "Files can only be read here.")),
        }
    }

    async fn get(&self, request: &Request<()>, files: Option<&Files>) -> Answer {
        let path = request.uri().path();
        if let Some(found) = self.opened.get(path) {
            return get_file(request, found, files).await;
        }
        let route = Route::parse(path)?;
        if let Some(found) = target::at_once(&self.root, &route, self.hidden) {
            self.opened.keep(path, &found);
            return get_file(request, found, files).await;
        }
        let directory_url = route.directory_url();
        let site = self.clone();
        let find = move || target::find(&site.root, route, site.hidden, &site.pages);
        let target = heist::task::spawn_blocking(find).await;
        match target.map_err(|error| refusal_of(io::Error::other(error)))?? {
            Target::File(found) => get_file(request, found, files).await,
            Target::Listing(page) => Ok(html_page(StatusCode::OK, Content::page(page))),
            Target::Moved => {
                let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
                let location = HeaderValue::from_str(&format!("{directory_url}{query}"))
                    .map_err(|_| Refusal::from(Lost::Malformed))?;
                let mut response = empty(StatusCode::MOVED_PERMANENTLY);
                response.headers_mut().insert(LOCATION, location);
                Ok(response)
            }
        }
    }
}

async fn get_file(request: &Request<()>, found: Arc<Found>, files: Option<&Files>) -> Answer {
    let validators = &found.validators;
    match validators.judge(request.headers()) {
        Verdict::Failed => {
            return Err(Refusal(StatusCode::PRECONDITION_FAILED, "The file is another version by now."));
        }
        Verdict::NotModified => {
            let mut response = Response::new(Content::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            validators.describe(response.headers_mut());
            return Ok(response);
        }
        Verdict::Proceed => {}
    }
    send(request, &found, files).await.map_err(refusal_of)
}

/// The file or the part of it that was asked for.
async fn send(
    request: &Request<()>,
    found: &Arc<Found>,
    files: Option<&Files>,
) -> io::Result<Response<Content>> {
    let size = found.metadata.len();
    let headers = headers(found).await?;
    let (status, start, length) = match selection(request, size, &found.validators) {
        Selection::Whole => (StatusCode::OK, 0, size),
        Selection::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
        Selection::Unsatisfiable => {
            let mut response = Refusal(StatusCode::RANGE_NOT_SATISFIABLE, "The file has no such bytes.")
                .page(request.uri().path());
            response.headers_mut().insert(CONTENT_RANGE, text(&format!("bytes */{size}")));
            found.validators.describe(response.headers_mut());
            response.headers_mut().insert(ACCEPT_RANGES, BYTES);
            return Ok(response);
        }
    };
    let is_head = request.method() == Method::HEAD;
    let content = match is_head {
        true => Content::empty(),
        false => Content::read(found.clone(), start, length, files).await?,
    };
    let mut response = Response::new(content);
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    if status == StatusCode::PARTIAL_CONTENT {
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length.into());
        headers.insert(CONTENT_RANGE, text(&format!("bytes {start}-{}/{size}", start + length - 1)));
    }
    Ok(response)
}

/// The headers of an answer with the whole file.
async fn headers(found: &Found) -> io::Result<&HeaderMap> {
    if let Some(known) = found.headers.get() {
        return Ok(known);
    }
    let content_type = content_type(found).await?;
    Ok(found.headers.get_or_init(|| {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_LENGTH, found.metadata.len().into());
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        headers.insert(ACCEPT_RANGES, BYTES);
        found.validators.describe(&mut headers);
        headers
    }))
}

/// Only GET has ranges, and one `Range` header at most.
fn selection(request: &Request<()>, size: u64, validators: &Validators) -> Selection {
    let mut lines = request.headers().get_all(RANGE).iter();
    match (lines.next().and_then(|line| line.to_str().ok()), lines.next()) {
        (Some(line), None)
            if request.method() == Method::GET && validators.allow_range(request.headers()) =>
        {
            ranges::select(line, size)
        }
        _ => Selection::Whole,
    }
}

async fn content_type(found: &Found) -> io::Result<HeaderValue> {
    if let Some(known) = content_type::by_name(&found.path) {
        return Ok(text(&known));
    }
    let length = found.metadata.len().min(SAMPLE_SIZE as u64);
    let sample = content::read(&found.file, 0, length).await?;
    Ok(HeaderValue::from_static(content_type::by_sample(&sample)))
}

impl Validators {
    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(ETAG, self.etag.clone());
        if let Some(modified) = &self.last_modified {
            headers.insert(LAST_MODIFIED, modified.clone());
        }
        // A browser may keep the file but asks before it shows it again: directories change under one's hands.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::METHODS;
    use crate::scratch::Scratch;
    use hyper::body::Body;
    use hyper::header::{ALLOW, CONTENT_SECURITY_POLICY, HeaderName, IF_NONE_MATCH, IF_RANGE};

    fn respond(site: &Site, request: &Request<()>) -> Response<Content> {
        let runtime = heist::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(site.respond(request, None))
    }

    fn ask(scratch: &Scratch, method: Method, path: &str, extra: &[(HeaderName, &str)]) -> Response<Content> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, "x");
        for (name, value) in extra {
            request = request.header(name, *value);
        }
        respond(&Site::new(scratch.path(), false).unwrap(), &request.body(()).unwrap())
    }

    fn get(scratch: &Scratch, path: &str) -> Response<Content> {
        ask(scratch, Method::GET, path, &[])
    }

    fn header(response: &Response<Content>, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn body(response: &Response<Content>) -> &[u8] {
        match response.body() {
            Content::Whole(bytes) => bytes,
            Content::File(_) | Content::Page { .. } => panic!("the test's files fit into one chunk"),
        }
    }

    #[test]
    fn a_file_comes_with_its_length_type_and_validators() {
        let scratch = Scratch::new();
        scratch.write("a.txt", b"hello");
        let response = get(&scratch, "/a.txt");
        assert_eq!((response.status(), body(&response)), (StatusCode::OK, &b"hello"[..]));
        assert_eq!(header(&response, CONTENT_LENGTH), "5");
        assert_eq!(header(&response, CONTENT_TYPE), "text/plain; charset=utf-8");
        assert_eq!(header(&response, ACCEPT_RANGES), "bytes");
        assert_eq!(header(&response, X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert!(!header(&response, ETAG).is_empty() && !header(&response, LAST_MODIFIED).is_empty());
    }

    #[test]
    fn head_differs_from_get_by_the_body_alone() {
        let scratch = Scratch::new();
        scratch.write("a.txt", b"hello");
        for path in ["/a.txt", "/", "/absent"] {
            let (get, head) = (get(&scratch, path), ask(&scratch, Method::HEAD, path, &[]));
            assert_eq!((get.status(), get.headers()), (head.status(), head.headers()), "{path}");
            assert!(head.body().is_end_stream() && !get.body().is_end_stream());
        }
    }

    #[test]
    fn a_name_without_extension_is_judged_by_content_and_sent_whole() {
        let scratch = Scratch::new();
        scratch.write("LICENSE", &b"words ".repeat(200));
        let response = get(&scratch, "/LICENSE");
        assert_eq!(header(&response, CONTENT_TYPE), "text/plain; charset=utf-8");
        assert_eq!(body(&response), b"words ".repeat(200));
    }

    #[test]
    fn parts_are_cut_from_the_version_the_client_knows() {
        let scratch = Scratch::new();
        scratch.write("x", b"0123456789");
        let part = |extra: &[(HeaderName, &str)]| ask(&scratch, Method::GET, "/x", extra);
        let response = part(&[(RANGE, "bytes=2-4")]);
        assert_eq!((response.status(), body(&response)), (StatusCode::PARTIAL_CONTENT, &b"234"[..]));
        assert_eq!(header(&response, CONTENT_RANGE), "bytes 2-4/10");
        let etag = header(&response, ETAG).to_owned();
        assert_eq!(body(&part(&[(RANGE, "bytes=-1"), (IF_RANGE, &etag)])), b"9");
        assert_eq!(body(&part(&[(RANGE, "bytes=-1"), (IF_RANGE, "\"other\"")])), b"0123456789");
        assert_eq!(part(&[(RANGE, "bytes=0-1,4-5")]).status(), StatusCode::OK);
        assert_eq!(part(&[(RANGE, "bytes=0-1"), (RANGE, "bytes=4-5")]).status(), StatusCode::OK);
        assert_eq!(ask(&scratch, Method::HEAD, "/x", &[(RANGE, "bytes=2-4")]).status(), StatusCode::OK);
        let beyond = part(&[(RANGE, "bytes=10-")]);
        assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&beyond, CONTENT_RANGE), "bytes */10");
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let scratch = Scratch::new();
        scratch.write("x", b"0123456789");
        let etag = header(&get(&scratch, "/x"), ETAG).to_owned();
        let response = ask(&scratch, Method::GET, "/x", &[(IF_NONE_MATCH, &etag), (RANGE, "bytes=0-1")]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&response, ETAG), etag);
        assert!(body(&response).is_empty());
    }

    #[test]
    fn directories_redirect_to_their_slash_and_show_their_index() {
        let scratch = Scratch::new();
        scratch.write("with/index.html", b"<p>index");
        scratch.write("with out/file", b"");
        let moved = get(&scratch, "/with%20out?q=1");
        assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY);
        assert_eq!(header(&moved, LOCATION), "/with%20out/?q=1");
        assert_eq!(header(&get(&scratch, "//with"), LOCATION), "/with/");
        assert_eq!(body(&get(&scratch, "/with/")), b"<p>index");
        let listing = get(&scratch, "/with%20out/");
        assert!(String::from_utf8_lossy(body(&listing)).contains(">file</a>"));
        assert!(header(&listing, CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"));
        assert_eq!(get(&scratch, "/with/index.html/").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn other_methods_learn_what_is_allowed() {
        let scratch = Scratch::new();
        let options = ask(&scratch, Method::OPTIONS, "*", &[]);
        assert_eq!((options.status(), header(&options, ALLOW)), (StatusCode::NO_CONTENT, METHODS));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::TRACE] {
            let response = ask(&scratch, method, "/", &[]);
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(header(&response, ALLOW), METHODS);
        }
    }

    #[test]
    fn error_pages_show_the_path_escaped() {
        let response = get(&Scratch::new(), "/%3Cscript%3E/'x'");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let html = String::from_utf8_lossy(body(&response));
        assert!(html.contains("/%3Cscript%3E/&#39;x&#39;"), "{html}");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_opened() {
        use std::os::unix::net::UnixListener;
        let scratch = Scratch::new();
        let _socket = UnixListener::bind(scratch.path().join("socket")).unwrap();
        assert_eq!(get(&scratch, "/socket").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_request_names_one_host() {
        let scratch = Scratch::new();
        assert_eq!(ask(&scratch, Method::GET, "/", &[(HOST, "y")]).status(), StatusCode::BAD_REQUEST);
        let site = Site::new(scratch.path(), false).unwrap();
        let hostless = |version| Request::builder().version(version).uri("/").body(()).unwrap();
        assert_eq!(respond(&site, &hostless(Version::HTTP_11)).status(), StatusCode::BAD_REQUEST);
        assert_eq!(respond(&site, &hostless(Version::HTTP_10)).status(), StatusCode::OK);
    }

    #[test]
    fn only_directories_are_sites() {
        let scratch = Scratch::new();
        scratch.write("file", b"");
        let message = |name: &str| Site::new(&scratch.path().join(name), false).unwrap_err();
        assert!(message("absent").contains("name an existing directory with --dir"));
        assert!(message("file").contains("a file, not a directory"));
    }
}
