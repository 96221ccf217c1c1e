//! Flights on a real ring: where the resources are at every end.

use std::fs::File;
use std::future::Future;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{AT_CURSOR, Descriptor, FileOp, Landed, RingFor};
use crate::driver::{Driver, DriverGuard, DriverKind, Options};

/// A driver with one ring, bound to this thread. If io_uring is refused here, prints that and
/// returns None.
fn driver() -> Option<(Arc<Driver>, DriverGuard)> {
    let options =
        Options { kind: DriverKind::Uring, ring_entries: 8, completion_entries: 16, ..Options::default() };
    match Driver::new(&options) {
        Ok(driver) => {
            let guard = driver.bind_worker(0).expect("a new ring can be bound");
            Some((driver, guard))
        }
        Err(error) => {
            let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
            assert!(!is_required, "HEIST_REQUIRE_URING=1, yet: {error}");
            eprintln!("SKIPPED: io_uring is refused here: {error}");
            None
        }
    }
}

#[expect(unsafe_code, reason = "a pipe of the test's own")]
fn pipe() -> (Arc<Descriptor>, File) {
    let mut fds = [-1; 2];
    // SAFETY: there is room for two numbers.
    assert_eq!(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
    // SAFETY: new, and nobody else's.
    let (reader, writer) = unsafe { (File::from_raw_fd(fds[0]), File::from_raw_fd(fds[1])) };
    (Arc::new(Descriptor::inspect(reader)), writer)
}

fn poll<R: Send + 'static>(file_op: &mut FileOp<R>) -> Poll<Landed<R>> {
    Pin::new(file_op).poll(&mut Context::from_waker(Waker::noop()))
}

fn read_of(driver: &Arc<Driver>, file: &Arc<Descriptor>) -> FileOp<Vec<u8>> {
    RingFor::on(driver).read(file.clone(), Vec::with_capacity(16), AT_CURSOR)
}

fn harvest_until(driver: &Driver, is_done: impl Fn() -> bool) {
    for _ in 0..1000 {
        let mut wakers = Vec::new();
        driver.park(0, Some(Duration::from_millis(10)), &mut wakers).expect("a ring that works");
        if is_done() {
            return;
        }
    }
    panic!("nothing came in ten seconds");
}

#[test]
fn the_buffer_comes_back_with_the_result() {
    let Some((driver, _guard)) = driver() else { return };
    let (reader, mut writer) = pipe();
    let mut read = read_of(&driver, &reader);
    assert!(poll(&mut read).is_pending());
    writer.write_all(b"hello").unwrap();
    harvest_until(&driver, || driver.in_flight(0) == 0);
    let Poll::Ready(landed) = poll(&mut read) else { panic!("it has landed") };
    assert_eq!(landed.result.unwrap(), 5);
    assert_eq!(landed.resources.as_deref(), Some(&b"hello"[..]));
    drop(read);
    driver.shutdown(0, Duration::from_secs(5));
    assert_eq!((driver.leaked_count(0), driver.stale_count(0)), (0, 0));
}

#[test]
fn a_dropped_read_is_cancelled_and_keeps_its_descriptor_until_then() {
    let Some((driver, _guard)) = driver() else { return };
    let (reader, _writer) = pipe();
    let weak = Arc::downgrade(&reader);
    let mut read = read_of(&driver, &reader);
    assert!(poll(&mut read).is_pending());
    driver.harvest(0, &mut Vec::new()).expect("a ring that works");
    assert_eq!(driver.in_flight(0), 1);
    drop((read, reader));
    assert!(weak.upgrade().is_some(), "the ring has it still");
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert!(weak.upgrade().is_none(), "the terminal completion freed it");
    driver.shutdown(0, Duration::from_secs(5));
    assert_eq!(driver.leaked_count(0), 0);
}

#[test]
fn a_buffer_that_the_kernel_does_not_release_is_given_to_nobody() {
    let Some((driver, _guard)) = driver() else { return };
    let (reader, _writer) = pipe();
    let fd = reader.file().as_raw_fd();
    let weak = Arc::downgrade(&reader);
    let mut read = read_of(&driver, &reader);
    drop(reader);
    driver.harvest(0, &mut Vec::new()).expect("a ring that works");
    // There is no time to wait for the cancel, as if it never came.
    driver.shutdown(0, Duration::ZERO);
    assert_eq!(driver.leaked_count(0), 1);
    let Poll::Ready(landed) = poll(&mut read) else { panic!("its runtime has ended") };
    assert!(landed.result.is_err());
    assert!(landed.resources.is_none(), "the kernel may still write to it");
    drop(read);
    assert!(weak.upgrade().is_some(), "descriptor {fd} stays open");
}

#[test]
fn what_is_started_after_the_end_gives_its_buffer_back() {
    let Some((driver, _guard)) = driver() else { return };
    driver.shutdown(0, Duration::ZERO);
    let (reader, _writer) = pipe();
    let mut read = read_of(&driver, &reader);
    let Poll::Ready(landed) = poll(&mut read) else { panic!("it was refused") };
    assert!(landed.result.unwrap_err().to_string().contains("shut down"));
    assert_eq!(landed.resources.map(|buf| buf.capacity()), Some(16));
}
