//! Sockets with an entry in the queue of errors that stays there.
#![expect(unsafe_code, reason = "options of sockets that nobody wraps")]

use std::any::Any;
use std::io::Write;
use std::net::{Shutdown, UdpSocket};
use std::os::fd::AsRawFd;

use socket2::Socket;

use super::states::{Case, PEEK, READ, WRITE, both, case, drain, empty, fill, full, shut, tcp};

fn set(socket: &Socket, level: i32, name: i32, value: i32) {
    // SAFETY: an option that is one number.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), 4) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

/// The time at which bytes were sent is added to the queue of errors.
fn stamp(socket: &Socket) {
    let flags = libc::SOF_TIMESTAMPING_TX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE;
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPING, flags as i32);
}

fn stamped() -> (Socket, Socket) {
    let (ours, theirs) = tcp();
    stamp(&ours);
    (&ours).write_all(b"x").expect("write");
    (ours, theirs)
}

/// A datagram that no socket was there to receive.
fn refused() -> Case {
    let [ours, theirs] = [(); 2].map(|()| Socket::from(UdpSocket::bind("127.0.0.1:0").expect("bind")));
    set(&ours, libc::IPPROTO_IP, libc::IP_RECVERR, 1);
    let nobody = UdpSocket::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
    ours.send_to(b"x", &nobody.into()).expect("send");
    ours.take_error().expect("option");
    let address = ours.local_addr().expect("address");
    case("UDP with an unread error", ours, &[PEEK, READ], move || {
        for _ in 0..2 {
            theirs.send_to(b"xx", &address).expect("send");
        }
        Box::new(theirs) as Box<dyn Any>
    })
}

/// Nothing will come, the kernel reports that it is readable, and a receive would block.
fn deaf() -> Case {
    let [ours, theirs] = [(); 2].map(|()| Socket::from(UdpSocket::bind("127.0.0.1:0").expect("bind")));
    ours.connect(&theirs.local_addr().expect("address")).expect("connect");
    shut(&ours, Shutdown::Read);
    let (address, sender) = (ours.local_addr().expect("address"), theirs);
    case("UDP whose own reading half is closed", ours, &[PEEK, READ], move || {
        for _ in 0..2 {
            sender.send_to(b"xx", &address).expect("send");
        }
        Box::new(sender) as Box<dyn Any>
    })
}

pub(super) fn states() -> Vec<Case> {
    let (ours, theirs) = stamped();
    fill(&ours);
    shut(&theirs, Shutdown::Write);
    vec![
        refused(),
        deaf(),
        empty("TCP with unread time stamps", stamped(), |_, _| {}),
        full("TCP with unread time stamps, full", stamped(), |_, _| {}),
        both("TCP with unread time stamps, full and empty", stamped(), |_, _| {}),
        case("TCP with all of it, full", ours, &[WRITE], move || drain(theirs)),
    ]
}
