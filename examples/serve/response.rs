//! What responses are made of.

use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
};
use hyper::{Response, StatusCode};

use crate::content::Content;

pub(crate) const METHODS: &str = "GET, HEAD, OPTIONS";
const HTML: &str = "text/html; charset=utf-8";

pub(crate) fn html_page(status: StatusCode, content: Content) -> Response<Content> {
    let mut response = Response::new(content);
    *response.status_mut() = status;
    let length = hyper::body::Body::size_hint(response.body()).lower();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Should a name ever slip through unescaped, it still cannot run as a script.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

pub(crate) fn empty(status: StatusCode) -> Response<Content> {
    let mut response = Response::new(Content::empty());
    *response.status_mut() = status;
    response
}

pub(crate) fn allowing(mut response: Response<Content>) -> Response<Content> {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// For text this program made itself, of numbers and names it knows.
pub(crate) fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("our own header values are visible ASCII")
}
