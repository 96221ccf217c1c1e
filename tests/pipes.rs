//! Pipes, the standard streams, and copies from one end to another.
#![cfg(unix)]

mod support;

use std::future::Future;
use std::io::{ErrorKind, Write};
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use heist::io::{copy_with, pipe, stderr, stdin, stdout};
use heist::time::timeout;
use support::{on_every_backend, process};

#[test]
fn what_is_written_to_a_pipe_is_read_from_it_in_order() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut reader, mut writer) = pipe().unwrap();
            let wanted: Vec<u8> = (0..1_000_000_u32).map(|place| place.to_le_bytes()[1]).collect();
            let bytes = wanted.clone();
            let task = heist::spawn(async move { writer.write_all(&bytes).await });
            let mut read = Vec::new();
            let mut told = Vec::new();
            let count = copy_with(&mut reader, &mut read, |total| told.push(total)).await.unwrap();
            assert_eq!(count, wanted.len() as u64);
            assert!(read == wanted);
            assert!(told.is_sorted() && told.last() == Some(&count), "progress is told in order, to the end");
            task.await.unwrap().unwrap();
        });
    });
}

#[test]
fn a_read_of_a_pipe_that_times_out_loses_nothing() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (mut reader, mut writer) = pipe().unwrap();
            let mut buf = [0; 8];
            for round in 0..20_u8 {
                let read = timeout(Duration::from_millis(1), reader.read(&mut buf)).await;
                assert!(read.is_err(), "there was nothing to read");
                writer.write_all(&[round]).await.unwrap();
                assert_eq!(reader.read(&mut buf).await.unwrap(), 1);
                assert_eq!(buf[0], round);
            }
        });
    });
}

#[test]
fn a_pipe_without_a_reader_is_broken_and_one_without_a_writer_at_its_end() {
    on_every_backend(|runtime| {
        runtime.block_on(async {
            let (reader, mut writer) = pipe().unwrap();
            let task = heist::spawn(async move { writer.write_all(&[0; 1 << 20]).await });
            heist::time::sleep(Duration::from_millis(5)).await;
            drop(reader);
            assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::BrokenPipe);
            let (mut reader, writer) = pipe().unwrap();
            let task = heist::spawn(async move { reader.read(&mut [0; 4]).await });
            heist::time::sleep(Duration::from_millis(5)).await;
            drop(writer);
            assert_eq!(task.await.unwrap().unwrap(), 0);
        });
    });
}

#[test]
fn the_standard_streams_carry_every_byte() {
    if process::role().is_some() {
        on_every_backend(|runtime| {
            runtime.block_on(async {
                let mut line = Vec::new();
                while !line.ends_with(b"\n") {
                    let mut byte = [0; 1];
                    // A read that is given up takes nothing along.
                    if let Ok(read) = timeout(Duration::ZERO, stdin().read(&mut byte)).await {
                        assert_eq!(read.unwrap(), 1);
                        line.push(byte[0]);
                    }
                }
                stdout().write_all(&line).await.unwrap();
                stderr().write_all(b"all told\n").await.unwrap();
            });
        });
        return;
    }
    let mut child = process::again("the_standard_streams_carry_every_byte", "echo");
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for _ in support::backends() {
        input.write_all(b"hello, streams\n").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = process::everything(&output);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches("hello, streams\n").count(), support::backends().len(), "{text}");
    assert_eq!(text.matches("all told\n").count(), support::backends().len(), "{text}");
}

/// Beside something else that is busy, as an arm of a `select!`.
#[test]
fn asking_the_silent_standard_input_again_and_again_keeps_one_waker() {
    let name = "asking_the_silent_standard_input_again_and_again_keeps_one_waker";
    if process::role().is_some() {
        struct Waiter;
        impl Wake for Waiter {
            fn wake(self: Arc<Self>) {}
        }
        let waiter = Arc::new(Waiter);
        let waker = Waker::from(waiter.clone());
        for _ in 0..1000 {
            let mut buf = [0; 4];
            let mut input = stdin();
            let mut read = pin!(input.read(&mut buf));
            assert!(read.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert!(Arc::strong_count(&waiter) < 10, "{} wakers are kept", Arc::strong_count(&waiter));
        return;
    }
    let mut child = process::again(name, "wait");
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    // Held open, never written.
    let input = child.stdin.take();
    let status = child.wait().unwrap();
    drop(input);
    assert!(status.success());
}

#[test]
fn a_runtime_ends_while_the_standard_input_is_silent() {
    if process::role().is_some() {
        on_every_backend(|runtime| {
            let read = runtime
                .block_on(timeout(Duration::from_millis(5), async { stdin().read(&mut [0; 4]).await }));
            assert!(read.is_err());
        });
        return;
    }
    let mut child = process::again("a_runtime_ends_while_the_standard_input_is_silent", "wait");
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    // Held open, never written.
    let input = child.stdin.take();
    let status = child.wait().unwrap();
    drop(input);
    assert!(status.success());
}
