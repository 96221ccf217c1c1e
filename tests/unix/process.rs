//! What needs a process of its own: descriptors that are counted or limited.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use heist::net::{UnixDatagram, UnixListener, UnixStream};
use heist::time::{sleep, timeout};

use super::{free_path, is_pending_once, pattern, pipe, soon};
use crate::support::process::{cpu_time, fds_fall_to, in_a_child, open_fds_count};

#[test]
fn nothing_that_is_dropped_leaks_a_descriptor() {
    in_a_child("process::nothing_that_is_dropped_leaks_a_descriptor", |rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let listener = UnixListener::bind(&path).unwrap();
            sleep(Duration::from_millis(1)).await;
            let mut file = heist::fs::File::from_std(tempfile::tempfile().unwrap());
            file.write_all(&pattern(1 << 20, 1)).await.unwrap();
            let before = open_fds_count();
            for round in 0..250 {
                match round % 5 {
                    0 => {
                        let (left, mut right) = UnixStream::pair().unwrap();
                        assert!(is_pending_once(right.read(&mut [0; 8])).await);
                        drop(left);
                    }
                    1 => assert!(timeout(Duration::from_micros(200), listener.accept()).await.is_err()),
                    2 => {
                        let connect = UnixStream::connect(&path);
                        let (client, accepted) = futures::join!(connect, listener.accept());
                        drop((client.unwrap(), accepted.unwrap()));
                    }
                    // Given up in the middle, with a pipe that has bytes.
                    3 => {
                        let (mut left, _right) = UnixStream::pair().unwrap();
                        let sending = left.send_file(&file, 0, u64::MAX);
                        assert!(timeout(Duration::from_micros(500), sending).await.is_err());
                    }
                    _ => {
                        let (left, right) = UnixDatagram::pair().unwrap();
                        left.send_with_fds(b"x", &[listener.as_fd(), listener.as_fd()]).await.unwrap();
                        // Received and dropped, received in part, or not at all.
                        match round % 3 {
                            0 => drop(right.recv_with_fds(&mut [0; 8], 2).await.unwrap()),
                            1 => drop(right.recv_with_fds(&mut [0; 8], 1).await.unwrap()),
                            _ => {}
                        }
                    }
                }
            }
            fds_fall_to(before).await;
        });
    });
}

/// A connect that rests because the queue is full, and is given up.
#[test]
fn a_connect_that_is_given_up_leaks_no_descriptor() {
    in_a_child("process::a_connect_that_is_given_up_leaks_no_descriptor", |rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
            socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
            socket.listen(0).unwrap();
            let mut queued = Vec::new();
            while let Ok(client) = timeout(Duration::from_millis(20), UnixStream::connect(&path)).await {
                queued.push(client.unwrap());
            }
            let before = open_fds_count();
            for _ in 0..100 {
                assert!(is_pending_once(UnixStream::connect(&path)).await);
                assert!(timeout(Duration::from_millis(1), UnixStream::connect(&path)).await.is_err());
            }
            fds_fall_to(before).await;
        });
    });
}

/// Takes descriptors until the process has no more.
fn take_all_descriptors() -> Vec<std::fs::File> {
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    taken
}

#[test]
fn accepting_without_descriptors_neither_spins_nor_ends() {
    in_a_child("process::accepting_without_descriptors_neither_spins_nor_ends", |rt| {
        rt.block_on(async {
            let limit = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
            rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
            let (_directory, path) = free_path();
            let listener = UnixListener::bind(&path).unwrap();
            let mut client = UnixStream::connect(&path).await.unwrap();
            let taken = take_all_descriptors();
            let (start, cpu) = (Instant::now(), cpu_time());
            for round in 0..10 {
                let accepted = if round % 2 == 0 {
                    soon("an error", listener.accept()).await
                } else {
                    soon("an error", std::future::poll_fn(|cx| listener.poll_accept(cx))).await
                };
                assert_eq!(accepted.unwrap_err().raw_os_error(), Some(libc::EMFILE));
            }
            let (elapsed, used) = (start.elapsed(), cpu_time() - cpu);
            assert!(elapsed >= Duration::from_millis(900), "ten rests that grow took {elapsed:?}");
            assert!(used < elapsed / 4, "{used:?} of CPU in {elapsed:?}");
            drop(taken);
            let (mut server, _) = soon("the queued one", listener.accept()).await.unwrap();
            client.write_all(b"x").await.unwrap();
            assert_eq!(soon("x", server.read(&mut [0; 8])).await.unwrap(), 1);
        });
    });
}

/// `MSG_CTRUNC` by the limit of the process, in the middle of a message: what came is owned, the rest is closed.
#[test]
fn files_received_without_descriptors_are_reported_and_not_leaked() {
    in_a_child("process::files_received_without_descriptors_are_reported_and_not_leaked", |rt| {
        rt.block_on(async {
            let limit = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
            rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
            let (mut left, mut right) = UnixStream::pair().unwrap();
            let (mut reader, writer) = pipe();
            left.send_with_fds(b"x", &[writer.as_fd(); 10]).await.unwrap();
            let mut taken = take_all_descriptors();
            taken.truncate(taken.len() - 4);
            let before = open_fds_count();
            let received = soon("x", right.recv_with_fds(&mut [0; 8], 10)).await.unwrap();
            assert_eq!((received.len, received.fds.len(), received.fds_truncated), (1, 4, true));
            drop(received);
            assert_eq!(open_fds_count(), before);
            drop(writer);
            let mut text = String::new();
            std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
            assert!(text.is_empty(), "the pipe is closed everywhere");
        });
    });
}

/// A sender that rests because another's queue is full costs next to nothing.
#[test]
fn a_full_queue_of_another_socket_is_not_spun_on() {
    in_a_child("process::a_full_queue_of_another_socket_is_not_spun_on", |rt| {
        rt.block_on(async {
            let (_directory, path) = free_path();
            let _receiver = UnixDatagram::bind(&path).unwrap();
            let sender = UnixDatagram::unbound().unwrap();
            while sender.try_send_to(b"full", &path).is_ok() {}
            let (start, cpu) = (Instant::now(), cpu_time());
            assert!(timeout(Duration::from_millis(300), sender.send_to(b"x", &path)).await.is_err());
            let (elapsed, used) = (start.elapsed(), cpu_time() - cpu);
            assert!(used < elapsed / 4, "{used:?} of CPU in {elapsed:?}");
        });
    });
}
