//! What becomes of a string when bytes that were read for it turn out to be text, or not.

use std::io::{self, ErrorKind};

/// What an error leaves of the text that was read before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterError {
    Kept,
    Dropped,
}

/// Puts `bytes`, the last `read` of which were read, into `text`, and returns the result of the
/// reads. If they are no UTF-8, `text` is what it was before.
pub(super) fn finish(
    text: &mut String,
    bytes: Vec<u8>,
    read: usize,
    result: io::Result<usize>,
    after_error: AfterError,
) -> io::Result<usize> {
    let before = bytes.len() - read;
    match String::from_utf8(bytes) {
        Ok(all) => {
            *text = all;
            if result.is_err() && after_error == AfterError::Dropped {
                text.truncate(before);
            }
            result
        }
        Err(error) => {
            let no_text = error.utf8_error();
            let mut bytes = error.into_bytes();
            bytes.truncate(before);
            *text = String::from_utf8(bytes).expect("what was text before is text");
            result.and(Err(io::Error::new(ErrorKind::InvalidData, no_text)))
        }
    }
}
