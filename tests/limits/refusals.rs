//! What the kernel grants to one worker and refuses to the next.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use heist::runtime::{Builder, DriverKind};

use crate::rings_count;
use crate::support::process::{
    again, become_nobody, expect_success, in_a_child, is_root, limit_threads, open_fds_count, role,
    threads_count,
};
use crate::support::supervisor::supervise;
use crate::support::wait::soon;
use crate::support::{Shape, backends, builder, echo, eventually, has_uring, loud, watched};

/// D1, D8, P12: workers never split between two drivers, and the ring of the first is given back.
#[test]
fn rings_refused_to_the_second_worker_are_given_back_and_all_poll() {
    let name = "refusals::rings_refused_to_the_second_worker_are_given_back_and_all_poll";
    if role().is_some() {
        return watched(second_ring_is_refused);
    }
    if has_uring() {
        for errno in [libc::EPERM, libc::ENOMEM, libc::EMFILE] {
            let text = expect_success(&mut again(name, &errno.to_string()));
            println!("{text}");
        }
    }
}

fn second_ring_is_refused() {
    let errno: i32 = role().expect("a child").parse().expect("an errno");
    let granted = |count: usize| count % 2 == 0;
    // The first of every two rings is granted: each try gets one, and is refused the other.
    supervise(&[libc::SYS_io_uring_setup], move |_, count| (!granted(count)).then_some(errno));
    let build = |kind| Builder::new_multi_thread().worker_threads(2).driver(kind).build();

    let error = build(DriverKind::Uring).map(drop).expect_err("the second ring is refused");
    assert_eq!(error.kind(), std::io::Error::from_raw_os_error(errno).kind(), "{error}");
    assert_ne!(error.kind(), ErrorKind::InvalidInput);
    for word in ["io_uring_setup", "HEIST_DRIVER"] {
        assert!(error.to_string().contains(word), "{word} is not named: {error}");
    }
    assert_eq!(rings_count(), 0, "the first worker's ring was left behind");

    let runtime = build(DriverKind::Auto).expect("polls");
    assert_eq!(runtime.driver_name(), "poll");
    let rings = std::fs::read_dir("/proc/self/fd").expect("procfs is mounted");
    let is_ring = |target: std::path::PathBuf| target.as_os_str() == "anon_inode:[io_uring]";
    let rings =
        rings.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok()).filter(|fd| is_ring(fd.clone()));
    assert_eq!(rings.count(), 0, "the first worker's ring was left behind");
    let (address, server) = echo::start(&runtime);
    for _ in 0..20 {
        let mut client = std::net::TcpStream::connect(address).expect("it listens");
        assert_eq!(echo::round_trip_blocking(&mut client, b"served"), b"served");
    }
    server.abort();
    drop(runtime);

    // One worker needs one ring, which is granted.
    let alone = Builder::new_multi_thread().worker_threads(1).driver(DriverKind::Uring).build();
    assert_eq!(alone.expect("one ring is granted").driver_name(), "io_uring");
}

/// D2: a ring that may start no thread of the kernel's answers ECANCELED, and the pool has no thread either.
#[test]
fn files_are_served_although_no_thread_can_start() {
    in_a_child("refusals::files_are_served_although_no_thread_can_start", |rt| {
        let file = heist::fs::File::from_std(tempfile::tempfile().expect("a temporary file"));
        limit_threads(1);
        assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "the limit holds");
        let work = async move {
            for round in 0..5 {
                assert_eq!(file.write_owned_at(vec![7; 100], round).await.0.expect("written"), 100);
                file.sync_all().await.expect("synced");
                assert_eq!(file.metadata().await.expect("metadata").len(), 100 + round);
                heist::fs::metadata("/").await.expect("metadata of a path");
                drop(heist::fs::File::open("/proc/self/maps").await.expect("opened"));
                let (mut near, mut far) = heist::net::UnixStream::pair().expect("there are descriptors");
                assert_eq!(near.send_file(&file, 0, 50).await.expect("sent"), 50);
                far.read_exact(&mut [0; 50]).await.expect("it is connected");
            }
        };
        rt.block_on(async { soon("the end", heist::spawn(work)).await.expect("no panic") });
    });
}

/// D1: the thread of a worker does not start. The build fails, and what it had begun is gone.
#[test]
fn a_worker_whose_thread_does_not_start_fails_the_build_and_leaves_nothing() {
    let name = "refusals::a_worker_whose_thread_does_not_start_fails_the_build_and_leaves_nothing";
    let Some(kind) = role() else {
        for kind in backends() {
            expect_success(&mut again(name, &kind.to_string()));
        }
        return;
    };
    watched(|| {
        let kind = kind.parse().expect("the role is a back end");
        let granted_count = Arc::new(AtomicUsize::new(0));
        let left = granted_count.clone();
        supervise(&[libc::SYS_clone3], move |_, _| {
            let is_granted =
                left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            is_granted.is_err().then_some(libc::EAGAIN)
        });
        let build = || Builder::new_multi_thread().worker_threads(3).driver(kind).build();
        let before = (threads_count(), open_fds_count());
        for count in 0..3 {
            granted_count.store(count, Ordering::SeqCst);
            let error = build().map(drop).expect_err("a worker has no thread");
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            eventually("nothing is left", || (threads_count(), open_fds_count()) == before);
        }
        granted_count.store(usize::MAX, Ordering::SeqCst);
        let whole = build().expect("all threads start");
        assert_eq!(whole.block_on(async { heist::spawn(async { 7 }).await }).expect("no panic"), 7);
    });
}

/// E11: two of three waits of the kernel's are interrupted. Sockets and timers are served all the same, and no timer fires
/// early.
#[test]
fn waits_that_signals_interrupt_are_made_again() {
    let name = "refusals::waits_that_signals_interrupt_are_made_again";
    let Some(kind) = role() else {
        for kind in backends() {
            expect_success(&mut again(name, &kind.to_string()));
        }
        return;
    };
    watched(|| {
        let kind = kind.parse().expect("the role is a back end");
        // Its loop is run by this thread, whose calls the supervisor answers from here on.
        let runtime = builder(Shape::CurrentThread, kind).build().expect("the parent had it");
        let waits =
            [libc::SYS_io_uring_enter, libc::SYS_epoll_wait, libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2];
        let interrupted_count = Arc::new(AtomicUsize::new(0));
        let counted = interrupted_count.clone();
        supervise(&waits, move |_, count| {
            (count % 3 != 0).then(|| {
                counted.fetch_add(1, Ordering::SeqCst);
                libc::EINTR
            })
        });
        let (address, server) = echo::start(&runtime);
        runtime.block_on(async {
            let mut client = heist::net::TcpStream::connect(address).await.expect("it listens");
            for round in 0..100_u8 {
                assert_eq!(echo::round_trip(&mut client, &[round]).await, [round]);
                let started = Instant::now();
                soon("a timer", heist::time::sleep(Duration::from_millis(2))).await;
                assert!(started.elapsed() >= Duration::from_millis(2), "a timer fired early");
            }
        });
        server.abort();
        drop(runtime);
        assert!(interrupted_count.load(Ordering::SeqCst) > 10, "hardly a wait was interrupted");
    });
}

/// E21: a process that gives up its rights has given up those of the rings that it had made before.
#[test]
fn rings_have_no_more_rights_than_their_process_has_now() {
    if !is_root() && role().is_none() {
        return loud("SKIPPED: only root has rights to give up");
    }
    in_a_child("refusals::rings_have_no_more_rights_than_their_process_has_now", |runtime| {
        let of_root = tempfile::NamedTempFile::new().expect("a temporary file");
        let path = of_root.path().to_owned();
        runtime.block_on(async move {
            // Each worker has used its ring while it had the rights.
            drop(heist::fs::File::open(&path).await.expect("root may"));
            become_nobody();
            for _ in 0..20 {
                let path = path.clone();
                let opened = heist::spawn(async move { heist::fs::File::open(path).await.map(drop) });
                let error = opened.await.expect("no panic").expect_err("nobody else may");
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            }
        });
    });
}
