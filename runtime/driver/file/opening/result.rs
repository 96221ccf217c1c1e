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
