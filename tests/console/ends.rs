//! The end of a runtime whose console has clients.

use std::future::pending;
use std::time::Instant;

use heist::runtime::{DriverKind, Runtime};

use crate::support::process::{again, expect_success, role};
use crate::support::{PATIENCE, Shape, builder, eventually, watched};
use crate::{Client, SHAPES, scratch};

#[test]
fn the_end_of_the_runtime_closes_the_connections_of_its_clients() {
    for shape in SHAPES {
        watched(|| {
            let ends: [fn(Runtime); 3] =
                [drop, Runtime::shutdown_background, |runtime| runtime.shutdown_timeout(PATIENCE / 2)];
            for end in ends {
                let (_directory, path) = scratch();
                let runtime = builder(shape, DriverKind::Poll).console(&path).build().unwrap();
                let mut clients: Vec<Client> = (0..8).map(|_| Client::connect(&path)).collect();
                end(runtime);
                clients.iter_mut().for_each(|client| assert!(client.line().is_none()));
            }
        });
    }
}

/// Each dump takes 100 ms, because nobody runs the runtime, and they are made one after the other.
///
/// Mutant: a client waits for its dump only, and not for the end.
#[cfg(target_os = "linux")]
#[test]
fn the_end_of_the_runtime_does_not_wait_for_dumps() {
    watched(|| {
        let (_directory, path) = scratch();
        let runtime = builder(Shape::CurrentThread, DriverKind::Poll).console(&path).build().unwrap();
        drop(runtime.spawn(pending::<()>()));
        let mut first = Client::connect(&path);
        let start = Instant::now();
        first.ask("dump");
        let one = start.elapsed();
        let others: Vec<Client> = (0..7).map(|_| Client::connect(&path)).collect();
        others.iter().chain([&first]).for_each(|client| client.send("{\"request\":\"dump\"}\n"));
        eventually("one of them is made", || {
            let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
            threads.into_iter().any(|path| {
                std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name == "heist-dump\n")
            })
        });
        let start = Instant::now();
        drop(runtime);
        assert!(start.elapsed() < 4 * one, "{:?}, and one dump {one:?}", start.elapsed());
    });
}

/// Neither for one in the middle of an answer, which does not read it.
#[test]
fn the_end_of_the_runtime_does_not_wait_for_clients() {
    watched(|| {
        let (_directory, path) = scratch();
        let runtime = builder(Shape::CurrentThread, DriverKind::Poll).console(&path).build().unwrap();
        for _ in 0..10_000 {
            drop(runtime.spawn(pending::<()>()));
        }
        let mut deaf = Client::connect(&path);
        deaf.send(&"{\"request\":\"tasks\"}\n".repeat(100));
        deaf.line().unwrap();
        let start = Instant::now();
        drop(runtime);
        // After five seconds it would be given up anyway.
        assert!(start.elapsed().as_secs() < 4, "{:?}", start.elapsed());
    });
}

#[test]
fn no_thread_and_no_descriptor_is_left_behind() {
    let test = "ends::no_thread_and_no_descriptor_is_left_behind";
    if role().is_none() {
        // In a process of its own, whose threads and descriptors are counted.
        expect_success(&mut again(test, "counts"));
        return;
    }
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).map_or(0, Iterator::count);
    let before = (count("task"), count("fd"));
    for shape in SHAPES {
        let ends: [fn(Runtime); 3] =
            [drop, Runtime::shutdown_background, |runtime| runtime.shutdown_timeout(PATIENCE / 2)];
        for end in ends {
            let (_directory, path) = scratch();
            let runtime = builder(shape, DriverKind::Poll).console(&path).build().unwrap();
            let mut client = Client::connect(&path);
            client.ask("tasks");
            end(runtime);
            assert!(client.line().is_none());
            drop(client);
            eventually("all have gone", || (count("task"), count("fd")) == before);
        }
    }
    // A console that cannot be opened leaves nothing either.
    let (directory, _) = scratch();
    let path = directory.path().join("missing").join("console");
    assert!(builder(Shape::MultiThread, DriverKind::Poll).console(path).build().is_err());
    eventually("all have gone", || (count("task"), count("fd")) == before);
}
