//! Datagrams of UDP on both kernels.

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::raw::{self, named};
use crate::system::{on_both_kernels, readiness};
use crate::wait_for;

const MILLISECOND: Duration = Duration::from_millis(1);

fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[test]
fn datagrams_come_whole_with_their_sender() {
    on_both_kernels(|| {
        let ((one, from), (other, to)) = (socket(), socket());
        let mut log = vec![readiness(&one)];
        for length in [5, 0, 60_000] {
            one.send_to(&vec![9; length], to).unwrap();
            wait_for(&other, libc::POLLIN);
            log.push(readiness(&other));
            log.push(format!("{:?}", raw::readable_count(&other)));
            let mut buffer = vec![0; 65_000];
            let (count, sender) = other.recv_from(&mut buffer).unwrap();
            assert_eq!(sender, from);
            assert!(buffer[..count].iter().all(|byte| *byte == 9));
            log.push(format!("{count}"));
        }
        log.push(named(raw::send(&one, b"to whom", 0)));
        log.push(format!("{:?}", one.send_to(&[0; 65_508], to).map_err(|error| error.raw_os_error())));
        log.push(readiness(&other));
        log
    });
}

#[test]
fn what_does_not_fit_is_lost_and_the_length_is_told_on_request() {
    on_both_kernels(|| {
        let ((one, _), (other, to)) = (socket(), socket());
        let mut log = Vec::new();
        for flags in [libc::MSG_PEEK, 0, libc::MSG_TRUNC] {
            one.send_to(b"123456789", to).unwrap();
            wait_for(&other, libc::POLLIN);
            let mut buffer = [0; 4];
            let received = raw::recv_into(&other, &mut buffer, flags);
            log.push(format!("{received:?} {buffer:?}"));
        }
        // The first was only peeked at.
        wait_for(&other, libc::POLLIN);
        log.push(format!("{:?}", raw::recvmsg(&other, [2, 3])));
        other.set_nonblocking(true).unwrap();
        log.push(named(raw::recv(&other, 5, 0)));
        log
    });
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    on_both_kernels(|| {
        let ((one, from), (other, to), (stranger, _)) = (socket(), socket(), socket());
        one.connect(to).unwrap();
        assert_eq!(one.peer_addr().unwrap(), to);
        stranger.send_to(b"hello?", from).unwrap();
        other.send_to(b"hello", from).unwrap();
        one.send(b"answer").unwrap();
        let mut buffer = [0; 99];
        let count = one.recv(&mut buffer).unwrap();
        let mut log = vec![String::from_utf8_lossy(&buffer[..count]).into_owned()];
        let (count, _) = other.recv_from(&mut buffer).unwrap();
        log.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
        thread::sleep(5 * MILLISECOND);
        log.push(readiness(&one));
        log.push(named(raw::sendmsg(&one, [b"ab", b"cde"])));
        wait_for(&other, libc::POLLIN);
        log.push(format!("{:?}", raw::recvmsg(&other, [3, 9])));
        log
    });
}

#[test]
fn a_connected_socket_is_told_that_nobody_is_there() {
    on_both_kernels(|| {
        let ((one, _), (other, to)) = (socket(), socket());
        drop(other);
        let mut log = vec![named(raw::sendto(&one, b"x", to))];
        thread::sleep(5 * MILLISECOND);
        log.push(readiness(&one));
        one.connect(to).unwrap();
        log.push(named(raw::send(&one, b"x", 0)));
        wait_for(&one, libc::POLLERR);
        log.push(readiness(&one));
        log.push(named(raw::recv(&one, 5, 0)));
        log.push(readiness(&one));
        log.push(named(raw::send(&one, b"x", 0)));
        wait_for(&one, libc::POLLERR);
        log.push(named(raw::send(&one, b"x", 0)));
        log.push(raw::error(&one));
        log
    });
}

#[test]
fn a_port_is_for_one_socket_unless_both_share_it() {
    on_both_kernels(|| {
        let (_one, address) = socket();
        let udp = || raw::socket(libc::AF_INET, libc::SOCK_DGRAM).unwrap();
        let mut log = vec![named(raw::bind(&udp(), address))];
        let (first, second) = (udp(), udp());
        for socket in [&first, &second] {
            raw::set(socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1).unwrap();
        }
        log.push(named(raw::bind(&first, "127.0.0.1:0".parse().unwrap())));
        log.push(named(raw::bind(&second, raw::names(&first).0.unwrap())));
        log.push(named(raw::listen(&first, 5)));
        log.push(named(raw::accept4(&first, 0)));
        log.push(named(raw::shutdown(&first, libc::SHUT_RD)));
        log.push(named(raw::get(&first, libc::SOL_SOCKET, libc::SO_TYPE)));
        log.push(named(raw::get(&first, libc::IPPROTO_TCP, libc::TCP_NODELAY)));
        log.push(named(raw::set(&first, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1)));
        log
    });
}

#[test]
fn datagrams_that_a_full_socket_cannot_take_are_lost() {
    on_both_kernels(|| {
        let ((one, _), (other, to)) = (socket(), socket());
        for _ in 0..100 {
            one.send_to(&[1; 60_000], to).unwrap();
        }
        thread::sleep(5 * MILLISECOND);
        other.set_nonblocking(true).unwrap();
        let mut count = 0;
        while raw::recv(&other, 65_000, 0).is_ok() {
            count += 1;
        }
        (1..20).contains(&count)
    });
}
