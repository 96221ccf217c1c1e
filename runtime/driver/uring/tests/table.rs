//! The memory that a ring has registered, from the first operation with it to the last reference.

use std::fs::File;
use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::buf::{FixedBuf, FixedBufPool, FixedMemory, IoBuf, IoBufMut};
use crate::driver::backend::Backend;
use crate::driver::file::{AT_CURSOR, Descriptor, FileOp, Landed, RingFor};
use crate::driver::tests::{bound, harvest_until};
use crate::driver::{Driver, DriverKind, Options};

use super::pipe as files_of_pipe;
use crate::driver::uring::table::BUFFER_INDEXES_COUNT;

fn driver() -> Arc<Driver> {
    Driver::new(&Options { kind: DriverKind::Uring, ..Options::default() }).expect("io_uring")
}

/// How many indexes of the table are taken.
fn taken_count(driver: &Driver) -> usize {
    match &driver.backend {
        Backend::Uring(rings) => rings.workers[0].worker_ring.lock().table.taken_count(),
        _ => panic!("not a ring"),
    }
}

fn pipe() -> (Arc<Descriptor>, File) {
    let (reader, writer) = files_of_pipe();
    (Arc::new(Descriptor::inspect(reader)), writer)
}

/// Waits on the ring until there is something to read.
fn read<B: IoBufMut>(driver: &Arc<Driver>, file: &Arc<Descriptor>, buf: B) -> FileOp<B> {
    let mut read = RingFor::on(driver).read(file.clone(), buf, AT_CURSOR);
    assert!(poll(&mut read).is_pending());
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    read
}

fn poll<R: Send + 'static>(submission: &mut FileOp<R>) -> Poll<Landed<R>> {
    Pin::new(submission).poll(&mut Context::from_waker(Waker::noop()))
}

/// Returns the buffer, with the bytes that were written to the pipe.
fn landed<R: Send + 'static>(
    driver: &Arc<Driver>,
    mut read: FileOp<R>,
) -> (std::io::Result<usize>, Option<R>) {
    let mut end = None;
    harvest_until(driver, || match poll(&mut read) {
        Poll::Ready(landed) => {
            end = Some(landed);
            true
        }
        Poll::Pending => false,
    });
    let landed = end.expect("it has landed");
    (landed.result, landed.resources)
}

fn memory_of(buf: &FixedBuf) -> Weak<FixedMemory> {
    Arc::downgrade(buf.fixed_memory().expect("the pool's"))
}

/// Reads one byte through the ring.
fn use_once(driver: &Arc<Driver>, buf: FixedBuf) -> FixedBuf {
    let (file, mut writer) = pipe();
    let read = read(driver, &file, buf);
    writer.write_all(b"x").expect("write");
    let (result, buf) = landed(driver, read);
    let buf = buf.expect("given back");
    assert_eq!((result.expect("read"), buf[0]), (1, b'x'));
    buf
}

#[test]
fn all_buffers_of_a_pool_are_one_index_taken_at_the_first_operation() {
    let driver = driver();
    let _guard = bound(&driver);
    let pool = FixedBufPool::new(4, 4096).expect("memory");
    assert_eq!((taken_count(&driver), pool.rings_count()), (0, 0));
    let bufs: Vec<_> = (0..4).map(|_| use_once(&driver, pool.take())).collect();
    assert_eq!((taken_count(&driver), pool.rings_count()), (1, 1));
    assert!(pool.refusal().is_none());
    // For each also a part, which begins where no buffer does.
    for buf in bufs {
        let (file, mut writer) = pipe();
        let read = read(&driver, &file, buf.slice(1000, 10));
        writer.write_all(b"a part of it").expect("write");
        let (result, part) = landed(&driver, read);
        assert_eq!(result.expect("read"), 10);
        assert_eq!(part.expect("given back").into_inner()[999..1011], *b"\0a part of \0");
    }
    assert_eq!(taken_count(&driver), 1);
}

/// [registered-is-held]: an index that is emptied without the table causes an error.
#[test]
fn an_operation_names_the_index_of_its_buffer() {
    let driver = driver();
    let _guard = bound(&driver);
    let pool = FixedBufPool::new(1, 4096).expect("memory");
    let buf = use_once(&driver, pool.take());
    let Backend::Uring(rings) = &driver.backend else { panic!("not a ring") };
    rings.workers[0].worker_ring.lock().ring.unregister(0).expect("there it was");
    let (file, mut writer) = pipe();
    let mut read = RingFor::on(&driver).read(file, buf, AT_CURSOR);
    assert!(poll(&mut read).is_pending());
    writer.write_all(b"for nobody").expect("write");
    let (result, buf) = landed(&driver, read);
    assert_eq!(result.expect_err("nothing is there").raw_os_error(), Some(libc::EFAULT));
    let (_reader, writer) = pipe();
    let writer = Arc::new(Descriptor::inspect(writer));
    let write = RingFor::on(&driver).write(writer, buf.expect("given back"), (), AT_CURSOR);
    let (result, _) = landed(&driver, write);
    assert_eq!(result.expect_err("nothing is there").raw_os_error(), Some(libc::EFAULT));
}

/// [registered-is-held], [owned-until-terminal].
#[test]
fn memory_is_freed_when_its_last_operation_is_over_and_the_ring_has_released_it() {
    let driver = driver();
    let _guard = bound(&driver);
    let (file, _writer) = pipe();
    let pool = FixedBufPool::new(2, 4096).expect("memory");
    let buf = pool.take();
    let memory = memory_of(&buf);
    let read = read(&driver, &file, buf);
    assert_eq!(taken_count(&driver), 1);
    drop(pool);
    drop(read);
    assert!(memory.upgrade().is_some(), "the kernel has it still");
    harvest_until(&driver, || driver.in_flight(0) == 0);
    // The request to unregister came after the harvest that freed the buffer.
    harvest_until(&driver, || memory.upgrade().is_none());
    assert_eq!(taken_count(&driver), 0);
}

/// [registered-is-held]: an index that was given up names the new memory, not the old.
#[test]
fn an_index_is_used_again_and_never_for_the_memory_before() {
    let driver = driver();
    let _guard = bound(&driver);
    for _ in 0..200 {
        let pool = FixedBufPool::new(8, 4096).expect("memory");
        use_once(&driver, pool.take());
        assert_eq!((pool.rings_count(), pool.refusal().is_none()), (1, true));
        drop(pool);
        // The next may be submitted before the request was read, or after it.
        if taken_count(&driver) % 2 == 0 {
            driver.harvest(0, &mut Vec::new()).expect("harvest");
        }
    }
    harvest_until(&driver, || taken_count(&driver) == 0);
}

#[test]
fn pools_beyond_the_table_do_without_and_report_why() {
    let driver = driver();
    let _guard = bound(&driver);
    let pools: Vec<_> =
        (0..=BUFFER_INDEXES_COUNT).map(|_| FixedBufPool::new(1, 16).expect("memory")).collect();
    for pool in &pools {
        use_once(&driver, use_once(&driver, pool.take()));
    }
    let (last, others) = pools.split_last().expect("there are some");
    assert!(others.iter().all(|pool| pool.rings_count() == 1 && pool.refusal().is_none()));
    assert_eq!(last.rings_count(), 0);
    assert!(last.refusal().expect("refused").to_string().contains("fewer and larger"));
    drop(pools);
    harvest_until(&driver, || taken_count(&driver) == 0);
    // There is room again.
    let pool = FixedBufPool::new(1, 16).expect("memory");
    use_once(&driver, pool.take());
    assert_eq!(pool.rings_count(), 1);
}

#[test]
fn a_ring_that_shuts_down_releases_what_is_not_dropped_yet() {
    let driver = driver();
    let _guard = bound(&driver);
    let (file, _writer) = pipe();
    let pool = FixedBufPool::new(2, 4096).expect("memory");
    let mut read = read(&driver, &file, pool.take());
    driver.shutdown(0, Duration::from_secs(5));
    assert_eq!((taken_count(&driver), pool.rings_count(), driver.leaked_count(0)), (0, 0, 0));
    assert!(matches!(poll(&mut read), Poll::Ready(landed) if landed.result.is_err()));
    drop(read);
    assert_eq!(pool.idle_count(), 2);
}

/// [owned-until-terminal].
#[test]
fn memory_that_the_kernel_does_not_release_is_never_freed() {
    let driver = driver();
    let _guard = bound(&driver);
    let (file, _writer) = pipe();
    let pool = FixedBufPool::new(1, 4096).expect("memory");
    let buf = pool.take();
    let memory = memory_of(&buf);
    let mut read = read(&driver, &file, buf);
    // There is no time to wait for the cancel, as if it never came.
    driver.shutdown(0, Duration::ZERO);
    assert_eq!(driver.leaked_count(0), 1);
    assert!(matches!(poll(&mut read), Poll::Ready(landed) if landed.resources.is_none()));
    drop((read, pool));
    drop((_guard, driver));
    assert!(memory.upgrade().is_some(), "the kernel may still write to it");
}

#[test]
fn a_buffer_of_another_driver_is_read_into_and_not_registered() {
    let (ours, theirs) = (driver(), driver());
    let pool = {
        let _guard = bound(&theirs);
        FixedBufPool::new(1, 4096).expect("memory")
    };
    let _guard = bound(&ours);
    use_once(&ours, pool.take());
    assert_eq!((taken_count(&ours), taken_count(&theirs), pool.rings_count()), (0, 0, 0));
    drop(theirs);
    use_once(&ours, pool.take());
    assert_eq!(taken_count(&ours), 0);
}
