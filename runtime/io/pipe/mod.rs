//! Pipes of the system. They wait by readiness, as sockets do: the kernel keeps no buffer beyond a
//! call.
//!
//! - `descriptor.rs`: descriptors as ends of pipes, and back.
//! - `reader.rs`, `writer.rs`: the two ends. `open.rs`: pipes that have a name.

mod descriptor;
mod open;
mod reader;
mod writer;

use std::io;

use crate::driver::Registration;
use crate::system::socket;

pub(in crate::io) use descriptor::read_named;
pub use open::OpenOptions;
pub use reader::PipeReader;
pub use writer::PipeWriter;

/// Creates a pipe: bytes that are written to one end are read from the other, in order. Unix only.
///
/// # Errors
/// Those of the system, if the process does not have two free descriptors.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut reader, mut writer) = heist::io::pipe()?;
/// writer.write_all(b"hello").await?;
/// drop(writer);
/// let mut buffer = [0; 16];
/// assert_eq!(reader.read(&mut buffer).await?, 5);
/// assert_eq!(reader.read(&mut buffer).await?, 0);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = socket::pipe()?;
    let reader = PipeReader::over(Registration::new_nonblocking(reader), false);
    Ok((reader, PipeWriter::over(Registration::new_nonblocking(writer))))
}
