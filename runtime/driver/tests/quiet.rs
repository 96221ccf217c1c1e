//! [no-spin]: every kind of wait in every state of a socket makes few calls while nothing happens, and ends when something
//! does.
#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "options of sockets that nobody wraps"))]

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use crate::driver::socket::connect_outcome;
use crate::driver::{Direction, Driver, Registration};

use super::{LIMIT, bound, counting_waker, on_every_backend, stream_pair};

/// What is watched, and how often anything may happen in it: a wait, and each turn of the driver.
const QUIET: Duration = Duration::from_secs(1);
const CALLS_COUNT_MAX: usize = 20;

type Call = fn(&Socket) -> io::Result<()>;

/// A socket in some state, and who waits for it.
struct Case {
    name: &'static str,
    registration: Registration,
    waits: Vec<(Direction, Call)>,
    resolve: Resolve,
}

/// Makes every call succeed or fail. What the state is made of is kept until then, and what comes of it until the end.
type Resolve = Box<dyn FnOnce() -> Box<dyn Any>>;

fn case(
    name: &'static str,
    socket: impl Into<Socket>,
    waits: &[(Direction, Call)],
    resolve: impl FnOnce() -> Box<dyn Any> + 'static,
) -> Case {
    let registration = Registration::new(socket.into()).expect("register");
    Case { name, registration, waits: waits.to_vec(), resolve: Box::new(resolve) }
}

fn read(mut socket: &Socket) -> io::Result<()> {
    socket.read(&mut [0; 64]).map(drop)
}

fn peek(socket: &Socket) -> io::Result<()> {
    socket.peek(&mut [std::mem::MaybeUninit::uninit(); 64]).map(drop)
}

fn write(mut socket: &Socket) -> io::Result<()> {
    socket.write(&[7; 64]).map(drop)
}

fn accept(socket: &Socket) -> io::Result<()> {
    socket.accept().map(drop)
}

fn connect(socket: &Socket) -> io::Result<()> {
    connect_outcome(socket)
}

const READ: (Direction, Call) = (Direction::Read, read);
const PEEK: (Direction, Call) = (Direction::Read, peek);
const WRITE: (Direction, Call) = (Direction::Write, write);
const ACCEPT: (Direction, Call) = (Direction::Read, accept);
const CONNECT: (Direction, Call) = (Direction::Write, connect);

/// Until there is no room. How much there was.
fn fill(mut socket: &Socket) -> usize {
    socket.set_nonblocking(true).expect("non-blocking");
    let mut total = 0;
    for bytes in [&[7; 1 << 16][..], &[7]] {
        while let Ok(count) = socket.write(bytes) {
            total += count;
        }
    }
    total
}

/// A TCP has room again when the peer's kernel has moved and confirmed what came: until that is over.
fn refill(waits: &[Waits]) {
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

/// Takes all that is there and closes.
fn drain(mut peer: Socket) -> Box<dyn Any> {
    peer.set_nonblocking(false).expect("blocking");
    peer.set_read_timeout(Some(Duration::from_millis(50))).expect("time-out");
    let mut buffer = vec![0; 1 << 16];
    while peer.read(&mut buffer).is_ok_and(|count| count > 0) {}
    Box::new(peer)
}

fn tcp() -> (Socket, Socket) {
    let (ours, theirs) = stream_pair();
    for end in [&ours, &theirs] {
        SockRef::from(end).set_send_buffer_size(1 << 16).expect("size");
    }
    (ours.into(), theirs.into())
}

/// Beside what `state` does to the two ends, ours is full.
fn full(name: &'static str, pair: (Socket, Socket), state: impl FnOnce(&Socket, &Socket)) -> Case {
    let (ours, theirs) = pair;
    fill(&ours);
    state(&ours, &theirs);
    case(name, ours, &[WRITE, WRITE], move || drain(theirs))
}

/// Beside what `state` does, ours is empty, and what resolves it is a byte.
fn empty(name: &'static str, pair: (Socket, Socket), state: impl FnOnce(&Socket, &Socket)) -> Case {
    let (ours, mut theirs) = pair;
    state(&ours, &theirs);
    case(name, ours, &[PEEK, READ], move || {
        theirs.write_all(b"xx").expect("write");
        Box::new(theirs)
    })
}

/// Both wait at once; the end of the peer is the end of both.
fn both(name: &'static str, pair: (Socket, Socket), state: impl FnOnce(&Socket, &Socket)) -> Case {
    let (ours, mut theirs) = pair;
    fill(&ours);
    state(&ours, &theirs);
    case(name, ours, &[PEEK, READ, WRITE], move || {
        theirs.write_all(b"xx").expect("write");
        drain(theirs)
    })
}

fn shut(socket: &Socket, how: Shutdown) {
    socket.shutdown(how).expect("shutdown");
}

fn streams(kind: &'static str, pair: fn() -> (Socket, Socket)) -> Vec<Case> {
    vec![
        empty(kind, pair(), |_, _| {}),
        empty("a stream whose own half is closed, empty", pair(), |ours, _| shut(ours, Shutdown::Write)),
        full("a stream that is full", pair(), |_, _| {}),
        full("a stream half-closed by the peer, full", pair(), |_, theirs| shut(theirs, Shutdown::Write)),
        both("a stream that is full and empty", pair(), |_, _| {}),
    ]
}

fn tcp_states() -> Vec<Case> {
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
fn connecting() -> Case {
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

fn udp_states() -> Vec<Case> {
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
fn unix_states() -> Vec<Case> {
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
    let (reader, mut writer) = std::io::pipe().expect("pipe");
    cases.push(case(
        "a pipe, empty",
        Socket::from(std::os::fd::OwnedFd::from(reader)),
        &[PIPE_READ],
        move || {
            writer.write_all(b"xx").expect("write");
            Box::new(writer)
        },
    ));
    cases
}

#[cfg(unix)]
const PIPE_READ: (Direction, Call) = (Direction::Read, |pipe| {
    use std::os::fd::AsFd;
    let file = std::fs::File::from(pipe.as_fd().try_clone_to_owned()?);
    (&file).read(&mut [0; 1]).map(drop)
});

/// Something lies in the queue of errors, and stays there.
#[cfg(target_os = "linux")]
mod errors {
    use std::os::fd::AsRawFd;

    use super::{
        Any, Case, PEEK, READ, Shutdown, Socket, UdpSocket, Write, both, case, drain, empty, fill, full,
        shut, tcp,
    };

    fn set(socket: &Socket, level: i32, name: i32, value: i32) {
        // SAFETY: an option that is one number.
        let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), 4) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    }

    /// The time at which bytes were sent comes to the queue of errors.
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

    /// A datagram that nobody was there for.
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

    /// Nothing will come, the kernel says that it is readable, and a receive would block.
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
            case("TCP with all of it, full", ours, &[super::WRITE], move || drain(theirs)),
        ]
    }
}

fn every_state() -> Vec<Case> {
    let mut cases = streams("TCP, empty", tcp);
    cases.extend(tcp_states());
    cases.extend(udp_states());
    #[cfg(unix)]
    cases.extend(unix_states());
    #[cfg(target_os = "linux")]
    cases.extend(errors::states());
    cases
}

type Waits = (&'static str, Registration, Vec<(Direction, Call)>);

/// A wait that counts its calls.
struct Watched<'a> {
    name: &'static str,
    calls_count: Rc<Cell<usize>>,
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    is_done: bool,
}

fn watch((name, registration, waits): &Waits) -> impl Iterator<Item = Watched<'_>> {
    waits.iter().map(|&(direction, call)| {
        let calls_count = Rc::new(Cell::new(0));
        let counted = calls_count.clone();
        let wait = registration.async_io(direction, move |socket| {
            counted.set(counted.get() + 1);
            call(socket)
        });
        let future = Box::pin(async { drop(wait.await) });
        Watched { name, calls_count, future, is_done: false }
    })
}

/// Serves all until they are done or the time is over. How many turns that took.
fn serve(driver: &Driver, watched: &mut [Watched<'_>], limit: Duration) -> usize {
    let (count, waker) = counting_waker();
    let (started, mut turns_count, mut wakers) = (Instant::now(), 0, Vec::new());
    loop {
        let before = count.count();
        for wait in watched.iter_mut().filter(|wait| !wait.is_done) {
            wait.is_done = wait.future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(());
        }
        if watched.iter().all(|wait| wait.is_done) {
            return turns_count;
        }
        while count.count() == before {
            let Some(left) = limit.checked_sub(started.elapsed()) else { return turns_count };
            driver.park(0, Some(left), &mut wakers).expect("park");
            turns_count += 1;
            wakers.drain(..).for_each(Waker::wake);
        }
    }
}

#[test]
fn no_wait_in_any_state_spins_and_each_ends_when_its_state_does() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (waits, resolves): (Vec<Waits>, Vec<Resolve>) = every_state()
            .into_iter()
            .map(|case| ((case.name, case.registration, case.waits), case.resolve))
            .unzip();
        refill(&waits);
        let mut watched: Vec<Watched<'_>> = waits.iter().flat_map(watch).collect();
        // All try; what settles does so.
        serve(driver, &mut watched, Duration::from_millis(300));
        assert!(
            watched.iter().all(|wait| !wait.is_done),
            "not a wait: {:?}",
            names(&watched, |wait| wait.is_done)
        );
        let before: Vec<usize> = watched.iter().map(|wait| wait.calls_count.get()).collect();
        let turns_count = serve(driver, &mut watched, QUIET);
        for (wait, before) in watched.iter().zip(before) {
            assert!(before <= CALLS_COUNT_MAX, "{} settles after {before} calls", wait.name);
            let calls_count = wait.calls_count.get() - before;
            assert!(calls_count <= CALLS_COUNT_MAX, "{}: {calls_count} calls in {QUIET:?}", wait.name);
        }
        assert!(turns_count <= CALLS_COUNT_MAX, "{turns_count} turns in {QUIET:?}");
        let _kept: Vec<_> = resolves.into_iter().map(|resolve| resolve()).collect();
        serve(driver, &mut watched, LIMIT);
        assert!(
            watched.iter().all(|wait| wait.is_done),
            "asleep: {:?}",
            names(&watched, |wait| !wait.is_done)
        );
    });
}

fn names(watched: &[Watched<'_>], which: impl Fn(&Watched<'_>) -> bool) -> Vec<&'static str> {
    watched.iter().filter(|wait| which(wait)).map(|wait| wait.name).collect()
}

/// Whatever the kernel reports: here all is always ready.
#[test]
fn a_call_that_always_blocks_is_not_tried_for_ever() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (ours, mut theirs) = stream_pair();
        theirs.write_all(b"never read").expect("write");
        let registration = Registration::new(ours.into()).expect("register");
        let waits = ("ready", registration, vec![(Direction::Read, NEVER), (Direction::Write, NEVER)]);
        expect_quiet(driver, &waits, CALLS_COUNT_MAX);
    });
}

/// The kernel answers every order for it at once, for there is nothing that it could wait for.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_waited_for_is_tried_a_few_times_a_second() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let file = tempfile::tempfile().expect("a file");
        let registration =
            Registration::new(Socket::from(std::os::fd::OwnedFd::from(file))).expect("register");
        let waits = ("a file", registration, vec![(Direction::Read, NEVER)]);
        if driver.name() == "poll" {
            let call = waits.1.async_io(Direction::Read, NEVER);
            super::drive(driver, call).expect_err("epoll refuses it");
        } else {
            let calls_count = expect_quiet(driver, &waits, CALLS_COUNT_MAX);
            assert!(calls_count > 2, "and is tried again: {calls_count}");
        }
        drop(waits);
        super::harvest_until(driver, || driver.in_flight(0) == 0);
        assert_eq!(driver.stale_count(0), 0);
    });
}

const NEVER: Call = |_| Err(io::ErrorKind::WouldBlock.into());

/// How many calls each of the waits makes in a second, and not more than these.
fn expect_quiet(driver: &Driver, waits: &Waits, calls_count_max: usize) -> usize {
    let mut watched: Vec<Watched<'_>> = watch(waits).collect();
    let turns_count = serve(driver, &mut watched, QUIET);
    let calls_counts: Vec<usize> = watched.iter().map(|wait| wait.calls_count.get()).collect();
    let most = calls_counts.iter().copied().max().expect("a wait");
    assert!(most <= calls_count_max, "{calls_counts:?} calls in {QUIET:?}");
    assert!(turns_count <= calls_count_max, "{turns_count} turns in {QUIET:?}");
    most
}
