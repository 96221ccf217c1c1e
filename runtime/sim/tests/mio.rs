//! mio, which knows nothing of a world, on simulated epoll, eventfd and pipes.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "other tests call the rest")]
mod system;

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::unix::pipe;
use mio::{Events, Interest, Poll, Token, Waker};

use system::on_both_kernels;

const WAKE: Token = Token(0);
const READER: Token = Token(1);
const WRITER: Token = Token(2);

#[test]
fn a_waker_ends_a_wait_and_a_timeout_does() {
    on_both_kernels(|| {
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(4));
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).unwrap());
        let thread = thread::spawn({
            let waker = waker.clone();
            move || {
                thread::sleep(Duration::from_millis(10));
                waker.wake().unwrap();
            }
        });
        poll.poll(&mut events, None).unwrap();
        let tokens: Vec<Token> = events.iter().map(|event| event.token()).collect();
        thread.join().unwrap();
        let began = Instant::now();
        poll.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
        (tokens, events.iter().count(), began.elapsed() >= Duration::from_millis(20))
    });
}

#[test]
fn bytes_pass_a_pipe_by_edges_alone() {
    let passed = || {
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(4));
        let (mut writer, mut reader) = pipe::new().unwrap();
        poll.registry().register(&mut writer, WRITER, Interest::WRITABLE).unwrap();
        let thread = thread::spawn(move || {
            let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(4));
            poll.registry().register(&mut reader, READER, Interest::READABLE).unwrap();
            let (mut received, mut part) = (Vec::new(), [0; 3000]);
            loop {
                match reader.read(&mut part) {
                    Ok(0) => return received,
                    Ok(count) => received.extend_from_slice(&part[..count]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        poll.poll(&mut events, None).unwrap()
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
        let bytes: Vec<u8> = (0..500_000).map(|number| (number % 253) as u8).collect();
        let mut sent = 0;
        while sent < bytes.len() {
            match writer.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => poll.poll(&mut events, None).unwrap(),
                Err(error) => panic!("{error}"),
            }
        }
        drop(writer);
        thread.join().unwrap() == bytes
    };
    assert!(on_both_kernels(passed));
}
