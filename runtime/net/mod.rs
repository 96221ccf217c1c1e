//! # What
//! Sockets for async code: TCP, UDP and Unix, with tokio's names and signatures, and std's meaning of every call.
//!
//! # Algorithm
//! A socket is non-blocking and lives in a `driver::Registration`. Every operation is the plain system call, tried at
//! once; only a call that would block waits, for readiness in the driver, and is then made again. No buffer is
//! lent to the kernel beyond a call, so borrowed slices are sound and a dropped future leaves nothing behind. The writes
//! that do not copy are the exception: they lend a buffer that was handed over, until the kernel gives it back.
//! Names are resolved on the blocking pool; addresses never leave the calling task.
//!
//! | what | TCP | Unix | UDP | one implementation in |
//! |---|---|---|---|---|
//! | bytes, halves, traits | [`TcpStream`] | `UnixStream` | | [`ByteStream`] over a [`Family`]; `transfer.rs` |
//! | accepting | [`TcpListener`] | `UnixListener` | | `acceptor.rs` |
//! | datagrams | | `UnixDatagram` | [`UdpSocket`] | `datagram.rs` |
//!
//! Which call when:
//!
//! | you have | call | copies | memory while it waits |
//! |---|---|---|---|
//! | a slice | `read`, `write`, `write_all` | kernel to slice, slice to kernel | the slice |
//! | several slices | `read_vectored`, `write_all_vectored` | the same, one system call | the slices |
//! | a `Vec` with capacity, an aligned buffer, any [`IoBuf`](crate::io::IoBuf) | `read_owned`, `write_all_owned` | the same, nothing is zeroed first | the buffer |
//! | several of these | `read_vectored_owned`, `write_all_vectored_owned` | the same, one system call | the buffers |
//! | a large buffer, a fast network, and time to wait for it | `write_all_owned_zero_copy` | none, where the device gathers | the buffer, until the peer has confirmed it |
//! | many connections, few of them busy | `recv_pooled` | kernel to a buffer of the runtime's, which is yours until you drop it | none |
//! | the same, and your own pool of buffers | `readable().await`, then `try_read` into a buffer taken then | kernel to slice | none |
//! | datagrams of any length | `recv_pooled`, `recv_from_pooled` | kernel to a buffer of the runtime's | none |
//! | a library's reader or writer | the traits below | the same | the library's |
//!
//! When zero copy pays: for large buffers that leave the machine, where the processor is the limit. It takes pages to pin, a turn
//! of the ring, and at least a round trip until the buffer is back, so for little it always costs more. Within the
//! machine the kernel copies all the same. There its CPU, both ends together, was that of `write_all_owned` times 5.3 for
//! 16 KiB, 5.9 for 64 KiB, 1.8 for 1 MiB and 1.7 for 4 MiB, and its time 7.3, 8.6, 2.1 and 2.3 times as long (2026-11-21, 2
//! cores with other work on them, medians of 31 interleaved rounds; of three such runs the ratios of CPU for 64 KiB
//! were 1.3, 2.7 and 5.9). Therefore a connection whose first such write was copied is written plainly from the second on.
//! Over a network device it has not been measured.
//!
//! # Invariants
//! - `[no-sigpipe]` every send carries `driver::socket::SEND_FLAGS`: a closed peer is an error, never a signal.
//! - `[one-call-moves-bytes]` a future that was dropped before it was ready has moved no byte and taken no connection,
//!   unless its documentation says it makes several calls (`write_all`, `read_exact`, …).
//! - `[large-calls-pay]` a call that copies takes of the task's budget by how much it copied, so that a task that always finds
//!   bytes and room moves about one MiB in a poll, and not 128 times what it asks for.
//! - `[accept-rests]` `accept` without descriptors or memory left returns an error, and not before a pause: the
//!   connection stays queued and the listener readable, so an immediate error would be a busy loop of its caller. The pause
//!   grows with each such error in a row.
//! - `[recv-initialises]` `recv(2)` that returns `n` has written the first `n` bytes of its buffer, and makes no byte of it
//!   uninitialised. All unsafe code of this room rests on it.
//! - `[empty-is-done]` a read into, or a write from, no bytes is `Ok(0)` at once and makes no system call. This is about
//!   streams: a datagram may be empty.
//! - `[unheard-room]` Linux has no event for room in the queue of a Unix socket that is not the peer: not for a connect
//!   to a listener whose queue is full, not for a `send_to`. Such a call rests and tries again (`pause.rs`); waiting for
//!   readiness would spin, or last for ever.
//! - `[deaf-end]` a Unix datagram socket that was shut down is readable and would block at once, on Linux. What would
//!   block is its end then, or else a receive would spin.
//! - `[fds-are-owned]` a received descriptor is close-on-exec and has an owner before the call that installed it returns.
//!
//! # Rejected
//! `&self` for `TcpStream::read` and its like, though it would be sound: a program ported from tokio would be full of
//! warnings about a `mut` that is not needed, and two writers could mix their bytes by accident. Who shares a stream
//! splits it, or uses the `try_` calls. Datagrams do not mix: their sockets take `&self`.
//! Ring operations for `recv` and `send` with borrowed slices: a leaked future would let the kernel write into memory
//! that its owner has back. Owned buffers are for the ring; they come with their own methods.
//! `UnixStream` as a type of its own beside `TcpStream`: forty methods and three sets of traits would stand twice. As two
//! families of one type they stand once, and programs can serve both with one function.
//! The driver's connect for Unix sockets: on polling it would wait for an event that never comes `[unheard-room]`, and
//! the plain call never blocks for anything else.
//! Multishot accept. 2026-11-21, a bare ring that accepts, answers one request and closes; CPU per connection, medians of
//! 15 interleaved rounds, poll and `accept4` against multishot with the `getpeername` that it then needs: 24.5 to 21.5 us
//! with 1 client, 18.4 to 17.1 with 4, 16.7 to 16.5 with 16, 18.1 to 17.7 with 64. So it wins where each connection comes
//! alone, and 1 to 2 % under load. For that it takes connections before anybody calls `accept`: a server that counts its
//! connections would be lied to, descriptors would run out in the kernel's hands, a process that shares the listener
//! would lose what it could have served, and `into_std` would have to give back more than a listener.
//! Datagrams without copying: there are 64 KiB at most in one, for which it rarely pays, and several sends at once of one socket
//! would wait for each other's answers.
//! A socket of the call's own, connected to a receiver whose queue is full, to be told of room there `[unheard-room]`. It would be
//! told by each datagram that is received, and so would be those of all others that wait: 200 waiting senders would be
//! woken 200 times for each place. And it is a descriptor for each. 2026-11-29, not measured.
//! The crate quinn-udp for segmentation: it sets more options than were asked for, such as not to fragment.
//!
//! # Verified by
//! `tests/tcp/`, `tests/udp/`, `tests/unix/`: each invariant by name and on every back end. For TCP `[no-sigpipe]` is in
//! `ends.rs`, `[one-call-moves-bytes]` in `cancel.rs`, `[accept-rests]` in `process.rs`, `[empty-is-done]` in `transfer.rs`.
//! `[recv-initialises]` is the contract of the system call: no test can show it. Of `tests/unix/`: `[unheard-room]` in
//! `datagram.rs`, `listener.rs` and `process.rs`, `[deaf-end]` in `datagram.rs`, `[fds-are-owned]` in `fds.rs`,
//! `[large-calls-pay]` in `stream.rs`.
//!
//! # Which traits
//! Inherent methods need no import. [`ByteStream`] and its halves also implement `futures_io::{AsyncRead, AsyncWrite}`
//! (feature `futures-io`, on by default), tokio's `io::{AsyncRead, AsyncWrite}` (feature `tokio-io`), and
//! [`ByteStream`] implements `hyper::rt::{Read, Write}` (feature `hyper`).

mod acceptor;
mod byte_stream;
mod bytes;
mod datagram;
mod family;
mod interest;
mod lookup_host;
mod owned_bytes;
mod owned_halves;
mod owned_split;
mod owned_transfer;
mod pause;
#[cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]
mod poll;
mod pooled;
mod receive;
mod split;
mod tcp_listener;
mod tcp_socket;
mod tcp_stream;
mod to_socket_addrs;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "hyper")]
mod traits_hyper;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
mod transfer;
mod udp;
#[cfg(unix)]
pub mod unix;
mod zero_copy;

pub use byte_stream::ByteStream;
pub use family::Family;
pub use interest::{Interest, Ready};
pub use lookup_host::lookup_host;
pub use tcp_listener::{TcpListener, TcpListenerIncoming};
pub use tcp_socket::TcpSocket;
pub use tcp_stream::TcpStream;
pub use to_socket_addrs::ToSocketAddrs;
pub use udp::{Segments, UdpSocket};
#[cfg(unix)]
pub use unix::{UnixDatagram, UnixListener, UnixStream};

/// What belongs to TCP beside the listener and the stream: the halves of a split stream.
pub mod tcp {
    pub use super::family::Tcp;
    pub use super::owned_split::ReuniteError;
    pub use super::tcp_listener::TcpListenerIncoming as Incoming;

    /// The half that reads, of [`TcpStream::split`](super::ByteStream::split).
    pub type ReadHalf<'a> = super::split::ReadHalf<'a, Tcp>;
    /// The half that writes, of [`TcpStream::split`](super::ByteStream::split).
    pub type WriteHalf<'a> = super::split::WriteHalf<'a, Tcp>;
    /// The half that reads, of [`TcpStream::into_split`](super::ByteStream::into_split).
    pub type OwnedReadHalf = super::owned_split::OwnedReadHalf<Tcp>;
    /// The half that writes, of [`TcpStream::into_split`](super::ByteStream::into_split).
    pub type OwnedWriteHalf = super::owned_split::OwnedWriteHalf<Tcp>;
}
