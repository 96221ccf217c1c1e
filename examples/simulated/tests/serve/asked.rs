//! What a client asks, and what it must be answered.

use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderValue, IF_NONE_MATCH, RANGE};
use hyper::{Method, Request, StatusCode};

use crate::draw;
use crate::host::{FILES, contents};

/// A request, and its answer if nothing fails.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    method: Method,
    range: Option<String>,
    etag: Option<HeaderValue>,
    status: StatusCode,
    /// `None`: a page of the server's.
    body: Option<Vec<u8>>,
    /// First byte, last byte, all bytes.
    content_range: Option<String>,
}

impl Asked {
    /// Chooses one; `etag_of` knows the version of a file that was asked for before.
    pub(crate) fn draw(etag_of: impl Fn(&str) -> Option<HeaderValue>) -> Asked {
        // The larger a file, the longer its world takes.
        let (name, size) = FILES[[0, 1, 1, 2, 2, 3, 3, 3, 3, 4][draw(10) as usize]];
        let path = format!("/{name}");
        match draw(10) {
            0..=2 => Asked::new(path, StatusCode::OK).with_body(contents(size)),
            3 => Asked { method: Method::HEAD, ..Asked::new(path, StatusCode::OK) }.with_body(Vec::new()),
            4..=6 => Asked::part(path, size),
            7 => match etag_of(&path) {
                Some(etag) => {
                    let asked = Asked::new(path, StatusCode::NOT_MODIFIED).with_body(Vec::new());
                    Asked { etag: Some(etag), ..asked }
                }
                None => Asked::new(path, StatusCode::OK).with_body(contents(size)),
            },
            8 => Asked::new("/folder/".to_owned(), StatusCode::OK),
            _ if draw(2) == 0 => Asked::new("/folder".to_owned(), StatusCode::MOVED_PERMANENTLY),
            _ => Asked::new("/nothing".to_owned(), StatusCode::NOT_FOUND),
        }
    }

    fn new(path: String, status: StatusCode) -> Asked {
        Asked { path, method: Method::GET, range: None, etag: None, status, body: None, content_range: None }
    }

    fn with_body(self, body: Vec<u8>) -> Asked {
        Asked { body: Some(body), ..self }
    }

    /// A range of a file: from the middle, to the end, of its end, or beyond it.
    fn part(path: String, size: usize) -> Asked {
        let start = draw(size as u64 + 1) as usize;
        let end = start + draw(size as u64 + 1) as usize;
        let (range, start, end) = match draw(3) {
            0 => (format!("bytes={start}-{end}"), start, size.min(end + 1)),
            1 => (format!("bytes={start}-"), start, size),
            _ => (format!("bytes=-{start}"), size - start, size),
        };
        let mut asked = if start < size {
            let asked = Asked::new(path, StatusCode::PARTIAL_CONTENT);
            asked.with_body(contents(size)[start..end].to_vec())
        } else {
            Asked::new(path, StatusCode::RANGE_NOT_SATISFIABLE)
        };
        asked.content_range = Some(match asked.status {
            StatusCode::PARTIAL_CONTENT => format!("bytes {start}-{}/{size}", end - 1),
            _ => format!("bytes */{size}"),
        });
        asked.range = Some(range);
        asked
    }

    pub(crate) fn request<B: Default>(&self) -> Request<B> {
        let mut request = Request::builder().method(&self.method).uri(&self.path).header("host", "web");
        if let Some(range) = &self.range {
            request = request.header(RANGE, range);
        }
        if let Some(etag) = &self.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        request.body(B::default()).unwrap()
    }

    /// Checks a whole answer. If the disk may fail, so may a request.
    pub(crate) fn check(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], may_fail: bool) {
        if may_fail && status.is_server_error() {
            return;
        }
        assert_eq!(status, self.status, "{} {:?}", self.path, self.range);
        if let Some(expected) = &self.body {
            assert!(body == expected, "{} bytes instead of {}: {}", body.len(), expected.len(), self.path);
        }
        let length =
            headers.get(CONTENT_LENGTH).map(|length| length.to_str().unwrap().parse::<usize>().unwrap());
        if self.method == Method::GET && status != StatusCode::NOT_MODIFIED {
            assert_eq!(length, Some(body.len()));
        }
        let range = headers.get(CONTENT_RANGE).map(|range| range.to_str().unwrap());
        assert_eq!(range, self.content_range.as_deref(), "{}", self.path);
    }
}
