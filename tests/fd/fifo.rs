//! Pipes by path and from descriptors.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use heist::io::{Interest, PipeReader, PipeWriter, pipe as new_pipe, splice};
use heist::net::unix::pipe::{self, OpenOptions};
use heist::task::yield_now;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use crate::support::process::{again, expect_success, role};
use crate::support::{Shape, backends, builder, on_every_runtime, with_every_runtime};
use crate::{is_pending_once, soon, would_block};

fn fifo() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    (directory, path)
}

/// [closed-before-bind]: a writer that met it would lose its bytes.
#[test]
fn a_single_thread_has_closed_the_reader_that_it_dropped_while_that_waited() {
    let test = "fifo::a_single_thread_has_closed_the_reader_that_it_dropped_while_that_waited";
    if role().is_none() {
        // In a process of its own: one that another test forks has the reader too, for a moment.
        expect_success(&mut again(test, "alone"));
        return;
    }
    for kind in backends() {
        builder(Shape::CurrentThread, kind).build().unwrap().block_on(async {
            let (_directory, path) = fifo();
            for _ in 0..50 {
                let mut reader = OpenOptions::new().open_receiver(&path).unwrap();
                assert!(is_pending_once(reader.read(&mut [0; 8])).await);
                yield_now().await;
                drop(reader);
                let error = OpenOptions::new().open_sender(&path).unwrap_err();
                assert_eq!(error.raw_os_error(), Some(libc::ENXIO));
            }
        });
    }
}

#[test]
fn a_fifo_without_a_writer_is_not_at_its_end_and_one_whose_writer_left_is() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (_directory, path) = fifo();
            let mut reader = OpenOptions::new().open_receiver(&path).unwrap();
            let mut buf = [0; 16];
            assert!(is_pending_once(reader.read(&mut buf)).await);
            assert!(is_pending_once(reader.readable()).await);
            assert!(would_block(reader.try_read(&mut buf)));
            for _ in 0..3 {
                let mut writer = OpenOptions::new().open_sender(&path).unwrap();
                let writer = heist::spawn(async move { writer.write_all(b"hello").await.unwrap() });
                assert_eq!(soon("bytes", reader.read(&mut buf)).await.unwrap(), 5);
                writer.await.unwrap();
                assert_eq!(soon("the end", reader.read(&mut buf)).await.unwrap(), 0);
                // The next writer opens it before the reader looks again.
                let again = OpenOptions::new().open_sender(&path).unwrap();
                assert!(is_pending_once(reader.read(&mut buf)).await);
                drop(again);
                assert_eq!(soon("the end", reader.read(&mut buf)).await.unwrap(), 0);
            }
        });
    });
}

#[test]
fn a_waiting_read_of_a_fifo_sees_a_writer_that_comes_and_goes() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (_directory, path) = fifo();
            let mut reader = OpenOptions::new().open_receiver(&path).unwrap();
            let read = heist::spawn(async move { reader.read(&mut [0; 16]).await.unwrap() });
            heist::task::yield_now().await;
            drop(OpenOptions::new().open_sender(&path).unwrap());
            assert_eq!(soon("the end", read).await.unwrap(), 0);
        });
    });
}

#[test]
fn a_fifo_without_a_reader_is_refused_to_a_writer() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (_directory, path) = fifo();
            let error = OpenOptions::new().open_sender(&path).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENXIO));
        });
    });
}

#[test]
fn a_fifo_that_is_open_for_both_never_ends_and_needs_nobody() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (_directory, path) = fifo();
            let mut reader = OpenOptions::new().read_write(true).open_receiver(&path).unwrap();
            drop(OpenOptions::new().open_sender(&path).unwrap());
            assert!(is_pending_once(reader.read(&mut [0; 4])).await);
            let mut writer = OpenOptions::new().read_write(true).open_sender(&path).unwrap();
            writer.write_all(b"x").await.unwrap();
            assert_eq!(soon("a byte", reader.read(&mut [0; 4])).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_path_that_is_no_pipe_is_refused_unless_unchecked() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let file = tempfile::NamedTempFile::new().unwrap();
            let error = OpenOptions::new().open_receiver(file.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let error = OpenOptions::new().open_sender(file.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let mut options = OpenOptions::new();
            let mut writer = options.unchecked(true).open_sender(file.path()).unwrap();
            writer.write_all(b"hello").await.unwrap();
            let mut reader = options.open_receiver(file.path()).unwrap();
            assert_eq!(reader.read(&mut [0; 16]).await.unwrap(), 5);
            assert_eq!(reader.read(&mut [0; 16]).await.unwrap(), 0, "what is no pipe has an end of its own");
        });
    });
}

#[test]
fn a_descriptor_becomes_the_end_that_it_is_open_for_and_no_other() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (reader, writer) = std::io::pipe().unwrap();
            let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
            let kind = |error: std::io::Error| error.kind();
            let copy = |fd: &OwnedFd| fd.try_clone().unwrap();
            assert_eq!(
                PipeWriter::from_owned_fd(copy(&reader)).map_err(kind).err(),
                Some(ErrorKind::InvalidInput)
            );
            assert_eq!(
                PipeReader::from_owned_fd(copy(&writer)).map_err(kind).err(),
                Some(ErrorKind::InvalidInput)
            );
            let file = File::from(OwnedFd::from(tempfile::tempfile().unwrap()));
            assert_eq!(PipeReader::from_file(file).map_err(kind).err(), Some(ErrorKind::InvalidInput));

            let mut reader = PipeReader::from_file(File::from(reader)).unwrap();
            let mut writer = PipeWriter::from_file(File::from(writer)).unwrap();
            assert!(is_pending_once(reader.read(&mut [0; 4])).await, "it does not block");
            writer.write_all(b"x").await.unwrap();
            assert_eq!(soon("a byte", reader.read(&mut [0; 4])).await.unwrap(), 1);
            drop(writer);
            assert_eq!(soon("the end", reader.read(&mut [0; 4])).await.unwrap(), 0);
        });
    });
}

#[test]
fn the_ends_go_back_to_descriptors_that_block_or_do_not() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (mut sender, mut receiver) = pipe::pipe().unwrap();
            assert!(is_pending_once(receiver.read(&mut [0; 4])).await);
            sender.write_all(b"hello").await.unwrap();
            let reader = File::from(receiver.into_nonblocking_fd().unwrap());
            assert_eq!({ &reader }.read(&mut [0; 16]).unwrap(), 5);
            assert!(would_block({ &reader }.read(&mut [0; 16])));
            let receiver = PipeReader::from_file_unchecked(reader).unwrap();
            let mut reader = File::from(receiver.into_blocking_fd().unwrap());
            let mut writer = File::from(sender.into_blocking_fd().unwrap());
            let thread = std::thread::spawn(move || {
                let mut text = String::new();
                reader.read_to_string(&mut text).unwrap();
                text
            });
            writer.write_all(b"there").unwrap();
            drop(writer);
            assert_eq!(thread.join().unwrap(), "there");
        });
    });
}

#[test]
fn readiness_tells_what_the_other_end_does() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (mut sender, receiver) = pipe::pipe().unwrap();
            assert!(is_pending_once(receiver.ready(Interest::READABLE)).await);
            sender.writable().await.unwrap();
            sender.write_all(b"hello").await.unwrap();
            let ready = soon("bytes", receiver.ready(Interest::READABLE)).await.unwrap();
            assert!(ready.is_readable() && !ready.is_read_closed(), "{ready:?}");
            drop(sender);
            let ready = soon("the end", receiver.ready(Interest::READABLE)).await.unwrap();
            assert!(ready.is_read_closed(), "{ready:?}");

            let (sender, receiver) = pipe::pipe().unwrap();
            let page = [0; 4096];
            while sender.try_write(&page).is_ok() {}
            assert!(is_pending_once(sender.writable()).await);
            assert!(is_pending_once(sender.ready(Interest::WRITABLE)).await);
            drop(receiver);
            let ready = soon("the reader's end", sender.ready(Interest::WRITABLE)).await.unwrap();
            assert!(ready.is_write_closed(), "{ready:?}");
            assert_eq!(sender.try_write(&page).unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert!(soon("an error", sender.ready(Interest::ERROR)).await.unwrap().is_error());
        });
    });
}

#[test]
fn calls_that_do_not_wait_move_bytes_in_every_form() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (mut sender, mut receiver) = pipe::pipe().unwrap();
            assert_eq!(sender.try_write_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")]).unwrap(), 5);
            let (mut one, mut two) = ([0; 2], [0; 8]);
            let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            assert_eq!(receiver.try_read_vectored(&mut bufs).unwrap(), 5);
            assert_eq!((&one, &two[..3]), (b"he", &b"llo"[..]));
            assert!(would_block(receiver.try_read(&mut [0; 4])));
            assert_eq!(sender.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")]).await.unwrap(), 3);
            let mut bytes = Vec::<u8>::with_capacity(8);
            soon("bytes", receiver.readable()).await.unwrap();
            assert_eq!(receiver.try_read_uninit(bytes.spare_capacity_mut()).unwrap(), 3);
            sender.write_all(b"def").await.unwrap();
            let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            assert_eq!(soon("bytes", receiver.read_vectored(&mut bufs)).await.unwrap(), 3);
            let mut calls = 0;
            let mut call = || {
                calls += 1;
                Err::<(), _>(ErrorKind::WouldBlock.into())
            };
            assert!(would_block(receiver.try_io(&mut call)));
            assert!(would_block(sender.try_io(&mut call)));
            soon("room", sender.writable()).await.unwrap();
            assert!(sender.try_io(|| Ok(())).is_ok());
            let (_other, empty) = pipe::pipe().unwrap();
            assert!(would_block(
                empty.try_io(|| -> std::io::Result<()> { unreachable!("nothing is there") })
            ));
            drop(sender);
            assert_eq!(soon("the end", receiver.read(&mut [0; 4])).await.unwrap(), 0);
        });
    });
}

#[test]
fn a_wait_for_a_pipe_fails_when_the_runtime_is_gone() {
    with_every_runtime(|runtime| {
        let (sender, receiver) = runtime.block_on(async { pipe::pipe().unwrap() });
        drop(runtime);
        let mut readable = std::pin::pin!(receiver.readable());
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let result = std::future::Future::poll(readable.as_mut(), &mut cx);
        assert!(matches!(result, std::task::Poll::Ready(Err(_))), "{result:?}");
        drop(sender);
    });
}

#[test]
fn a_splice_from_a_fifo_waits_for_its_first_writer() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (_directory, path) = fifo();
            let mut reader = OpenOptions::new().open_receiver(&path).unwrap();
            let (mut drain, mut target) = new_pipe().unwrap();
            assert!(is_pending_once(splice(&mut reader, &mut target)).await);
            let spliced = heist::spawn(async move { splice(&mut reader, &mut target).await });
            heist::task::yield_now().await;
            let mut writer = OpenOptions::new().open_sender(&path).unwrap();
            writer.write_all(b"hello").await.unwrap();
            drop(writer);
            assert_eq!(soon("the end", spliced).await.unwrap().unwrap(), 5);
            let mut buf = [0; 16];
            assert_eq!(drain.read(&mut buf).await.unwrap(), 5);
        });
    });
}

/// A writer may come, write and go between a read that found nothing and the look whether one has
/// been there.
#[test]
fn bytes_of_a_writer_that_comes_and_goes_are_not_taken_for_the_end() {
    const ROUNDS: usize = 1_000;
    let runtime = crate::support::two_workers();
    let _entered = runtime.enter();
    let (_directory, path) = fifo();
    let written = path.clone();
    let (round, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (started, leaves) = (round.clone(), left.clone());
    let writes = std::thread::spawn(move || {
        for number in 1..=ROUNDS {
            while started.load(Ordering::SeqCst) < number {
                std::thread::yield_now();
            }
            let mut writer = std::fs::OpenOptions::new().write(true).open(&written).unwrap();
            writer.write_all(b"x").unwrap();
            drop(writer);
            leaves.store(number, Ordering::SeqCst);
        }
    });
    for number in 1..=ROUNDS {
        let reader = OpenOptions::new().open_receiver(&path).unwrap();
        round.store(number, Ordering::SeqCst);
        let mut buf = [0; 4];
        let count = loop {
            match reader.try_read(&mut buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => break read.unwrap(),
            }
        };
        assert_eq!(count, 1, "bytes were lost in round {number}");
        while left.load(Ordering::SeqCst) < number {
            std::thread::yield_now();
        }
    }
    writes.join().unwrap();
}
