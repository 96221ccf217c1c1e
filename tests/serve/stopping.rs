//! How the server ends.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::{Client, HUGE, get, huge};
use crate::process::{Server, eventually, on_each_driver};

fn fill(directory: &Path) {
    fs::write(directory.join("hello.txt"), "hello, world\n").unwrap();
    fs::write(directory.join("huge.bin"), huge()).unwrap();
}

#[test]
fn the_totals_are_printed_at_the_end() {
    on_each_driver(|driver| {
        for signal in ["INT", "TERM"] {
            let server = Server::start(driver, &[], fill);
            get(&server, "/hello.txt");
            get(&server, "/absent");
            server.signal(signal);
            let outcome = server.wait();
            assert!(outcome.status.success(), "{outcome:?}");
            assert!(outcome.stdout.contains("connections: 2, requests: 2, bytes: "), "{outcome:?}");
            assert!(outcome.stdout.contains("timeouts: 0, errors: 0"), "{outcome:?}");
        }
    });
}

#[test]
fn what_is_in_flight_is_finished_and_nobody_else_is_taken() {
    on_each_driver(|driver| {
        let mut server = Server::start(driver, &[], fill);
        let mut client = Client::connect(server.address);
        client.request("GET", "/huge.bin", "");
        assert_eq!(client.head().status, 200);
        server.interrupt();
        assert_eq!(server.read_line(), "stopping, open connections: 1\n");
        eventually("new clients are still taken", || TcpStream::connect(server.address).is_err());
        assert!(client.bytes(HUGE) == huge());
        // The connection does not outlive the answer.
        assert!(client.rest().is_empty());
        let outcome = server.wait();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.stderr, "");
    });
}

#[test]
fn idle_connections_do_not_delay_the_end() {
    on_each_driver(|driver| {
        // Were they waited for, it would be for ever.
        let server = Server::start(driver, &["--drain-seconds", "3600"], fill);
        let mut silent = Client::connect(server.address);
        let mut idle = Client::connect(server.address);
        idle.request("GET", "/hello.txt", "");
        assert_eq!(idle.answer().status, 200);
        server.stop();
        assert!(silent.rest().is_empty() && idle.rest().is_empty());
    });
}

#[test]
fn the_deadline_cuts_what_does_not_finish() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &["--drain-seconds", "1"], fill);
        let mut client = Client::connect(server.address);
        client.request("GET", "/huge.bin", "");
        client.head();
        let since = Instant::now();
        let outcome = server.stop();
        let took = since.elapsed();
        // That it ends at all is what `stop` waits for.
        assert!(took >= Duration::from_millis(900), "{took:?}");
        assert!(outcome.stderr.contains("did not finish in time: 1"), "{outcome:?}");
        assert!(client.rest().len() < HUGE);
    });
}

#[test]
fn a_second_interrupt_ends_at_once() {
    on_each_driver(|driver| {
        let mut server = Server::start(driver, &["--drain-seconds", "3600"], fill);
        let mut client = Client::connect(server.address);
        client.request("GET", "/huge.bin", "");
        client.head();
        server.interrupt();
        assert!(server.read_line().starts_with("stopping, "));
        server.interrupt();
        let outcome = server.wait();
        assert_eq!(outcome.status.code(), Some(130), "{outcome:?}");
        assert!(outcome.stdout.contains("requests: 1"), "{outcome:?}");
    });
}
