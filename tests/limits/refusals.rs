//! What the kernel grants to one worker and refuses to the next.

use std::io::ErrorKind;

use heist::runtime::{Builder, DriverKind};

use crate::rings_count;
use crate::support::process::{again, expect_success, in_a_child, limit_threads, role};
use crate::support::supervisor::supervise;
use crate::support::wait::soon;
use crate::support::{echo, has_uring, watched};

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
