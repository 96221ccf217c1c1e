//! Fork: what a child process may do with heist, and that its end leaves the parent's runtime alone.
#![cfg(target_os = "linux")]

mod support;

use heist::net::TcpStream;
use heist::runtime::Runtime;
use support::{echo, process, watched};

/// Fault C9: with a runtime alive in the parent, a child builds one of its own, serves with it, and drops it; then the
/// parent's is as it was.
#[test]
fn a_forked_child_builds_a_new_runtime_and_the_parents_goes_on() {
    let test = "a_forked_child_builds_a_new_runtime_and_the_parents_goes_on";
    if process::role().is_none() {
        // In a process with no other tests in it: a fork copies whatever locks their threads hold.
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::MultiThread, kind).build().expect("available");
            let (address, server) = echo::start(&runtime);
            let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
            let _waits =
                runtime.spawn(async { heist::time::sleep(std::time::Duration::from_secs(3600)).await });
            for round in 0..3 {
                talk(&runtime, &mut stream);
                let code = process::fork_and_wait(|| {
                    let runtime =
                        support::builder(support::Shape::MultiThread, kind).build().expect("available");
                    let (address, _server) = echo::start(&runtime);
                    let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
                    talk(&runtime, &mut stream);
                    drop(stream);
                    drop(runtime);
                    0
                });
                assert_eq!(code, 0, "round {round}: the child's own runtime works");
                talk(&runtime, &mut stream);
            }
            drop(server);
        });
    }
}

/// Fault C9: a child that does nothing but exit, while the parent has operations in flight.
#[test]
fn a_forked_child_that_just_ends_takes_nothing_of_the_parents_with_it() {
    let test = "a_forked_child_that_just_ends_takes_nothing_of_the_parents_with_it";
    if process::role().is_none() {
        process::expect_success(&mut process::again(test, "forks"));
        return;
    }
    for kind in support::backends() {
        watched(|| {
            let runtime = support::builder(support::Shape::MultiThread, kind).build().expect("available");
            let (address, server) = echo::start(&runtime);
            let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
            for _ in 0..5 {
                talk(&runtime, &mut stream);
                assert_eq!(process::fork_and_wait(|| 0), 0);
                talk(&runtime, &mut stream);
            }
            drop(server);
        });
    }
}

fn talk(runtime: &Runtime, stream: &mut TcpStream) {
    runtime.block_on(async {
        assert_eq!(echo::round_trip(stream, b"still there?").await, b"still there?");
        heist::spawn(heist::time::sleep(std::time::Duration::from_millis(1))).await.expect("no panic");
    });
}
