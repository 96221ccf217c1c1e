//! Flights on a real ring and on the blocking pool: where the resources are at every end.

use std::any::Any;
use std::fs::File;
use std::future::Future;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use super::perform::one_by_one;
use super::request::Region;
use super::{AT_CURSOR, Descriptor, FileOp, Landed, Request, read, start, start_holding};
use crate::blocking::{self, Host, Limits, Pool};
use crate::driver::{Driver, DriverGuard, DriverKind, Options};
use crate::system::path::SystemPath;
use crate::task::Runnable;

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

fn read_of(file: &Arc<Descriptor>) -> FileOp<Vec<u8>> {
    read(file, Vec::with_capacity(16), AT_CURSOR)
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
    let mut read = read_of(&reader);
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

/// [released-with-result]: a writer that opens a FIFO must not meet a reader that is gone.
#[test]
fn a_file_closes_with_its_last_user_while_the_worker_still_has_the_operation() {
    let Some((driver, _guard)) = driver() else { return };
    let (reader, mut writer) = pipe();
    let mut read = read_of(&reader);
    let of_worker = read.flight();
    writer.write_all(b"hello").unwrap();
    harvest_until(&driver, || driver.in_flight(0) == 0);
    let Poll::Ready(landed) = poll(&mut read) else { panic!("it has landed") };
    assert_eq!(landed.result.unwrap(), 5);
    drop((read, reader));
    assert_eq!(writer.write_all(b"hello").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    drop(of_worker);
    driver.shutdown(0, Duration::from_secs(5));
}

#[test]
fn a_dropped_read_is_cancelled_and_keeps_its_descriptor_until_then() {
    let Some((driver, _guard)) = driver() else { return };
    let (reader, _writer) = pipe();
    let weak = Arc::downgrade(&reader);
    let mut read = read_of(&reader);
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
    let mut read = read_of(&reader);
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
    let mut read = read_of(&reader);
    let Poll::Ready(landed) = poll(&mut read) else { panic!("it was refused") };
    assert!(landed.result.unwrap_err().to_string().contains("shut down"));
    assert_eq!(landed.resources.map(|buf| buf.capacity()), Some(16));
}

/// A runtime that consists of a pool.
struct PoolAlone(Pool);

impl PoolAlone {
    fn of_threads(threads_count_max: usize) -> Arc<PoolAlone> {
        let keep_alive = Duration::from_secs(1);
        let thread_name = "blocking".to_owned();
        Arc::new(PoolAlone(Pool::new(Limits {
            threads_count_max,
            keep_alive,
            thread_name,
            stack_size: None,
            hooks: crate::blocking::ThreadHooks::default(),
            observation: None,
        })))
    }
}

impl Host for PoolAlone {
    fn run_blocking(self: Arc<Self>, _task: Runnable) {
        unreachable!("a flight is no task")
    }

    fn pool(&self) -> &Pool {
        &self.0
    }

    fn call_inside(self: Arc<Self>, call: &mut dyn FnMut()) {
        call();
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// A driver without rings, and a pool, both of this thread.
fn without_rings(host: &Arc<PoolAlone>) -> (Arc<Driver>, DriverGuard, blocking::HostGuard) {
    let driver = Driver::new(&Options { kind: DriverKind::Poll, ..Options::default() }).expect("a poller");
    let guard = driver.bind_worker(0).expect("a poller can be bound");
    (driver, guard, blocking::enter(host.clone()))
}

fn wait<R: Send + 'static>(mut file_op: FileOp<R>) -> Landed<R> {
    for _ in 0..10_000 {
        if let Poll::Ready(landed) = poll(&mut file_op) {
            return landed;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("nothing came in ten seconds");
}

/// A read that a ring has, which ends with ECANCELED.
fn cancelled(read: &FileOp<Vec<u8>>) {
    let error = io::Error::from_raw_os_error(libc::ECANCELED);
    read.flight().finish(Err(error), &mut Vec::new());
}

#[test]
fn an_error_that_a_stream_may_report_only_once_is_returned() {
    let Some((driver, _guard)) = driver() else { return };
    let _entered = blocking::enter(PoolAlone::of_threads(1));
    let (reader, _writer) = pipe();
    let mut read = read_of(&reader);
    assert!(poll(&mut read).is_pending());
    cancelled(&read);
    let Poll::Ready(landed) = poll(&mut read) else { panic!("it is performed again") };
    assert_eq!(landed.result.as_ref().unwrap_err().raw_os_error(), Some(libc::ECANCELED));
    driver.shutdown(0, Duration::from_secs(5));
    drop(landed);
}

#[test]
fn a_read_for_which_a_ring_has_no_thread_is_performed_on_the_pool() {
    let Some((driver, _guard)) = driver() else { return };
    let _entered = blocking::enter(PoolAlone::of_threads(1));
    let file = tempfile::tempfile().unwrap();
    (&file).write_all(b"hello").unwrap();
    let file = Arc::new(Descriptor::inspect(file));
    let mut read = read(&file, Vec::with_capacity(16), 0);
    assert!(poll(&mut read).is_pending());
    // Before the ring has it: it was not harvested.
    cancelled(&read);
    let landed = wait(read);
    assert_eq!(landed.result.unwrap(), 5);
    assert_eq!(landed.resources.as_deref(), Some(&b"hello"[..]));
    driver.shutdown(0, Duration::from_secs(5));
}

fn make_dir(path: &Path) -> Request {
    Request::MakeDir { path: SystemPath::new(path).expect("no zero byte") }
}

#[test]
fn the_pool_returns_the_result_with_what_was_held() {
    let host = PoolAlone::of_threads(1);
    let (_driver, _guard, _entered) = without_rings(&host);
    let directory = tempfile::tempdir().unwrap();
    let made = wait(start_holding("held", make_dir(&directory.path().join("new"))));
    assert_eq!((made.result.unwrap(), made.resources), (0, Some("held")));
    let again = wait(start_holding("held", make_dir(&directory.path().join("new"))));
    assert_eq!(again.result.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(again.resources, Some("held"));
}

#[test]
fn a_call_that_waits_for_a_thread_when_the_runtime_ends_is_still_made() {
    let host = PoolAlone::of_threads(1);
    let (_driver, _guard, _entered) = without_rings(&host);
    let (release, released) = mpsc::channel::<()>();
    host.0.run(Box::new(move || {
        let _ = released.recv();
    }));
    let file = Arc::new(Descriptor::inspect(tempfile::tempfile().unwrap()));
    let waiting = read(&file, Vec::with_capacity(16), 0);
    host.0.close();
    drop(release);
    let landed = wait(waiting);
    assert_eq!(landed.result.unwrap(), 0, "the file is empty");
    assert_eq!(landed.resources.map(|buf| buf.capacity()), Some(16));
}

#[test]
fn a_call_that_was_dropped_before_it_began_is_not_made() {
    let host = PoolAlone::of_threads(1);
    let (_driver, _guard, _entered) = without_rings(&host);
    let (release, released) = mpsc::channel::<()>();
    host.0.run(Box::new(move || {
        let _ = released.recv();
    }));
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("first"), directory.path().join("second"));
    let held = Arc::new(());
    drop(start_holding(held.clone(), make_dir(&first)));
    let behind = start(make_dir(&second));
    drop(release);
    wait(behind).result.unwrap();
    assert!(second.exists() && !first.exists());
    assert_eq!(Arc::strong_count(&held), 1, "what it held is dropped all the same");
}

#[test]
fn a_dropped_read_on_the_pool_keeps_its_descriptor_until_it_is_over() {
    let host = PoolAlone::of_threads(1);
    let (_driver, _guard, _entered) = without_rings(&host);
    let (reader, mut writer) = pipe();
    let weak = Arc::downgrade(&reader);
    let mut waiting = read_of(&reader);
    assert!(poll(&mut waiting).is_pending());
    // The read begins before it is given up, or else it is not made at all.
    while !is_asleep_in_a_read("heist-stream") {
        thread::yield_now();
    }
    drop((waiting, reader));
    assert!(weak.upgrade().is_some(), "the thread has it still");
    writer.write_all(b"hello").unwrap();
    while weak.upgrade().is_some() {
        thread::yield_now();
    }
}

/// Whether a thread of this name is in the system call `read`.
fn is_asleep_in_a_read(name: &str) -> bool {
    std::fs::read_dir("/proc/self/task").unwrap().flatten().any(|thread| {
        let of = |file: &str| std::fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        of("comm").trim_end() == name && of("syscall").starts_with(&format!("{} ", libc::SYS_read))
    })
}

/// Bytes behind a gap would be in the wrong place.
#[test]
fn stretches_behind_one_that_was_moved_in_part_are_left_alone() {
    let list =
        [b"one".to_vec(), b"two".to_vec(), b"six".to_vec()].map(|bytes| Region::bytes(&bytes).stretch());
    let mut offsets = Vec::new();
    let total = one_by_one(&list, 10, |stretch, offset| {
        offsets.push(offset);
        Ok(stretch.len() - offsets.len() / 2)
    });
    assert_eq!((total.unwrap(), offsets), (5, vec![10, 13]));
    let failing = |_, offset| if offset == 0 { Ok(3) } else { Err(io::ErrorKind::StorageFull.into()) };
    assert_eq!(one_by_one(&list, 0, failing).unwrap(), 3);
    assert!(one_by_one(&list, 1, failing).is_err());
}
