//! Clients that are silent, slow, many or gone: nobody else may notice, and nothing may be left of them.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, HUGE, get, huge};
#[cfg(target_os = "linux")]
use crate::process::{self, eventually};
use crate::process::{LIMIT, Server, on_each_driver};

fn fill(directory: &Path) {
    fs::write(directory.join("hello.txt"), "hello, world\n").unwrap();
    fs::write(directory.join("huge.bin"), huge()).unwrap();
}

/// Another client is served while those before it are as they are: who waited for them would wait for ever.
fn assert_serves(server: &Server) {
    assert_eq!(get(server, "/hello.txt").text(), "hello, world\n");
}

#[test]
fn a_silent_client_is_closed_and_delays_nobody() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &["--header-seconds", "3"], fill);
        let since = Instant::now();
        let mut silent: Vec<_> = (0..50).map(|_| Client::connect(server.address)).collect();
        let mut idle = Client::connect(server.address);
        idle.request("GET", "/hello.txt", "");
        assert_eq!(idle.answer().status, 200);
        assert_serves(&server);
        // The clock runs from accept on, and again after an answer.
        for client in silent.iter_mut().chain([&mut idle]) {
            client.rest();
        }
        assert!(since.elapsed() >= Duration::from_millis(2900), "{:?}", since.elapsed());
        let outcome = server.stop();
        assert!(outcome.stdout.contains("timeouts: 51"), "{outcome:?}");
    });
}

#[test]
fn a_client_that_drips_its_request_is_closed() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &["--header-seconds", "1"], fill);
        let mut client = Client::connect(server.address);
        let since = Instant::now();
        // One byte now and then does not buy more time.
        while client.try_send(b"G").is_ok() {
            assert!(since.elapsed() < LIMIT, "the client may drip for ever");
            thread::sleep(Duration::from_millis(100));
        }
        assert!(since.elapsed() >= Duration::from_millis(900), "{:?}", since.elapsed());
        server.stop();
    });
}

#[test]
fn a_client_that_stops_reading_is_cut_and_delays_nobody() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &["--stall-seconds", "2"], fill);
        #[cfg(target_os = "linux")]
        let idle = process::descriptors(server.id());
        let mut stalled: Vec<_> = (0..20).map(|_| Client::connect(server.address)).collect();
        for client in &mut stalled {
            client.request("GET", "/huge.bin", "");
            assert_eq!(client.head().header("content-length"), Some(HUGE.to_string().as_str()));
        }
        assert_serves(&server);
        // Only when they were given up do they read on, and find the end before its time.
        #[cfg(target_os = "linux")]
        eventually("clients that stopped reading are kept", || process::descriptors(server.id()) <= idle);
        #[cfg(not(target_os = "linux"))]
        thread::sleep(Duration::from_secs(5));
        for client in &mut stalled {
            assert!(client.rest().len() < HUGE);
        }
        let outcome = server.stop();
        assert!(outcome.stdout.contains("timeouts: 20"), "{outcome:?}");
    });
}

#[test]
fn a_slow_reader_gets_everything() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &["--stall-seconds", "2"], fill);
        let mut slow = Client::connect(server.address);
        slow.request("GET", "/huge.bin", "");
        slow.head();
        let mut body = Vec::new();
        // Pauses that add up to more than the patience, while each alone is shorter.
        while body.len() < HUGE {
            thread::sleep(Duration::from_millis(250));
            body.extend(slow.bytes((HUGE / 12).min(HUGE - body.len())));
        }
        assert!(body == huge());
        server.stop();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn clients_that_have_not_spoken_have_no_buffers() {
    const CLIENTS_COUNT: u64 = 200;
    on_each_driver(|driver| {
        let server = Server::start(driver, &[], fill);
        assert_serves(&server);
        let mut silent = Vec::new();
        let growths = [(); 2].map(|()| {
            let before = process::memory_kib(server.id(), "VmRSS");
            silent.extend((0..CLIENTS_COUNT).map(|_| Client::connect(server.address)));
            // They are accepted in order: who is answered now was accepted after all of them.
            assert_serves(&server);
            process::memory_kib(server.id(), "VmRSS").saturating_sub(before)
        });
        // What the system maps ahead, such as a huge page, comes in one of them. hyper's buffers alone would be four times as
        // much, for the second two hundred as for the first.
        let growth = *growths.iter().min().expect("two");
        assert!(growth < 3 * CLIENTS_COUNT, "{growths:?} KiB more for {CLIENTS_COUNT} clients each");
        for client in &mut silent {
            client.request("GET", "/hello.txt", "");
            assert_eq!(client.answer().status, 200);
        }
        server.stop();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_file() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &[], |directory| {
            fill(directory);
            fs::File::create(directory.join("vast.bin")).unwrap().set_len(512 << 20).unwrap();
        });
        assert_serves(&server);
        let before = process::memory_kib(server.id(), "VmHWM");
        let mut client = Client::connect(server.address);
        client.request("GET", "/vast.bin", "");
        client.head();
        let zeros = vec![0; 1 << 20];
        for _ in 0..512 {
            assert!(client.bytes(1 << 20) == zeros);
        }
        let growth = process::memory_kib(server.id(), "VmHWM") - before;
        assert!(growth < 8 << 10, "{growth} KiB more for 512 MiB");
        server.stop();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn clients_that_leave_in_the_middle_leave_nothing_behind() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &[], fill);
        assert_serves(&server);
        let id = server.id();
        let idle = process::descriptors(id);
        for round in 0..60 {
            let mut client = Client::connect(server.address);
            let request = "GET /huge.bin HTTP/1.1\r\nHost: test\r\n\r\n";
            client.send(if round % 3 == 0 { &request[..10] } else { request });
            if round % 3 == 1 {
                client.head();
            }
        }
        eventually("descriptors of clients that left stay open", || process::descriptors(id) <= idle);
        assert_serves(&server);
        server.stop();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn running_out_of_descriptors_pauses_accepting() {
    on_each_driver(|driver| {
        let server = Server::start_limited(driver, 64, fill);
        let id = server.id();
        let clients: Vec<_> = (0..100).map(|_| Client::connect(server.address)).collect();
        eventually("the limit is not reached", || process::descriptors(id) >= 64);
        let before = process::cpu_time(id);
        thread::sleep(Duration::from_secs(1));
        let spent = process::cpu_time(id) - before;
        assert!(spent < Duration::from_millis(300), "accepting spins: {spent:?} of CPU in a second");
        drop(clients);
        assert_serves(&server);
        let outcome = server.stop();
        assert!(outcome.stderr.contains("cannot accept: "), "{outcome:?}");
    });
}

#[test]
fn hundreds_of_idle_connections_stay_usable() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &[], fill);
        let mut idle: Vec<_> = (0..400).map(|_| Client::connect(server.address)).collect();
        assert_serves(&server);
        for client in &mut idle {
            client.request("GET", "/hello.txt", "");
        }
        for client in &mut idle {
            assert_eq!(client.answer().text(), "hello, world\n");
        }
        server.stop();
    });
}

/// One page for all of them, which goes with the last.
#[cfg(target_os = "linux")]
#[test]
fn a_large_listing_is_held_once_however_many_do_not_read_it() {
    const NAMES_COUNT: usize = 30_000;
    const CLIENTS_COUNT: usize = 150;
    on_each_driver(|driver| {
        let server = Server::start(driver, &[], |directory| {
            fill(directory);
            fs::create_dir(directory.join("many")).unwrap();
            for number in 0..NAMES_COUNT {
                fs::File::create(directory.join(format!("many/{number:0>40}"))).unwrap();
            }
        });
        let whole = get(&server, "/many/");
        assert_eq!(whole.text().matches("</tr>").count(), NAMES_COUNT + 2);
        let page_kib = whole.body.len() as u64 / 1024;
        let idle = process::descriptors(server.id());
        let before = process::memory_kib(server.id(), "VmRSS");
        let mut stalled: Vec<_> = (0..CLIENTS_COUNT).map(|_| Client::connect(server.address)).collect();
        for client in &mut stalled {
            client.request("GET", "/many/", "");
        }
        for client in &mut stalled {
            let length = client.head().header("content-length").unwrap().parse();
            assert_eq!(length, Ok(whole.body.len()));
        }
        assert_serves(&server);
        let growth = process::memory_kib(server.id(), "VmRSS").saturating_sub(before);
        // Each has its chunks in hyper's buffers, and all together a page and what it is made from.
        let limit = 300 * CLIENTS_COUNT as u64 + 4 * page_kib;
        eprintln!("{driver}: a page of {page_kib} KiB, {growth} KiB more for {CLIENTS_COUNT} clients");
        assert!(growth < limit, "{growth} KiB more for {CLIENTS_COUNT} clients and a page of {page_kib} KiB");
        let mut patient = stalled.pop().expect("many");
        assert!(patient.bytes(whole.body.len()) == whole.body, "who reads on gets all of it");
        drop((patient, stalled));
        eventually("clients that left are kept", || process::descriptors(server.id()) <= idle);
        fs::File::create(server.directory().join("many/new")).unwrap();
        let anew = get(&server, "/many/");
        assert_eq!(anew.text().matches("</tr>").count(), NAMES_COUNT + 3, "the page went with its readers");
        server.stop();
    });
}
