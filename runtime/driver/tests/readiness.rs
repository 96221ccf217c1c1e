//! The reports that a waiter gets, and their times.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::future::join_all;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use crate::driver::{Direction, Moved, Registration};

use super::{bound, counting_waker, drive, harvest_until, on_every_backend, pair, receive};

#[test]
fn data_that_arrives_later_wakes_the_reader() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            peer.write_all(b"later").expect("write");
            peer
        });
        let data = drive(driver, registration.async_io(Direction::Read, receive)).expect("receive");
        assert_eq!(data, b"later");
        drop(writer.join());
    });
}

#[test]
fn room_that_is_made_later_wakes_the_writer() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let block = vec![7; 1 << 16];
        let mut sent = 0;
        while let Ok(count) = registration.try_io(Direction::Write, |mut socket| socket.write(&block)) {
            sent += count;
        }
        let reader = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            let mut all = vec![0; sent];
            peer.read_exact(&mut all).expect("read");
            peer
        });
        let count = drive(driver, registration.async_io(Direction::Write, |mut socket| socket.write(&block)));
        assert!(count.expect("write") > 0);
        drop(reader.join());
    });
}

#[test]
fn a_connect_succeeds_and_a_refused_one_says_so() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address");
        let connect = |address: std::net::SocketAddr| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
            let registration = Registration::new(socket).expect("register");
            drive(driver, async move { registration.connect(|| SockAddr::from(address)).await })
        };
        connect(address).expect("connect");
        drop(listener);
        let error = connect(address).expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(driver.in_flight(0), 0);
    });
}

#[test]
fn a_connect_that_hangs_can_be_given_up() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        // A listener that accepts nothing and whose queue is full, so that the next connect gets no
        // answer.
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
        listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("address").into()).expect("bind");
        listener.listen(0).expect("listen");
        let address = listener.local_addr().expect("address");
        let (_count, waker) = counting_waker();
        let mut cx = Context::from_waker(&waker);
        let mut kept = Vec::new();
        let hung = (0..8).any(|_| {
            let registration =
                Registration::new(Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket"));
            let registration = registration.expect("register");
            let is_pending = {
                let mut connect = pin!(registration.connect(|| address.clone()));
                connect.as_mut().poll(&mut cx).is_pending() && {
                    let mut wakers = Vec::new();
                    driver.park(0, Some(Duration::from_millis(20)), &mut wakers).expect("park");
                    connect.as_mut().poll(&mut cx).is_pending()
                }
            };
            kept.push(registration);
            is_pending
        });
        assert!(hung, "every connect was answered");
        drop(kept);
        harvest_until(driver, || driver.in_flight(0) == 0);
        assert_eq!(driver.stale_count(0), 0);
    });
}

#[test]
fn every_concurrent_waiter_gets_its_share() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let writer = thread::spawn(move || {
            for byte in 0..10 {
                peer.write_all(&[byte]).expect("write");
                thread::yield_now();
            }
            peer
        });
        let one_byte = |mut socket: &Socket| {
            let mut byte = [0];
            socket.read(&mut byte).map(|_| byte[0])
        };
        let reads = (0..10).map(|_| registration.async_io(Direction::Read, one_byte));
        let mut bytes: Vec<u8> =
            drive(driver, join_all(reads)).into_iter().collect::<io::Result<_>>().expect("receive");
        bytes.sort_unstable();
        assert_eq!(bytes, (0..10).collect::<Vec<u8>>());
        drop(writer.join());
    });
}

#[test]
fn a_dropped_waiter_is_not_woken_and_takes_nothing() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let (count, waker) = counting_waker();
        {
            let mut dropped = pin!(registration.async_io(Direction::Read, receive));
            assert!(dropped.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        peer.write_all(b"for the next").expect("write");
        let data = drive(driver, registration.async_io(Direction::Read, receive)).expect("receive");
        assert_eq!(data, b"for the next");
        assert_eq!(count.count(), 0);
        drop(waker);
        assert_eq!(std::sync::Arc::strong_count(&count), 1, "a waker was left behind");
    });
}

#[test]
fn the_last_waker_of_a_poll_style_reader_is_the_one_that_is_woken() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let (first_count, first) = counting_waker();
        let (second_count, second) = counting_waker();
        for waker in [&first, &second] {
            let poll = registration.poll_io(Direction::Read, &mut Context::from_waker(waker), receive);
            assert!(poll.is_pending());
        }
        peer.write_all(b"x").expect("write");
        harvest_until(driver, || second_count.count() > 0);
        assert_eq!(first_count.count(), 0);
        match registration.poll_io(Direction::Read, &mut Context::from_waker(&first), receive) {
            Poll::Ready(Ok(data)) => assert_eq!(data, b"x"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_reset_wakes_the_reader_and_the_writer() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, peer) = pair();
        let block = vec![7; 1 << 16];
        while registration.try_io(Direction::Write, |mut socket| socket.write(&block)).is_ok() {}
        let resetter = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            let peer = Socket::from(peer);
            peer.set_linger(Some(Duration::ZERO)).expect("linger");
            drop(peer);
        });
        let read = registration.async_io(Direction::Read, receive);
        let write = registration.async_io(Direction::Write, |mut socket| socket.write(&block));
        let (read, write) = drive(driver, futures::future::join(read, write));
        // The kernel chooses which of the two sees the reset and which the broken pipe.
        assert!(read.is_err() || write.is_err(), "{read:?} {write:?}");
        resetter.join().expect("join");
    });
}

#[test]
fn the_end_of_the_stream_is_reported_after_a_short_read() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = trusted_pair();
        peer.write_all(b"last words").expect("write");
        drop(peer);
        let read = |length: usize| drive(driver, receive_noted(&registration, length)).expect("receive");
        assert_eq!(read(256), b"last words");
        assert_eq!(read(256), b"");
        assert_eq!(read(256), b"");
    });
}

/// [short-is-all]: one event reports the last bytes and the end.
#[test]
fn an_end_that_comes_with_the_last_bytes_is_reported() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = trusted_pair();
        for _ in 0..3 {
            assert_waits(&registration);
            peer.write_all(b"a").expect("write");
            assert_eq!(drive(driver, receive_noted(&registration, 256)).expect("receive"), b"a");
        }
        assert_waits(&registration);
        peer.write_all(b"last words").expect("write");
        drop(peer);
        assert_eq!(drive(driver, receive_noted(&registration, 256)).expect("receive"), b"last words");
        assert_eq!(drive(driver, receive_noted(&registration, 256)).expect("receive"), b"");
    });
}

/// [short-is-all]: a receive ends before urgent bytes, and more bytes follow them.
#[test]
fn what_comes_behind_urgent_bytes_is_reported() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = trusted_pair();
        assert_waits(&registration);
        peer.write_all(b"before").expect("write");
        SockRef::from(&peer).send_out_of_band(b"!").expect("send");
        peer.write_all(b"behind").expect("write");
        assert_eq!(drive(driver, receive_noted(&registration, 256)).expect("receive"), b"before");
        assert_eq!(drive(driver, receive_noted(&registration, 256)).expect("receive"), b"behind");
    });
}

/// [short-is-all]: the case that it is for.
#[test]
fn a_short_read_spares_the_call_that_would_block() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = trusted_pair();
        let spares = driver.is_level_at_arm() || driver.tells_end();
        for _ in 0..3 {
            assert_waits(&registration);
            peer.write_all(b"a").expect("write");
            assert_eq!(drive(driver, receive_noted(&registration, 256)).expect("receive"), b"a");
            let mut call_count = 0;
            let call = |socket: &Socket| {
                call_count += 1;
                receive(socket)
            };
            let mut cx = Context::from_waker(Waker::noop());
            assert!(registration.poll_io(Direction::Read, &mut cx, call).is_pending());
            assert_eq!(call_count, usize::from(!spares), "calls that would block");
        }
    });
}

fn trusted_pair() -> (Registration, TcpStream) {
    let (registration, peer) = pair();
    registration.trust_short(true);
    (registration, peer)
}

/// There is nothing to receive, and bytes that come will be reported.
fn assert_waits(registration: &Registration) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(registration.poll_io(Direction::Read, &mut cx, receive).is_pending());
}

async fn receive_noted(registration: &Registration, asked: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; asked];
    let receive = |mut socket: &Socket| Ok(Moved { count: socket.read(&mut buffer)?, asked });
    let count = registration.transfer(Direction::Read, receive).await?;
    buffer.truncate(count);
    Ok(buffer)
}

#[test]
fn data_after_a_short_read_is_reported() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = trusted_pair();
        for round in 0..100u8 {
            peer.write_all(&[round]).expect("write");
            let data = drive(driver, receive_noted(&registration, 256)).expect("receive");
            assert_eq!(data, [round]);
        }
    });
}

#[test]
fn a_listener_hands_out_what_arrives_while_nobody_waits() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address");
        let registration = Registration::new(listener.into()).expect("register");
        for _ in 0..3 {
            let (count, waker) = counting_waker();
            let mut cx = Context::from_waker(&waker);
            assert!(registration.poll_io(Direction::Read, &mut cx, |socket| socket.accept()).is_pending());
            let peers: Vec<_> =
                (0..5).map(|_| std::net::TcpStream::connect(address).expect("connect")).collect();
            harvest_until(driver, || count.count() > 0);
            for _ in &peers {
                drive(driver, registration.async_io(Direction::Read, |socket| socket.accept()))
                    .expect("accept");
            }
        }
    });
}

#[test]
fn connecting_to_an_address_of_another_family_is_an_error_and_not_a_hang() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
        let registration = Registration::new(socket).expect("register");
        let address: std::net::SocketAddr = "[::1]:9".parse().expect("address");
        drive(driver, registration.connect(|| SockAddr::from(address))).expect_err("a wrong family");
        assert_eq!(driver.in_flight(0), 0);
    });
}
