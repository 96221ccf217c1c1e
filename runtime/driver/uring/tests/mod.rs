//! Faults of the ring: queues that are too small, completions that match nothing, a kernel that
//! does not answer.
#![expect(unsafe_code, reason = "entries that the driver would never make, and a stolen descriptor")]

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use io_uring::opcode;
use io_uring::squeue::Flags;
use io_uring::types::Fd;
use socket2::Socket;

use crate::driver::backend::Backend;
use crate::driver::file::{self, AT_CURSOR, Descriptor};
use crate::driver::slots::SlotId;
use crate::driver::tests::{LIMIT, bound, counting_waker, drive, harvest_until, pair, receive, stream_pair};
use crate::driver::{Direction, Driver, DriverKind, Options, Registration};
use crate::primitive::atomic::{AtomicUsize, Ordering};

use super::RingWorker;
use super::ring::KERNEL_THREADS_COUNT_MAX;

mod table;

fn driver_of(ring_entries: u32, completion_entries: u32) -> Arc<Driver> {
    let options = Options { kind: DriverKind::Uring, ring_entries, completion_entries, ..Options::default() };
    Driver::new(&options).expect("io_uring")
}

fn worker(driver: &Driver) -> &RingWorker {
    match &driver.backend {
        Backend::Uring(rings) => &rings.workers[0],
        _ => panic!("not a ring"),
    }
}

/// Queues no-ops whose completions carry these names.
fn push_nops(driver: &Driver, names: impl IntoIterator<Item = u64>) {
    let mut worker_ring = worker(driver).worker_ring.lock();
    for name in names {
        // SAFETY: a no-op points to nothing.
        unsafe { worker_ring.ring.push(opcode::Nop::new().build().user_data(name)) };
    }
}

fn arm(registration: &Registration, direction: Direction, waker: &Waker) {
    let mut cx = Context::from_waker(waker);
    assert!(registration.poll_io(direction, &mut cx, receive).is_pending());
}

/// The name of the one operation in flight, which this harvest begins.
fn name_in_flight(driver: &Driver) -> SlotId {
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    worker(driver).worker_ring.lock().in_flight.slots()[0]
}

/// Returns this many registrations of one socket, and its peer.
fn duplicates(count: usize) -> (Vec<Registration>, TcpStream) {
    let (ours, theirs) = stream_pair();
    let ours = Socket::from(ours);
    ours.set_nonblocking(true).expect("non-blocking");
    let registrations =
        (0..count).map(|_| Registration::new_nonblocking(ours.try_clone().expect("duplicate"))).collect();
    (registrations, theirs)
}

#[test]
fn a_submission_queue_of_two_serves_a_thousand_sockets_and_their_cancels() {
    let driver = driver_of(2, 4096);
    let _guard = bound(&driver);
    let (mut registrations, mut peer) = duplicates(1000);
    let (count, waker) = counting_waker();
    registrations.iter().for_each(|registration| arm(registration, Direction::Read, &waker));
    assert_eq!(driver.in_flight(0), 1000);
    // Half of them are cancelled together, and the others wake.
    drop(registrations.split_off(500));
    harvest_until(&driver, || driver.in_flight(0) == 500);
    peer.write_all(b"x").expect("write");
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert_eq!(count.count(), 500);
    assert_eq!(driver.stale_count(0), 0);
}

#[test]
fn a_completion_queue_of_four_delivers_a_thousand_completions() {
    let driver = driver_of(2, 4);
    let _guard = bound(&driver);
    let (registrations, mut peer) = duplicates(1000);
    let (count, waker) = counting_waker();
    registrations.iter().for_each(|registration| arm(registration, Direction::Read, &waker));
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    peer.write_all(b"x").expect("write");
    // Parks only: each must find the completions that the kernel holds back, and none may sleep
    // while there are any.
    let started = Instant::now();
    while count.count() < 1000 {
        let mut wakers = Vec::new();
        driver.park(0, Some(LIMIT), &mut wakers).expect("park");
        assert!(started.elapsed() < LIMIT, "stuck after {} completions", count.count());
        wakers.into_iter().for_each(Waker::wake);
    }
    assert_eq!((driver.in_flight(0), driver.stale_count(0)), (0, 0));
}

#[test]
fn the_doorbell_is_heard_after_the_completion_queue_overflowed() {
    let driver = driver_of(2, 4);
    let _guard = bound(&driver);
    // Something is in flight, so that the worker sleeps in the ring and not on its doorbell's word.
    let (registration, _peer) = pair();
    let (_count, waker) = counting_waker();
    arm(&registration, Direction::Read, &waker);
    for round in 0..200 {
        // Overflow, with a wake-up in the middle of it, which ends the multishot.
        let nop = SlotId::from_bits(u64::MAX >> 8).to_bits();
        push_nops(&driver, (0..16).map(|_| nop));
        driver.ring_doorbell(0);
        push_nops(&driver, (0..16).map(|_| nop));
        while !driver.is_quiet(0) {
            driver.harvest(0, &mut Vec::new()).expect("harvest");
        }
        // Consumes the wake-up above.
        driver.park(0, Some(Duration::ZERO), &mut Vec::new()).expect("park");
        thread::scope(|scope| {
            scope.spawn(|| {
                // It sleeps now, because its lock is taken.
                while driver.try_harvest(0, &mut Vec::new()) {
                    thread::yield_now();
                }
                driver.ring_doorbell(0);
            });
            let started = Instant::now();
            driver.park(0, Some(LIMIT / 2), &mut Vec::new()).expect("park");
            assert!(started.elapsed() < LIMIT / 2, "round {round}: the doorbell is deaf");
        });
    }
}

/// [dozes-for-nothing]: the way in which the sleep ends shows which kind it was.
#[test]
fn a_worker_dozes_only_while_nothing_is_in_flight() {
    let driver = driver_of(8, 64);
    let _guard = bound(&driver);
    let rings_read = || {
        let mut doorbell =
            File::from(worker(&driver).doorbell.as_fd().try_clone_to_owned().expect("duplicate"));
        doorbell.read(&mut [0; 8]).is_ok()
    };
    let park_until_rung = |is_asleep: &(dyn Fn() -> bool + Sync)| {
        thread::scope(|scope| {
            scope.spawn(|| {
                let started = Instant::now();
                while !is_asleep() {
                    assert!(started.elapsed() < LIMIT, "it does not sleep as it should");
                    thread::yield_now();
                }
                driver.ring_doorbell(0);
            });
            let started = Instant::now();
            driver.park(0, Some(LIMIT), &mut Vec::new()).expect("park");
            assert!(started.elapsed() < LIMIT / 2, "the doorbell is deaf");
        });
    };
    park_until_rung(&|| worker(&driver).wake_up.is_dozing());
    assert!(!rings_read(), "nobody slept in the ring");

    let (registration, mut peer) = pair();
    let (count, waker) = counting_waker();
    arm(&registration, Direction::Read, &waker);
    // It holds the lock while it sleeps in the ring, which first begins the operations in the
    // outbox.
    park_until_rung(&|| {
        worker(&driver).worker_ring.try_lock().is_none()
            && driver.in_flight(0) == 1
            && !worker(&driver).wake_up.is_dozing()
    });
    assert!(rings_read(), "it was in the ring that it slept");
    peer.write_all(b"x").expect("write");
    harvest_until(&driver, || count.count() == 1 && driver.is_quiet(0));
    park_until_rung(&|| worker(&driver).wake_up.is_dozing());
}

#[test]
fn a_completion_of_an_older_generation_does_not_reach_the_newer_operation() {
    let driver = driver_of(8, 8);
    let _guard = bound(&driver);
    let (count, waker) = counting_waker();
    let old_name = {
        let (old, _peer) = pair();
        arm(&old, Direction::Read, &waker);
        let name = name_in_flight(&driver);
        drop(old);
        harvest_until(&driver, || driver.in_flight(0) == 0);
        name
    };
    let (new, mut peer) = pair();
    arm(&new, Direction::Read, &waker);
    let new_name = name_in_flight(&driver);
    assert_ne!(old_name, new_name);
    assert_eq!(old_name.to_bits() as u32, new_name.to_bits() as u32, "the place is used again");
    push_nops(&driver, [old_name.to_bits()]);
    harvest_until(&driver, || driver.stale_count(0) == 1);
    assert_eq!((driver.in_flight(0), count.count()), (1, 0));
    peer.write_all(b"x").expect("write");
    assert_eq!(drive(&driver, new.async_io(Direction::Read, receive)).expect("receive"), b"x");
}

#[test]
fn completions_with_unknown_names_are_counted_and_harm_nobody() {
    let driver = driver_of(8, 64);
    let _guard = bound(&driver);
    let (registration, mut peer) = pair();
    let (_count, waker) = counting_waker();
    arm(&registration, Direction::Read, &waker);
    let name = name_in_flight(&driver).to_bits();
    let unknown = [name ^ (1 << 40), name ^ 1, name + (1 << 20), u64::MAX, u64::MAX - 1, 1 << 63];
    push_nops(&driver, unknown);
    harvest_until(&driver, || driver.stale_count(0) == unknown.len() as u64);
    assert_eq!(driver.in_flight(0), 1);
    peer.write_all(b"x").expect("write");
    assert_eq!(drive(&driver, registration.async_io(Direction::Read, receive)).expect("receive"), b"x");
}

#[test]
fn a_ring_that_answers_errors_frees_nothing_and_loses_nothing() {
    // Smaller than the number of entries that are pushed while the ring is broken.
    let driver = driver_of(2, 64);
    let _guard = bound(&driver);
    let (registrations, peer) = duplicates(10);
    let (kept, mut kept_peer) = pair();
    let (count, waker) = counting_waker();
    let ring_fd = worker(&driver).worker_ring.lock().ring.as_raw_fd();
    // SAFETY: plain system calls on descriptors that this test knows.
    let spare_fd = unsafe { libc::dup(ring_fd) };
    let null = File::open("/dev/null").expect("open");
    // SAFETY: as above. The ring's descriptor now names another file.
    assert_eq!(unsafe { libc::dup2(null.as_raw_fd(), ring_fd) }, ring_fd);
    arm(&kept, Direction::Read, &waker);
    registrations.iter().for_each(|registration| arm(registration, Direction::Read, &waker));
    driver.harvest(0, &mut Vec::new()).expect_err("not a ring");
    driver.park(0, Some(Duration::ZERO), &mut Vec::new()).expect_err("not a ring");
    drop(registrations);
    driver.harvest(0, &mut Vec::new()).expect_err("not a ring");
    assert_eq!(driver.in_flight(0), 11, "an operation that was pushed is in flight");
    peer.set_nonblocking(true).expect("non-blocking");
    assert!((&peer).read(&mut [0]).is_err(), "the socket was closed under the kernel");
    // SAFETY: as above. The ring is back, and takes the entries that were pushed, and the cancels.
    assert_eq!(unsafe { libc::dup2(spare_fd, ring_fd) }, ring_fd);
    // SAFETY: as above.
    unsafe { libc::close(spare_fd) };
    harvest_until(&driver, || driver.in_flight(0) == 1);
    assert_eq!((count.count(), driver.stale_count(0)), (0, 0));
    kept_peer.write_all(b"x").expect("write");
    harvest_until(&driver, || driver.in_flight(0) == 0);
    assert_eq!(count.count(), 1);
}

/// E6: the kernel stops behind an entry that it refuses, and takes the rest at another entry.
#[test]
fn entries_behind_one_that_the_kernel_refuses_are_submitted_as_well() {
    let driver = driver_of(8, 64);
    let _guard = bound(&driver);
    let nop = SlotId::from_bits(u64::MAX >> 8).to_bits();
    for round in 1..=20 {
        push_nops(&driver, [nop]);
        {
            let mut worker_ring = worker(&driver).worker_ring.lock();
            // A no-op has no use for a buffer of the ring's.
            let refused = opcode::Nop::new().build().flags(Flags::BUFFER_SELECT).user_data(nop);
            // SAFETY: a no-op points to nothing.
            unsafe { worker_ring.ring.push(refused) };
        }
        push_nops(&driver, [nop, nop]);
        // No-ops end when they are submitted: each harvest brings some, until there are none.
        for _ in 0..4 {
            driver.harvest(0, &mut Vec::new()).expect("harvest");
        }
        assert_eq!(driver.stale_count(0), 4 * round, "entries were forgotten");
    }
}

#[test]
fn what_does_not_land_in_time_is_leaked_and_counted() {
    let driver = driver_of(8, 64);
    let guard = bound(&driver);
    let (registration, peer) = pair();
    let (count, waker) = counting_waker();
    arm(&registration, Direction::Read, &waker);
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    driver.shutdown(0, Duration::ZERO);
    assert_eq!((driver.in_flight(0), driver.leaked_count(0), count.count()), (0, 1, 1));
    drop((registration, guard));
    peer.set_nonblocking(true).expect("non-blocking");
    assert!((&peer).read(&mut [0]).is_err(), "a leaked socket stays open");
}

#[test]
fn a_second_thread_cannot_bind_a_ring_that_has_an_owner() {
    let driver = driver_of(8, 64);
    let _guard = bound(&driver);
    let outcome =
        thread::scope(|scope| scope.spawn(|| driver.bind_worker(0).map(drop)).join().expect("join"));
    let error = outcome.expect_err("the ring has an owner").to_string();
    assert!(error.contains("the thread that bound the worker first"), "{error}");
}

#[test]
fn descriptors_are_closed_on_exec() {
    let driver = driver_of(8, 64);
    let ring_fd = worker(&driver).worker_ring.lock().ring.as_raw_fd();
    let doorbell_fd = worker(&driver).doorbell.as_raw_fd();
    for fd in [ring_fd, doorbell_fd] {
        // SAFETY: a plain system call.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
        assert_ne!(flags & libc::FD_CLOEXEC, 0);
    }
}

#[test]
fn only_what_a_pinned_task_asks_for_cannot_be_taken_over() {
    let driver = driver_of(8, 64);
    let _guard = bound(&driver);
    let (_count, waker) = counting_waker();
    let ((movable, _peer), (pinned, _other_peer)) = (pair(), pair());
    let begun_and_not = || {
        let worker_ring = worker(&driver).worker_ring.lock();
        (worker_ring.in_flight.len(), worker_ring.outbox.len())
    };
    arm(&movable, Direction::Read, &waker);
    assert_eq!(begun_and_not(), (0, 1));
    crate::driver::pinned(|| arm(&pinned, Direction::Read, &waker));
    assert_eq!(begun_and_not(), (1, 1));
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    assert_eq!(begun_and_not(), (2, 0));
}

#[test]
fn operations_past_the_page_cache_are_begun_in_groups_before_the_next_turn() {
    let driver = driver_of(8, 64);
    let _guard = bound(&driver);
    let (_count, waker) = counting_waker();
    let (movable, _peer) = pair();
    let begun_and_not = || {
        let worker_ring = worker(&driver).worker_ring.lock();
        (worker_ring.in_flight.len(), worker_ring.outbox.len())
    };
    // There is nothing to read yet, and the read is marked as one that bypasses the page cache.
    let (reader, _writer) = UnixStream::pair().expect("two descriptors");
    let file = Arc::new(Descriptor::new(OwnedFd::from(reader).into(), false, true));
    let read = || file::read(&file, vec![0_u8; 1], AT_CURSOR);
    arm(&movable, Direction::Read, &waker);
    let _group = [read(), read(), read()];
    assert_eq!(begun_and_not(), (0, 4));
    let _last = read();
    assert_eq!(begun_and_not(), (4, 1), "what may be taken over stays");
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    assert_eq!(begun_and_not(), (5, 0));
}

/// Without an interrupt they would wait for the kernel's timer: 2 ms in the median where it ticks
/// every 4 ms.
#[test]
fn completions_of_a_worker_that_computes_are_reaped_at_once() {
    if num_cpus::get() < 2 {
        eprintln!("SKIPPED: with one core, the worker does not compute while a thief looks");
        return;
    }
    let driver = Driver::new(&Options { kind: DriverKind::Uring, workers: 2, ..Options::default() })
        .expect("io_uring");
    let (registration, mut peer) = {
        let _guard = driver.enter();
        pair()
    };
    // Odd: the worker is to wait for a byte. Even: it does, and computes. The last: it ends.
    let turn = AtomicUsize::new(1);
    thread::scope(|scope| {
        scope.spawn(|| compute_between_waits(&driver, &registration, &turn));
        let _end = EndOfTurns(&turn);
        let mut latency = || {
            // Ordering: SeqCst: a test.
            while turn.load(Ordering::SeqCst) % 2 == 1 {
                std::hint::spin_loop();
            }
            let written = Instant::now();
            peer.write_all(b"x").expect("write");
            let mut wakers = Vec::new();
            while wakers.is_empty() {
                assert!(written.elapsed() < LIMIT, "the completion was lost");
                driver.try_harvest(0, &mut wakers);
            }
            turn.fetch_add(1, Ordering::SeqCst);
            written.elapsed()
        };
        // Where other programs compete for the cores, the worker may not be running at all, so one
        // quiet moment is enough.
        let started = Instant::now();
        loop {
            let mut latencies: Vec<_> = (0..15).map(|_| latency()).collect();
            latencies.sort_unstable();
            if latencies[7] < Duration::from_micros(500) {
                break;
            }
            assert!(started.elapsed() < LIMIT, "{latencies:?}");
        }
    });
    driver.shutdown(0, Duration::ZERO);
}

/// Ends the worker below, whatever happens to the test.
struct EndOfTurns<'a>(&'a AtomicUsize);

impl Drop for EndOfTurns<'_> {
    fn drop(&mut self) {
        // Ordering: SeqCst: a test.
        self.0.store(usize::MAX, Ordering::SeqCst);
    }
}

/// A worker that enters the kernel only to wait for the next byte.
fn compute_between_waits(driver: &Arc<Driver>, registration: &Registration, turn: &AtomicUsize) {
    let _guard = driver.bind_worker(0).expect("bind");
    let (_count, waker) = counting_waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        // Ordering: SeqCst: a test.
        match turn.load(Ordering::SeqCst) {
            usize::MAX => return,
            count if count % 2 == 1 => {
                while registration.poll_io(Direction::Read, &mut cx, receive).is_ready() {}
                driver.harvest(0, &mut Vec::new()).expect("harvest");
                // Unless the test has ended in the meantime.
                let _ = turn.compare_exchange(count, count + 1, Ordering::SeqCst, Ordering::SeqCst);
            }
            _ => std::hint::spin_loop(),
        }
    }
}

/// D11: without the limit each of these has its own thread. They are splices, because nothing else
/// waits in a thread if it could be polled for instead.
#[test]
fn the_kernel_starts_few_threads_for_waits_without_an_end() {
    const SPLICES_COUNT: u64 = 300;
    let driver = driver_of(8, 1024);
    let _guard = bound(&driver);
    let limits = worker(&driver).worker_ring.lock().ring.kernel_threads_count_max();
    assert_eq!(limits, KERNEL_THREADS_COUNT_MAX);
    let (reader, mut writer) = pipe();
    let null = File::create("/dev/null").expect("open");
    {
        let mut worker_ring = worker(&driver).worker_ring.lock();
        for _ in 0..SPLICES_COUNT {
            let splice = opcode::Splice::new(Fd(reader.as_raw_fd()), -1, Fd(null.as_raw_fd()), -1, 1).build();
            let name = SlotId::from_bits(u64::MAX >> 8).to_bits();
            // SAFETY: it points to no memory, and both files are open until every splice has ended.
            unsafe { worker_ring.ring.push(splice.flags(Flags::ASYNC).user_data(name)) };
        }
    }
    driver.harvest(0, &mut Vec::new()).expect("harvest");
    let most = usize::try_from(KERNEL_THREADS_COUNT_MAX[1]).expect("a small number");
    let started = Instant::now();
    // They come one after the other, as the machine finds the time. A hundred looks without a new
    // one mean that there are no more.
    let (mut seen_count, mut unchanged_count) = (0, 0);
    while unchanged_count < 100 {
        thread::sleep(Duration::from_millis(1));
        let count = kernel_threads_count();
        unchanged_count = if count == seen_count && count >= 2 { unchanged_count + 1 } else { 0 };
        seen_count = count;
        assert!(started.elapsed() < LIMIT, "{seen_count} threads, and not at rest");
    }
    assert!(seen_count <= most, "{seen_count} threads for {SPLICES_COUNT} splices");
    // The waiting ones begin when others end, and none is lost.
    writer.write_all(&[7; SPLICES_COUNT as usize]).expect("write");
    harvest_until(&driver, || driver.stale_count(0) == SPLICES_COUNT);
}

fn pipe() -> (File, File) {
    let mut fds = [0; 2];
    // SAFETY: the pointer is to room for two descriptors.
    assert_eq!(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
    // SAFETY: the descriptors are new and nobody else's.
    let [reader, writer] = fds.map(|fd| unsafe { File::from_raw_fd(fd) });
    (reader, writer)
}

/// The number of threads that the kernel started for this thread's rings: each is named after it.
fn kernel_threads_count() -> usize {
    let own = std::fs::read_link("/proc/thread-self").expect("procfs is mounted");
    let own = own.file_name().expect("a number").to_string_lossy().into_owned();
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs is mounted");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == format!("iou-wrk-{own}")).count()
}
