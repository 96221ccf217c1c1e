//! Sockets in every state, and the calls that wait for them.

use std::any::Any;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use crate::driver::tests::stream_pair;
use crate::driver::{Direction, Registration};
use crate::system::socket::connect_outcome;

#[cfg(target_os = "linux")]
use super::errors;

pub(super) type Call = fn(&Socket) -> io::Result<()>;

/// A socket in some state, and the calls that wait for it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) registration: Registration,
    pub(super) waits: Vec<(Direction, Call)>,
    pub(super) resolve: Resolve,
}

/// Makes every call succeed or fail. The objects that make up the state are kept until then, and
/// those that result from it until the end.
pub(super) type Resolve = Box<dyn FnOnce() -> Box<dyn Any>>;

pub(super) fn case(
    name: &'static str,
    socket: impl Into<Socket>,
    waits: &[(Direction, Call)],
    resolve: impl FnOnce() -> Box<dyn Any> + 'static,
) -> Case {
    let registration = Registration::new(socket.into()).expect("register");
    Case { name, registration, waits: waits.to_vec(), resolve: Box::new(resolve) }
}

pub(super) fn read(mut socket: &Socket) -> io::Result<()> {
    socket.read(&mut [0; 64]).map(drop)
}

pub(super) fn peek(socket: &Socket) -> io::Result<()> {
    socket.peek(&mut [std::mem::MaybeUninit::uninit(); 64]).map(drop)
}

pub(super) fn write(mut socket: &Socket) -> io::Result<()> {
    socket.write(&[7; 64]).map(drop)
}

pub(super) fn accept(socket: &Socket) -> io::Result<()> {
    socket.accept().map(drop)
}

pub(super) fn connect(socket: &Socket) -> io::Result<()> {
    connect_outcome(socket)
}

pub(super) const READ: (Direction, Call) = (Direction::Read, read);
pub(super) const PEEK: (Direction, Call) = (Direction::Read, peek);
pub(super) const WRITE: (Direction, Call) = (Direction::Write, write);
pub(super) const ACCEPT: (Direction, Call) = (Direction::Read, accept);
pub(super) const CONNECT: (Direction, Call) = (Direction::Write, connect);

/// Sends until there is no room. Returns how many bytes there was room for.
pub(super) fn fill(mut socket: &Socket) -> usize {
    socket.set_nonblocking(true).expect("non-blocking");
    let mut total = 0;
    for bytes in [&[7; 1 << 16][..], &[7]] {
        while let Ok(count) = socket.write(bytes) {
            total += count;
        }
    }
    total
}

/// A TCP socket has room again when the peer's kernel has moved and confirmed the bytes that came.
/// Waits until that is over.
pub(super) fn refill(waits: &[Waits]) {
    let is_full = |(_, _, calls): &&Waits| {
        calls.iter().any(|&(direction, call)| {
            direction == Direction::Write && std::ptr::fn_addr_eq(call, write as Call)
        })
    };
    let mut still_count = 0;
    while still_count < 6 {
        let total: usize =
            waits.iter().filter(is_full).map(|(_, registration, _)| fill(registration.socket())).sum();
        still_count = if total == 0 { still_count + 1 } else { 0 };
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Takes everything that is there and closes.
pub(super) fn drain(mut peer: Socket) -> Box<dyn Any> {
    peer.set_nonblocking(false).expect("blocking");
    peer.set_read_timeout(Some(Duration::from_millis(50))).expect("time-out");
    let mut buffer = vec![0; 1 << 16];
    while peer.read(&mut buffer).is_ok_and(|count| count > 0) {}
    Box::new(peer)
}

pub(super) fn tcp() -> (Socket, Socket) {
    let (ours, theirs) = stream_pair();
    for end in [&ours, &theirs] {
        SockRef::from(end).set_send_buffer_size(1 << 16).expect("size");
    }
    (ours.into(), theirs.into())
}

/// Beside what `state` does to the two ends, the test's end is full.
pub(super) fn full(name: &'static str, pair: (Socket, Socket), state: impl FnOnce(&Socket, &Socket)) -> Case {
    let (ours, theirs) = pair;
    fill(&ours);
    state(&ours, &theirs);
    case(name, ours, &[WRITE, WRITE], move || drain(theirs))
}

/// Beside what `state` does, the test's end is empty, and a byte resolves the wait.
pub(super) fn empty(
    name: &'static str,
    pair: (Socket, Socket),
    state: impl FnOnce(&Socket, &Socket),
) -> Case {
    let (ours, mut theirs) = pair;
    state(&ours, &theirs);
    case(name, ours, &[PEEK, READ], move || {
        theirs.write_all(b"xx").expect("write");
        Box::new(theirs)
    })
}

/// Both directions wait at once; the end of the peer ends both.
pub(super) fn both(name: &'static str, pair: (Socket, Socket), state: impl FnOnce(&Socket, &Socket)) -> Case {
    let (ours, mut theirs) = pair;
    fill(&ours);
    state(&ours, &theirs);
    case(name, ours, &[PEEK, READ, WRITE], move || {
        theirs.write_all(b"xx").expect("write");
        drain(theirs)
    })
}

pub(super) fn shut(socket: &Socket, how: Shutdown) {
    socket.shutdown(how).expect("shutdown");
}

pub(super) fn streams(kind: &'static str, pair: fn() -> (Socket, Socket)) -> Vec<Case> {
    vec![
        empty(kind, pair(), |_, _| {}),
        empty("a stream whose own half is closed, empty", pair(), |ours, _| shut(ours, Shutdown::Write)),
        full("a stream that is full", pair(), |_, _| {}),
        full("a stream half-closed by the peer, full", pair(), |_, theirs| shut(theirs, Shutdown::Write)),
        both("a stream that is full and empty", pair(), |_, _| {}),
    ]
}

pub(super) fn tcp_states() -> Vec<Case> {
    let urgent = |_: &Socket, theirs: &Socket| assert_eq!(theirs.send_out_of_band(b"!").expect("urgent"), 1);
    let half_closed = |ours: &Socket, theirs: &Socket| {
        urgent(ours, theirs);
        shut(theirs, Shutdown::Write);
    };
    let mut cases = vec![
        empty("TCP with an urgent byte", tcp(), urgent),
        full("TCP with an urgent byte, full", tcp(), urgent),
        full("TCP with an urgent byte, half-closed by the peer, full", tcp(), half_closed),
    ];
    let (ours, theirs) = tcp();
    fill(&ours);
    shut(&ours, Shutdown::Write);
    cases.push(case(
        "TCP shut down by us, with bytes on the way",
        ours.try_clone().expect("clone"),
        &[READ],
        move || {
            drop(drain(theirs));
            Box::new(ours)
        },
    ));
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    cases.push(case("a listener", listener, &[ACCEPT, ACCEPT], move || {
        Box::new([(); 2].map(|()| TcpStream::connect(address).expect("connect")))
    }));
    cases.push(connecting());
    cases
}

/// The peer's queue is full, so that the handshake is not answered.
pub(super) fn connecting() -> Case {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("address").into()).expect("bind");
    listener.listen(0).expect("listen");
    let address: SockAddr = listener.local_addr().expect("address");
    let mut queued = Vec::new();
    loop {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
        socket.set_nonblocking(true).expect("non-blocking");
        drop(socket.connect(&address));
        std::thread::sleep(Duration::from_millis(20));
        if connect_outcome(&socket).is_err() {
            let resolve = move || -> Box<dyn Any> {
                // The client asks again within a second or two, and there is room then.
                let accepted: Vec<_> =
                    queued.iter().map(|_: &Socket| listener.accept().expect("accept")).collect();
                Box::new((queued, listener, accepted))
            };
            return case("a connect without an answer", socket, &[CONNECT, CONNECT], resolve);
        }
        queued.push(socket);
    }
}

pub(super) fn udp_states() -> Vec<Case> {
    let pair = || {
        let [ours, theirs] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("bind"));
        ours.connect(theirs.local_addr().expect("address")).expect("connect");
        theirs.connect(ours.local_addr().expect("address")).expect("connect");
        (Socket::from(ours), Socket::from(theirs))
    };
    let twice = |name, (ours, mut theirs): (Socket, Socket)| {
        case(name, ours, &[PEEK, READ], move || {
            for _ in 0..2 {
                theirs.write_all(b"xx").expect("send");
            }
            Box::new(theirs)
        })
    };
    vec![twice("UDP, empty", pair())]
}

#[cfg(unix)]
pub(super) fn unix_states() -> Vec<Case> {
    let stream = || Socket::pair(Domain::UNIX, Type::STREAM, None).expect("pair");
    let datagram = || Socket::pair(Domain::UNIX, Type::DGRAM, None).expect("pair");
    let mut cases = streams("a Unix stream, empty", stream);
    cases.push(full("a Unix datagram socket, full", datagram(), |_, _| {}));
    cases.push(both("a Unix datagram socket, full and empty", datagram(), |_, _| {}));
    #[cfg(target_os = "linux")]
    {
        let packets = || Socket::pair(Domain::UNIX, Type::SEQPACKET, None).expect("pair");
        cases.extend(streams("a Unix packet socket, empty", packets));
    }
    let (reader, writer) = rustix::pipe::pipe().expect("pipe");
    let mut writer = std::fs::File::from(writer);
    cases.push(case("a pipe, empty", Socket::from(reader), &[PIPE_READ], move || {
        writer.write_all(b"xx").expect("write");
        Box::new(writer)
    }));
    cases
}

#[cfg(unix)]
pub(super) const PIPE_READ: (Direction, Call) = (Direction::Read, |pipe| {
    use std::os::fd::AsFd;
    let file = std::fs::File::from(pipe.as_fd().try_clone_to_owned()?);
    (&file).read(&mut [0; 1]).map(drop)
});

pub(super) fn every_state() -> Vec<Case> {
    let mut cases = streams("TCP, empty", tcp);
    cases.extend(tcp_states());
    cases.extend(udp_states());
    #[cfg(unix)]
    cases.extend(unix_states());
    #[cfg(target_os = "linux")]
    cases.extend(errors::states());
    cases
}

/// A socket without the objects that resolve its state, and the calls that wait for it.
pub(super) type Waits = (&'static str, Registration, Vec<(Direction, Call)>);
