//! Descriptors beside bytes.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use heist::net::{UnixDatagram, UnixStream};

use super::{pipe, soon};
use crate::support::on_every_runtime;

/// Whether the write end behind `reader` is closed everywhere: the pipe is at its end.
fn is_closed_everywhere(reader: &mut std::os::unix::net::UnixStream) -> bool {
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    text.is_empty()
}

#[test]
fn a_file_is_passed_over_a_stream() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let (mut reader, writer) = pipe();
            assert_eq!(left.send_with_fds(b"two of it", &[writer.as_fd(), writer.as_fd()]).await.unwrap(), 9);
            drop(writer);
            let mut buf = [0; 64];
            let received = soon("the message", right.recv_with_fds(&mut buf, 8)).await.unwrap();
            assert_eq!(&buf[..received.len], b"two of it");
            assert!(!received.bytes_truncated && !received.fds_truncated);
            assert_eq!(received.fds.len(), 2);
            for fd in received.fds {
                let flags = rustix::io::fcntl_getfd(&fd).unwrap();
                assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
                File::from(fd).write_all(b"x").unwrap();
            }
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, "xx", "both worked, and no copy is left");
        });
    });
}

#[test]
fn halves_and_datagrams_carry_files_too() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, right) = UnixStream::pair().unwrap();
            let (mut reader, writer) = pipe();
            let (mut owned_reader, mut owned_writer) = right.into_split();
            let mut buf = [0; 8];
            left.split().1.send_with_fds(b"1", &[writer.as_fd()]).await.unwrap();
            let first = soon("the first", owned_reader.recv_with_fds(&mut buf, 1)).await.unwrap();
            owned_writer.send_with_fds(b"2", &[first.fds[0].as_fd()]).await.unwrap();
            let second = soon("the second", left.split().0.recv_with_fds(&mut buf, 1)).await.unwrap();

            let (left, right) = UnixDatagram::pair().unwrap();
            left.send_with_fds(b"", &[second.fds[0].as_fd()]).await.unwrap();
            let third = soon("the third", right.recv_with_fds(&mut buf, 1)).await.unwrap();
            assert_eq!((third.len, third.fds.len()), (0, 1));
            left.send_with_fds(b"long enough", &[]).await.unwrap();
            let fourth = soon("the fourth", right.recv_with_fds(&mut buf[..4], 1)).await.unwrap();
            assert!(fourth.bytes_truncated && fourth.fds.is_empty() && !fourth.fds_truncated);
            drop((writer, first, second, third));
            assert!(is_closed_everywhere(&mut reader));
        });
    });
}

/// One more than was asked for fits into the kernel's rounding; many more do not. Neither may leak.
#[test]
fn descriptors_not_asked_for_are_closed_and_reported() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            for (sent_count, wanted_count) in
                [(2, 1), (1, 0), (3, 2), (10, 1), (253, 7), (253, 253), (253, 1000)]
            {
                let (mut left, mut right) = UnixStream::pair().unwrap();
                let (mut reader, writer) = pipe();
                let fds: Vec<BorrowedFd<'_>> = (0..sent_count).map(|_| writer.as_fd()).collect();
                left.send_with_fds(b"x", &fds).await.unwrap();
                drop(writer);
                let received = soon("x", right.recv_with_fds(&mut [0; 8], wanted_count)).await.unwrap();
                assert_eq!(received.fds.len(), sent_count.min(wanted_count));
                assert_eq!(received.fds_truncated, sent_count > wanted_count, "{sent_count} {wanted_count}");
                drop(received);
                assert!(is_closed_everywhere(&mut reader), "{sent_count} sent, {wanted_count} wanted");
            }
        });
    });
}

/// Bytes that are read by another call, or never: their descriptors are closed by the kernel.
#[test]
fn files_that_nobody_takes_are_closed() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let (mut reader, writer) = pipe();
            left.send_with_fds(b"plain", &[writer.as_fd()]).await.unwrap();
            left.send_with_fds(b"unread", &[writer.as_fd()]).await.unwrap();
            drop(writer);
            assert_eq!(soon("plain", right.read(&mut [0; 5])).await.unwrap(), 5);
            drop(right);
            drop(left);
            // The unread one goes with its socket, which may take the kernel a moment: the read waits for it.
            assert!(is_closed_everywhere(&mut reader));
        });
    });
}

#[test]
fn impossible_messages_are_refused() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let (_reader, writer) = pipe();
            let error = left.send_with_fds(b"", &[writer.as_fd()]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(left.send_with_fds(b"", &[]).await.unwrap(), 0);
            let error = right.recv_with_fds(&mut [], 1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let many: Vec<BorrowedFd<'_>> = (0..254).map(|_| writer.as_fd()).collect();
            let error = left.send_with_fds(b"x", &many).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            drop(left);
            let end = soon("the end", right.recv_with_fds(&mut [0; 8], 1)).await.unwrap();
            assert_eq!((end.len, end.fds.len()), (0, 0));
            let error = right.send_with_fds(b"x", &[writer.as_fd()]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn a_receive_that_is_given_up_takes_no_file() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let (mut reader, writer) = pipe();
            for _ in 0..50 {
                assert!(super::is_pending_once(right.recv_with_fds(&mut [0; 8], 1)).await);
                left.send_with_fds(b"x", &[writer.as_fd()]).await.unwrap();
                let received = soon("x", right.recv_with_fds(&mut [0; 8], 1)).await.unwrap();
                let [fd]: [OwnedFd; 1] = received.fds.try_into().unwrap();
                drop(fd);
            }
            drop(writer);
            assert!(is_closed_everywhere(&mut reader));
        });
    });
}

/// Turns an option of the socket's on that adds a control message to each receive.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "options that no crate here has a name for")]
fn turn_on(socket: &impl std::os::fd::AsRawFd, option: i32) {
    let one: libc::c_int = 1;
    let one_bytes = size_of::<libc::c_int>() as libc::socklen_t;
    let fd = socket.as_raw_fd();
    // SAFETY: the pointer is to a live value of this length.
    let result =
        unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, option, (&raw const one).cast(), one_bytes) };
    assert_eq!(result, 0, "option {option}: {}", std::io::Error::last_os_error());
}

/// The kernel writes credentials, labels and timestamps before the descriptors, into the same room.
#[cfg(target_os = "linux")]
#[test]
fn other_control_messages_cost_no_descriptor() {
    const MOST: usize = 253;
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let (first, second) = UnixDatagram::pair().unwrap();
            for option in [libc::SO_PASSCRED, libc::SO_PASSSEC] {
                turn_on(&right, option);
                turn_on(&second, option);
            }
            turn_on(&second, libc::SO_TIMESTAMPNS);
            let (_reader, writer) = pipe();
            let mut buf = [0; 8];
            for count in [0, 1, 2, 7, MOST] {
                let fds = vec![writer.as_fd(); count];
                left.send_with_fds(b"x", &fds).await.unwrap();
                let received = soon("over the stream", right.recv_with_fds(&mut buf, count)).await.unwrap();
                assert_eq!((received.fds.len(), received.fds_truncated), (count, false), "stream");
                first.send_with_fds(b"x", &fds).await.unwrap();
                let received = soon("as a datagram", second.recv_with_fds(&mut buf, count)).await.unwrap();
                assert_eq!((received.fds.len(), received.fds_truncated), (count, false), "datagram");
            }
            // Fewer than came: said, and the rest is closed.
            first.send_with_fds(b"x", &[writer.as_fd(); 3]).await.unwrap();
            let received = soon("a part", second.recv_with_fds(&mut buf, 2)).await.unwrap();
            assert_eq!((received.fds.len(), received.fds_truncated), (2, true));
        });
    });
}
