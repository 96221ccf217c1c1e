//! Readers, writers and streams with a buffer.

mod reader;
mod stream;
mod writer;

pub use reader::BufReader;
pub use stream::BufStream;
pub use writer::BufWriter;

/// The size of a buffer whose owner did not choose one.
pub(super) const DEFAULT_SIZE_BYTES: usize = 8 * 1024;
