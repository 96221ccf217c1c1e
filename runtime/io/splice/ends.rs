//! What bytes can be spliced from and to. The rooms of the types implement these traits.

use std::io::{self, Read as _};

use socket2::Socket;

use crate::driver::Registration;
#[cfg(unix)]
use crate::io::pipe::read_named;
use crate::system::socket::SEND_FLAGS;
use crate::task::coop;

/// A stream that [`splice`](super::splice) reads from: sockets, their reading halves, and pipes,
/// also those of child processes. No other type can implement it.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::io::{SpliceSource, splice};
/// use heist::net::UnixStream;
///
/// async fn discard(source: &mut impl SpliceSource) -> std::io::Result<u64> {
///     let (mut writer, mut other) = UnixStream::pair()?;
///     let discards = heist::spawn(async move { other.read_to_end(&mut Vec::new()).await });
///     let count = splice(source, &mut writer).await?;
///     drop(writer);
///     discards.await.unwrap()?;
///     Ok(count)
/// }
///
/// let (mut reader, mut writer) = heist::io::pipe()?;
/// writer.write_all(b"hello").await?;
/// drop(writer);
/// assert_eq!(discard(&mut reader).await?, 5);
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub trait SpliceSource: SealedSource {}

/// A stream that [`splice`](super::splice) writes to: sockets, their writing halves, and pipes,
/// also those of child processes. No other type can implement it.
///
/// # Examples
/// ```
/// # #[cfg(unix)]
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::io::{SpliceTarget, splice};
///
/// async fn say_hello(target: &mut impl SpliceTarget) -> std::io::Result<u64> {
///     let (mut reader, mut writer) = heist::io::pipe()?;
///     writer.write_all(b"hello").await?;
///     drop(writer);
///     splice(&mut reader, target).await
/// }
///
/// let (mut stream, mut peer) = heist::net::UnixStream::pair()?;
/// assert_eq!(say_hello(&mut stream).await?, 5);
/// drop(stream);
/// let mut text = String::new();
/// peer.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub trait SpliceTarget: SealedTarget {}

/// The reading side of a [`SpliceSource`].
pub trait SealedSource {
    /// Where it waits for bytes.
    fn source(&self) -> SpliceSide<'_>;
}

/// The writing side of a [`SpliceTarget`].
pub trait SealedTarget {
    /// Where it waits for room.
    fn target(&self) -> SpliceSide<'_>;
}

/// A registered descriptor, and the calls that read and write it.
#[derive(Debug)]
pub struct SpliceSide<'a> {
    pub(super) registration: &'a Registration,
    kind: EndKind,
}

#[derive(Clone, Copy, Debug)]
enum EndKind {
    Socket,
    #[cfg(unix)]
    Pipe,
    /// A pipe with a name, which may have had no writer yet.
    #[cfg(unix)]
    NamedPipe,
}

impl<'a> SpliceSide<'a> {
    pub(crate) fn of_socket(registration: &'a Registration) -> SpliceSide<'a> {
        SpliceSide { registration, kind: EndKind::Socket }
    }

    #[cfg(unix)]
    pub(crate) fn of_pipe(registration: &'a Registration) -> SpliceSide<'a> {
        SpliceSide { registration, kind: EndKind::Pipe }
    }

    #[cfg(unix)]
    pub(crate) fn of_named_pipe(registration: &'a Registration) -> SpliceSide<'a> {
        SpliceSide { registration, kind: EndKind::NamedPipe }
    }

    /// Takes bytes out of the descriptor by `call`, which returns 0 at the end.
    pub(super) fn take(
        &self,
        descriptor: &Socket,
        mut call: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        match self.kind {
            EndKind::Socket => call(),
            #[cfg(unix)]
            EndKind::Pipe => call(),
            #[cfg(unix)]
            EndKind::NamedPipe => read_named(descriptor, call),
        }
    }

    pub(super) fn read(&self, mut descriptor: &Socket, buf: &mut [u8]) -> io::Result<usize> {
        match self.kind {
            EndKind::Socket => descriptor.read(buf),
            #[cfg(unix)]
            EndKind::Pipe | EndKind::NamedPipe => Ok(rustix::io::read(descriptor, buf)?),
        }
    }

    /// A socket whose peer is gone raises no SIGPIPE.
    pub(super) fn write(&self, descriptor: &Socket, buf: &[u8]) -> io::Result<usize> {
        match self.kind {
            EndKind::Socket => descriptor.send_with_flags(buf, SEND_FLAGS),
            #[cfg(unix)]
            EndKind::Pipe | EndKind::NamedPipe => Ok(rustix::io::write(descriptor, buf)?),
        }
    }
}

/// Takes the bytes that a call has moved from the budget of the task.
pub(in crate::io) fn paid(moved: io::Result<usize>) -> io::Result<usize> {
    moved.inspect(|count| coop::spend_bytes(*count))
}
