//! One direction of a splice.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::ends::{SpliceSide, paid};
use crate::driver::Direction;
use crate::system::splice::Pipe;

/// The most bytes that are moved at once, and the length of the buffer where they are copied: what
/// a pipe holds that nobody has enlarged.
const BYTES_MAX: usize = 64 * 1024;

/// Bytes on their way from one end to the other.
#[derive(Debug)]
pub(super) struct SpliceWay {
    store: Store,
    copied: u64,
    read: u64,
}

/// Where the bytes are that are read and not written.
#[derive(Debug)]
enum Store {
    Unset,
    /// In a pipe of the kernel's, so many of them.
    Pipe {
        pipe: Arc<Pipe>,
        len: usize,
    },
    /// In a buffer, because the system or one of the ends cannot splice.
    Buffer {
        bytes: Box<[u8]>,
        start: usize,
        end: usize,
    },
}

impl SpliceWay {
    pub(super) fn new() -> SpliceWay {
        SpliceWay { store: Store::Unset, copied: 0, read: 0 }
    }

    pub(super) fn copied(&self) -> u64 {
        self.copied
    }

    /// The number of bytes that were read and of those that were written.
    pub(super) fn moved(&self) -> u64 {
        self.read + self.copied
    }

    /// Ready at the end of the source, when everything is written.
    pub(super) fn poll(
        &mut self,
        source: &SpliceSide<'_>,
        target: &SpliceSide<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let is_over = match &self.store {
                Store::Unset => {
                    self.store = match Pipe::of_bytes(BYTES_MAX as u64) {
                        Some(pipe) => Store::Pipe { pipe, len: 0 },
                        None => buffer(),
                    };
                    false
                }
                Store::Pipe { len: 0, .. } => ready!(self.poll_fill(source, cx))?,
                Store::Pipe { .. } => ready!(self.poll_empty(target, cx))?,
                Store::Buffer { start, end, .. } if start == end => ready!(self.poll_read(source, cx))?,
                Store::Buffer { .. } => ready!(self.poll_write(target, cx))?,
            };
            if is_over {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Source to pipe. True at the end of the source.
    fn poll_fill(&mut self, source: &SpliceSide<'_>, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Store::Pipe { pipe, len } = &mut self.store else { return Poll::Ready(Ok(false)) };
        let fill = |socket: &_| paid(source.take(socket, || pipe.fill_from(socket, BYTES_MAX)));
        match ready!(source.registration.poll_io(Direction::Read, cx, fill)) {
            Ok(count) => {
                *len = count;
                self.read += count as u64;
                Poll::Ready(Ok(count == 0))
            }
            Err(error) if is_refusal(&error) => {
                self.store = buffer();
                Poll::Ready(Ok(false))
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Pipe to target. What the target does not take that way goes through a buffer.
    fn poll_empty(&mut self, target: &SpliceSide<'_>, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Store::Pipe { pipe, len } = &mut self.store else { return Poll::Ready(Ok(false)) };
        let empty = |socket: &_| paid(pipe.empty_into(socket, *len));
        match ready!(target.registration.poll_io(Direction::Write, cx, empty)) {
            Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => {
                *len -= count;
                self.copied += count as u64;
                Poll::Ready(Ok(false))
            }
            Err(error) if is_refusal(&error) => {
                let mut bytes = vec![0; BYTES_MAX].into_boxed_slice();
                pipe.read_exact(&mut bytes[..*len])?;
                self.store = Store::Buffer { bytes, start: 0, end: *len };
                Poll::Ready(Ok(false))
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_read(&mut self, source: &SpliceSide<'_>, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Store::Buffer { bytes, start, end } = &mut self.store else { return Poll::Ready(Ok(false)) };
        let read = |socket: &_| paid(source.take(socket, || source.read(socket, bytes)));
        let count = ready!(source.registration.poll_io(Direction::Read, cx, read))?;
        (*start, *end) = (0, count);
        self.read += count as u64;
        Poll::Ready(Ok(count == 0))
    }

    fn poll_write(&mut self, target: &SpliceSide<'_>, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Store::Buffer { bytes, start, end } = &mut self.store else { return Poll::Ready(Ok(false)) };
        let write = |socket: &_| paid(target.write(socket, &bytes[*start..*end]));
        match ready!(target.registration.poll_io(Direction::Write, cx, write))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => {
                *start += count;
                self.copied += count as u64;
                Poll::Ready(Ok(false))
            }
        }
    }
}

fn buffer() -> Store {
    Store::Buffer { bytes: vec![0; BYTES_MAX].into(), start: 0, end: 0 }
}

/// `EINVAL` is the kernel's word for descriptors that cannot do it. If it meant something else, the
/// read or the write reports it.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::future::poll_fn;

    use rustix::event::{EventfdFlags, eventfd};
    use socket2::Socket;

    use super::*;
    use crate::driver::Registration;
    use crate::runtime::Runtime;
    use crate::system::socket;

    /// An eventfd takes eight bytes by a write, and no splice.
    #[test]
    fn what_a_target_refuses_to_splice_is_written_to_it() {
        Runtime::new().unwrap().block_on(async {
            let (reader, writer) = socket::pipe().unwrap();
            let (reader, counter) =
                (Registration::new_nonblocking(reader), eventfd(0, EventfdFlags::NONBLOCK));
            let counter = Registration::new_nonblocking(Socket::from(counter.unwrap()));
            rustix::io::write(&writer, &7_u64.to_ne_bytes()).unwrap();
            drop(writer);
            let mut way = SpliceWay::new();
            let (source, target) = (SpliceSide::of_pipe(&reader), SpliceSide::of_pipe(&counter));
            poll_fn(|cx| way.poll(&source, &target, cx)).await.unwrap();
            assert_eq!(way.copied(), 8);
            let mut count = [0; 8];
            rustix::io::read(counter.socket(), &mut count).unwrap();
            assert_eq!(u64::from_ne_bytes(count), 7);
        });
    }

    /// A read of an eventfd is eight bytes, and no splice.
    #[test]
    fn what_a_source_refuses_to_splice_is_read_from_it() {
        Runtime::new().unwrap().block_on(async {
            let (reader, writer) = socket::pipe().unwrap();
            let writer = Registration::new_nonblocking(writer);
            let counter =
                Registration::new_nonblocking(Socket::from(eventfd(5, EventfdFlags::NONBLOCK).unwrap()));
            let mut way = SpliceWay::new();
            let (source, target) = (SpliceSide::of_pipe(&counter), SpliceSide::of_pipe(&writer));
            poll_fn(|cx| {
                // It never ends: once eight bytes are through, it waits.
                assert!(way.poll(&source, &target, cx).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(way.copied(), 8);
            let mut bytes = [0; 8];
            rustix::io::read(&reader, &mut bytes).unwrap();
            assert_eq!(u64::from_ne_bytes(bytes), 5);
        });
    }
}
