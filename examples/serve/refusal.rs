//! Requests that get a page with a reason.

use std::io;

use hyper::body::Bytes;
use hyper::{Response, StatusCode};

use crate::content::Content;
use crate::page::{self, escape};
use crate::paths::Lost;
use crate::response::{allowing, html_page};

/// A request that gets a page with a reason instead of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str);

impl Refusal {
    pub(crate) fn page(&self, path: &str) -> Response<Content> {
        let Refusal(status, reason) = *self;
        let title = status.to_string();
        let body = format!("<p>{}</p>\n<footer>{}</footer>\n", escape(reason), escape(path));
        let html = page::html(&title, &escape(&title), &body);
        let response = html_page(status, Content::Whole(Bytes::from(html)));
        if status == StatusCode::METHOD_NOT_ALLOWED { allowing(response) } else { response }
    }
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Refusal {
        match lost {
            Lost::Malformed => Refusal(StatusCode::BAD_REQUEST, "The path is not a valid one."),
            Lost::Missing => Refusal(StatusCode::NOT_FOUND, "There is nothing here by that name."),
            Lost::Forbidden => Refusal(StatusCode::FORBIDDEN, "The server may not read this."),
        }
    }
}

/// What an error of the file system means to a client.
pub(crate) fn refusal_of(error: io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Refusal::from(Lost::Missing),
        io::ErrorKind::PermissionDenied => Refusal::from(Lost::Forbidden),
        _ => {
            eprintln!("serve: reading failed: {error}");
            Refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The file could not be read. The server's log says why.",
            )
        }
    }
}
