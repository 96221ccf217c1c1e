//! The result of an open.

use std::io;

use crate::driver::file::{Descriptor, Found, Landed};

/// The file that an operation has opened.
pub(super) fn opened(landed: Landed<()>) -> io::Result<Descriptor> {
    landed.result?;
    match landed.found {
        Some(Found::Opened(opened)) => Ok(opened),
        Some(Found::Metadata(_)) | None => Err(io::Error::other("an open that succeeded opened nothing")),
    }
}

/// The outcome of a read from the kernel's caches.
#[allow(dead_code, reason = "only Linux opens files from its caches")]
pub(crate) enum ReadCached {
    /// The whole file.
    Whole(Vec<u8>),
    /// The outcome of the open, for `open_tried`.
    Tried(Option<io::Result<Descriptor>>),
}
