//! Unix sockets with names, on both kernels.

use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::raw::{self, named};
use crate::system::{Epoll, on_both_kernels, readiness};
use crate::wait_for;

/// A path that no other test has.
fn path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("heist-sim-{}-{number}", std::process::id()))
}

fn code<T: std::fmt::Debug>(result: std::io::Result<T>) -> String {
    named(result.map_err(|error| error.raw_os_error().unwrap()))
}

#[test]
fn a_stream_by_path_has_names_and_two_halves() {
    on_both_kernels(|| {
        let path = path();
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
        let mut log = vec![readiness(&listener)];
        let mut client = UnixStream::connect(&path).unwrap();
        assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*path));
        log.push(format!("{} {}", client.local_addr().unwrap().is_unnamed(), readiness(&listener)));
        client.write_all(b"before it is accepted").unwrap();
        let (mut accepted, peer) = listener.accept().unwrap();
        log.push(format!("{} {}", peer.is_unnamed(), readiness(&accepted)));
        client.shutdown(std::net::Shutdown::Write).unwrap();
        log.push(format!("{} | {}", readiness(&client), readiness(&accepted)));
        log.push(named(raw::send(&client, b"x", 0)));
        let mut heard = String::new();
        accepted.read_to_string(&mut heard).unwrap();
        log.push(heard);
        accepted.write_all(b"answer").unwrap();
        drop(accepted);
        log.push(readiness(&client));
        let mut heard = String::new();
        client.read_to_string(&mut heard).unwrap();
        log.push(heard);
        std::fs::remove_file(&path).unwrap();
        log
    });
}

#[test]
fn a_path_without_a_listener_says_why() {
    on_both_kernels(|| {
        let path = path();
        let mut log = vec![code(UnixStream::connect(&path).map(|_| ()))];
        let listener = UnixListener::bind(&path).unwrap();
        log.push(code(UnixListener::bind(&path).map(|_| ())));
        let datagrams = UnixDatagram::unbound().unwrap();
        log.push(code(datagrams.connect(&path)));
        let waiting = UnixStream::connect(&path).unwrap();
        drop(listener);
        log.push(readiness(&waiting));
        log.push(named(raw::recv(&waiting, 5, 0)));
        log.push(named(raw::send(&waiting, b"x", 0)));
        log.push(code(UnixStream::connect(&path).map(|_| ())));
        log.push(code(UnixListener::bind(&path).map(|_| ())));
        std::fs::remove_file(&path).unwrap();
        log.push(code(UnixStream::connect(&path).map(|_| ())));
        log.push(code(std::fs::remove_file(&path)));
        let again = UnixListener::bind(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        log.push(code(UnixStream::connect(&path).map(|_| ())));
        drop(again);
        let idle = raw::socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap();
        log.push(readiness(&idle));
        log.push(named(raw::send(&idle, b"x", 0)));
        log.push(named(raw::recv(&idle, 1, 0)));
        log.push(named(raw::listen(&idle, 1)));
        log.push(named(raw::accept4(&idle, 1)));
        log.push(named(raw::shutdown(&idle, libc::SHUT_WR)));
        log
    });
}

#[test]
fn an_abstract_name_is_no_path() {
    on_both_kernels(|| {
        let name = path().into_os_string().into_encoded_bytes();
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let mut log = vec![code(UnixStream::connect_addr(&address).map(|_| ()))];
        let listener = UnixListener::bind_addr(&address).unwrap();
        let mut client = UnixStream::connect_addr(&address).unwrap();
        assert_eq!(client.peer_addr().unwrap().as_abstract_name(), Some(&*name));
        client.write_all(b"hello").unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        let mut buffer = [0; 5];
        accepted.read_exact(&mut buffer).unwrap();
        log.push(String::from_utf8_lossy(&buffer).into_owned());
        drop((listener, client));
        log.push(code(UnixListener::bind_addr(&address).map(|_| ())));
        log
    });
}

#[test]
fn a_close_with_unread_bytes_is_a_reset_of_the_other_end() {
    on_both_kernels(|| {
        let path = path();
        let listener = UnixListener::bind(&path).unwrap();
        let mut client = UnixStream::connect(&path).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        client.write_all(b"unread").unwrap();
        drop(accepted);
        std::fs::remove_file(&path).unwrap();
        let mut log = vec![readiness(&client)];
        log.push(named(raw::recv(&client, 5, 0)));
        log.push(named(raw::recv(&client, 5, 0)));
        log.push(named(raw::send(&client, b"x", 0)));
        log
    });
}

#[test]
fn a_writer_waits_for_the_reader_and_a_client_for_a_place_in_the_queue() {
    on_both_kernels(|| {
        let path = path();
        let listener = raw::socket(libc::AF_UNIX, libc::SOCK_STREAM).unwrap();
        raw::bind_unix(&listener, &path).unwrap();
        raw::listen(&listener, 0).unwrap();
        let first = UnixStream::connect(&path).unwrap();
        let second = thread::spawn({
            let path = path.clone();
            move || UnixStream::connect(path).unwrap()
        });
        let accepted = raw::accept4(&listener, 0).unwrap();
        let mut second = second.join().unwrap();
        let other = raw::accept4(&listener, 0).unwrap();
        std::fs::remove_file(&path).unwrap();
        drop((first, accepted));
        let writer = thread::spawn(move || second.write(&vec![3; 3_000_000]).unwrap());
        let mut stream = UnixStream::from(other);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        (bytes.len(), writer.join().unwrap())
    });
}

#[test]
fn a_writer_hears_of_room_when_there_is_much_and_not_before() {
    on_both_kernels(|| {
        let path = path();
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        std::fs::remove_file(&path).unwrap();
        client.set_nonblocking(true).unwrap();
        let epoll = Epoll::new();
        let mut sent = 0;
        while let Ok(count) = raw::send(&client, &[1; 10_000], 0) {
            sent += count;
        }
        epoll.add(&client, libc::EPOLLOUT | libc::EPOLLET, 1).unwrap();
        let mut log = vec![format!("{:?}", epoll.wait(1, 0))];
        // The first read frees too little, and must not use the edge up.
        accepted.read_exact(&mut [0; 10_000]).unwrap();
        log.push(format!("{:?}", epoll.wait(1, 0)));
        accepted.read_exact(&mut vec![0; sent - 10_000]).unwrap();
        log.push(format!("{:?} {:?}", epoll.wait(1, 0), epoll.wait(1, 0)));
        log
    });
}

#[test]
fn datagrams_by_path_come_whole_with_their_sender() {
    on_both_kernels(|| {
        let (here, there) = (path(), path());
        let (one, other) = (UnixDatagram::bind(&here).unwrap(), UnixDatagram::bind(&there).unwrap());
        one.send_to(b"hello", &there).unwrap();
        let mut buffer = [0; 3];
        let mut log = vec![readiness(&other)];
        let (count, sender) = other.recv_from(&mut buffer).unwrap();
        assert_eq!(sender.as_pathname(), Some(&*here));
        log.push(format!("{count} {buffer:?} {}", readiness(&other)));
        one.connect(&there).unwrap();
        one.send(b"").unwrap();
        log.push(format!("{:?}", other.recv(&mut buffer)));
        one.set_nonblocking(true).unwrap();
        let mut sent = 0;
        let error = loop {
            match raw::send(&one, b"full", 0) {
                Ok(_) => sent += 1,
                Err(error) => break error,
            }
        };
        log.push(format!("{sent} {}", named::<()>(Err(error))));
        log.push(readiness(&one));
        other.recv(&mut buffer).unwrap();
        wait_for(&one, libc::POLLOUT);
        drop(other);
        log.push(named(raw::send(&one, b"x", 0)));
        for path in [here, there] {
            std::fs::remove_file(&path).unwrap();
        }
        log
    });
}
