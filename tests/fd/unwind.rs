//! Auto traits of what programs hold while they catch panics.

use std::fs::File;
use std::panic::{RefUnwindSafe, UnwindSafe};

use heist::io::unix::AsyncFd;
use heist::io::{PipeReader, PipeWriter};
use heist::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use heist::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream, tcp, unix};

fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe + Send + Sync + Unpin>() {}

#[test]
fn sockets_and_pipes_may_be_held_across_a_caught_panic() {
    is_unwind_safe::<TcpListener>();
    is_unwind_safe::<TcpSocket>();
    is_unwind_safe::<TcpStream>();
    is_unwind_safe::<tcp::OwnedReadHalf>();
    is_unwind_safe::<tcp::OwnedWriteHalf>();
    is_unwind_safe::<tcp::ReadHalf<'_>>();
    is_unwind_safe::<tcp::WriteHalf<'_>>();
    is_unwind_safe::<UdpSocket>();
    is_unwind_safe::<UnixDatagram>();
    is_unwind_safe::<UnixListener>();
    is_unwind_safe::<UnixSocket>();
    is_unwind_safe::<UnixStream>();
    is_unwind_safe::<unix::OwnedReadHalf>();
    is_unwind_safe::<unix::OwnedWriteHalf>();
    is_unwind_safe::<PipeReader>();
    is_unwind_safe::<PipeWriter>();
    is_unwind_safe::<AsyncFd<File>>();
}
