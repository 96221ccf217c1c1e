//! Files that write behind.

use std::io::{ErrorKind, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::drivers::on_each;

/// A path that is this test's alone.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("heist-tokio-{}-{name}", std::process::id()))
}

#[test]
fn what_was_written_is_in_the_file_after_flush() {
    on_each("files::what_was_written_is_in_the_file_after_flush", on_one_driver::flush);
}

#[test]
fn an_error_of_a_write_comes_with_the_next_call_and_once() {
    on_each("files::an_error_of_a_write_comes_with_the_next_call_and_once", on_one_driver::late_error);
}

#[test]
fn a_write_that_nobody_flushed_is_in_the_file_when_the_runtime_has_ended() {
    on_each(
        "files::a_write_that_nobody_flushed_is_in_the_file_when_the_runtime_has_ended",
        on_one_driver::end_of_runtime,
    );
}

#[test]
fn a_file_goes_to_std_after_its_write() {
    on_each("files::a_file_goes_to_std_after_its_write", on_one_driver::into_std);
}

#[test]
fn a_call_moves_at_most_the_buffer() {
    on_each("files::a_call_moves_at_most_the_buffer", on_one_driver::buffer_size);
}

#[test]
fn a_seek_that_was_only_started_is_done_before_the_next_read_or_write() {
    on_each(
        "files::a_seek_that_was_only_started_is_done_before_the_next_read_or_write",
        on_one_driver::started_seek,
    );
}

#[test]
fn a_write_that_never_ends_does_not_hold_up_a_shutdown_with_a_limit() {
    on_each(
        "files::a_write_that_never_ends_does_not_hold_up_a_shutdown_with_a_limit",
        on_one_driver::stuck_write,
    );
}

#[test]
fn a_write_after_the_end_of_the_runtime_is_an_error_and_outside_of_one_a_panic() {
    on_each(
        "files::a_write_after_the_end_of_the_runtime_is_an_error_and_outside_of_one_a_panic",
        on_one_driver::no_runtime,
    );
}

#[test]
fn a_waker_that_panics_at_the_end_of_a_write_keeps_nobody_from_being_woken() {
    on_each(
        "files::a_waker_that_panics_at_the_end_of_a_write_keeps_nobody_from_being_woken",
        on_one_driver::panicking_waker,
    );
}

mod on_one_driver {
    use super::{
        Arc, AssertUnwindSafe, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt, Context,
        ErrorKind, File, OpenOptions, Pin, Poll, Runtime, SeekFrom, Wake, Waker, catch_unwind, path,
    };
    use std::io::{Read, Seek};

    pub(super) fn flush() {
        let path = path("flush");
        Runtime::new().unwrap().block_on(async {
            let mut file = File::create(&path).await.unwrap();
            file.write_all(b"one ").await.unwrap();
            file.write_all(b"two").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"one two");
            file.seek(SeekFrom::Start(4)).await.unwrap();
            file.write_all(b"TWO").await.unwrap();
            file.sync_all().await.unwrap();
            assert_eq!(tokio::fs::read_to_string(&path).await.unwrap(), "one TWO");
        });
        std::fs::remove_file(path).unwrap();
    }

    pub(super) fn late_error() {
        Runtime::new().unwrap().block_on(async {
            let mut full = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
            assert_eq!(full.write(b"x").await.unwrap(), 1, "the first write is done behind");
            assert_eq!(full.flush().await.unwrap_err().kind(), ErrorKind::StorageFull);
            full.flush().await.unwrap();
            full.write_all(b"x").await.unwrap();
            assert_eq!(full.write(b"y").await.unwrap_err().kind(), ErrorKind::StorageFull);
        });
    }

    pub(super) fn end_of_runtime() {
        let path = path("end");
        for round in 0..50 {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                let mut file = File::create(&path).await.unwrap();
                file.write_all(&[7; 300_000]).await.unwrap();
            });
            drop(runtime);
            assert_eq!(std::fs::metadata(&path).unwrap().len(), 300_000, "round {round}");
        }
        std::fs::remove_file(path).unwrap();
    }

    pub(super) fn into_std() {
        let path = path("std");
        Runtime::new().unwrap().block_on(async {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
                .await
                .unwrap();
            file.write_all(&[1; 100_000]).await.unwrap();
            let mut std = file.into_std().await;
            std.rewind().unwrap();
            assert_eq!(std.read_to_end(&mut Vec::new()).unwrap(), 100_000);
        });
        std::fs::remove_file(path).unwrap();
    }

    pub(super) fn buffer_size() {
        let path = path("size");
        Runtime::new().unwrap().block_on(async {
            let mut file = File::create(&path).await.unwrap();
            assert_eq!(file.max_buf_size(), 2 * 1024 * 1024);
            file.set_max_buf_size(3);
            assert_eq!(file.write(b"hello").await.unwrap(), 3);
            file.flush().await.unwrap();
            let mut file = File::open(&path).await.unwrap();
            file.set_max_buf_size(2);
            assert_eq!(file.read(&mut [0; 9]).await.unwrap(), 2);
        });
        std::fs::remove_file(path).unwrap();
    }

    pub(super) fn started_seek() {
        let path = path("started_seek");
        Runtime::new().unwrap().block_on(async {
            let mut file = OpenOptions::new().read(true).write(true).create(true).open(&path).await.unwrap();
            file.write_all(b"0123456789").await.unwrap();
            file.flush().await.unwrap();
            let mut byte = [0];
            Pin::new(&mut file).start_seek(SeekFrom::Start(4)).unwrap();
            file.read_exact(&mut byte).await.unwrap();
            assert_eq!(&byte, b"4");
            Pin::new(&mut file).start_seek(SeekFrom::Start(2)).unwrap();
            file.write_all(b"x").await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"01x3456789");
            Pin::new(&mut file).start_seek(SeekFrom::Start(7)).unwrap();
            let file = file.try_into_std().unwrap_err();
            let mut file = file.into_std().await;
            assert_eq!(file.stream_position().unwrap(), 7);
        });
        std::fs::remove_file(path).unwrap();
    }

    /// The pipe is full, and nobody reads.
    #[cfg(unix)]
    pub(super) fn stuck_write() {
        for is_background in [false, true] {
            let runtime = Runtime::new().unwrap();
            let (reader, writer) = std::io::pipe().unwrap();
            runtime.block_on(async {
                let mut file = File::from(std::os::fd::OwnedFd::from(writer));
                file.write_all(&[0; 1024 * 1024]).await.unwrap();
            });
            if is_background {
                runtime.shutdown_background();
            } else {
                runtime.shutdown_timeout(std::time::Duration::from_millis(50));
            }
            drop(reader);
        }
    }

    pub(super) fn no_runtime() {
        let path = path("no_runtime");
        let runtime = Runtime::new().unwrap();
        let mut file = runtime.block_on(File::create(&path)).unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let mut cx = Context::from_waker(Waker::noop());
        let entered = handle.enter();
        let written = Pin::new(&mut file).poll_write(&mut cx, b"x");
        assert!(matches!(written, Poll::Ready(Err(error)) if error.to_string() == "background task failed"));
        drop(entered);
        let written = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut file).poll_write(&mut cx, b"x")));
        let text = *written.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains("there is no reactor running"), "{text}");
        std::fs::remove_file(path).unwrap();
    }

    /// The pipe is full until it is read.
    #[cfg(unix)]
    pub(super) fn panicking_waker() {
        struct Panics;

        impl Wake for Panics {
            fn wake(self: Arc<Self>) {
                panic!("on purpose");
            }
        }

        const WRITE_BYTES: usize = 1024 * 1024;
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let (mut reader, writer) = std::io::pipe().unwrap();
            let mut file = File::from(std::os::fd::OwnedFd::from(writer));
            file.write_all(&vec![0; WRITE_BYTES]).await.unwrap();
            let mut first = Box::pin(file.sync_all());
            let waker = Waker::from(Arc::new(Panics));
            assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            let mut second = Box::pin(file.metadata());
            let mut is_pending = false;
            std::future::poll_fn(|cx| {
                is_pending = second.as_mut().poll(cx).is_pending();
                Poll::Ready(())
            })
            .await;
            assert!(is_pending);
            let reads = tokio::task::spawn_blocking(move || {
                reader.read_exact(&mut vec![0; WRITE_BYTES]).unwrap();
            });
            tokio::time::timeout(std::time::Duration::from_secs(30), second).await.unwrap().unwrap();
            reads.await.unwrap();
        });
    }
}
