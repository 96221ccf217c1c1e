//! The file server of `examples/serve` in worlds: its modules as they ship, on a host with a disk,
//! with clients on other hosts, over links that fail.
//!
//! Its modules find each other at the root of a crate, so their unit tests run here once more.

#![allow(dead_code, reason = "the example's main uses what these tests do not")]

#[path = "../../../serve/acceptor.rs"]
mod acceptor;
#[path = "../../../serve/conditional.rs"]
mod conditional;
#[path = "../../../serve/connection.rs"]
mod connection;
#[path = "../../../serve/content.rs"]
mod content;
#[path = "../../../serve/content_type.rs"]
mod content_type;
#[path = "../../../serve/guard.rs"]
mod guard;
#[path = "../../../serve/known.rs"]
mod known;
#[path = "../../../serve/listing.rs"]
mod listing;
#[path = "../../../serve/opened.rs"]
mod opened;
#[path = "../../../serve/page.rs"]
mod page;
#[path = "../../../serve/paths.rs"]
mod paths;
#[path = "../../../serve/ranges.rs"]
mod ranges;
#[path = "../../../serve/refusal.rs"]
mod refusal;
#[path = "../../../serve/response.rs"]
mod response;
#[path = "../../../serve/scratch.rs"]
mod scratch;
#[path = "../../../serve/service.rs"]
mod service;
#[path = "../../../serve/shared.rs"]
mod shared;
#[path = "../../../serve/shutdown.rs"]
mod shutdown;
#[path = "../../../serve/target.rs"]
mod target;
#[path = "../../../serve/totals.rs"]
mod totals;
#[path = "../../../serve/wire.rs"]
mod wire;

mod asked;
mod host;
mod visitor;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use heist::sim::{self, Host, NetworkLink};

use crate::host::{ENDED, PATIENCE, fill, program};
use crate::visitor::{end_server, visit};

fn draw(below: u64) -> u64 {
    sim::random() % below
}

/// The server on a host of its own, when it listens; and how many descriptors it has then.
fn server() -> (Host, usize) {
    let web = sim::host("web").start(program);
    fill(&web.disk());
    // It looks for its files each millisecond.
    sleep(Duration::from_secs(1));
    let count = web.descriptors_count();
    (web, count)
}

/// A client that asks so often; `answered` counts its answers.
fn client(name: &str, requests_count: u32, may_fail: bool, answered: &Arc<AtomicU32>) -> Host {
    let answered = answered.clone();
    sim::host(name).start(move || {
        let runtime = heist::runtime::Runtime::new().unwrap();
        let count = runtime.block_on(visit(requests_count, may_fail));
        // Ordering: Relaxed, [one-turn]: it is read when this host has ended.
        answered.fetch_add(count, Ordering::Relaxed);
    })
}

fn wait_for(host: &Host) {
    let began = sim::elapsed();
    while host.is_running() {
        sleep(Duration::from_millis(100));
        assert!(sim::elapsed() < began + Duration::from_secs(3600), "{} hangs", host.name());
    }
}

/// The clients are gone: so are their connections, when the server has given up on those that say
/// nothing. Then it ends when it is asked to, and leaves nothing.
fn expect_no_leak(web: &Host, count: usize) {
    sleep(PATIENCE);
    assert_eq!(web.descriptors_count(), count, "descriptors of connections that are gone");
    end_server();
    let began = sim::elapsed();
    while web.disk().read(ENDED).is_err() {
        sleep(Duration::from_millis(100));
        assert!(sim::elapsed() < began + PATIENCE, "the server does not end");
    }
    assert_eq!(web.descriptors_count(), 0, "descriptors of a runtime that has ended");
}

#[heist::sim::test(seeds = 20, twice = true)]
fn every_answer_is_whole_when_nothing_fails() {
    let (web, count) = server();
    let answered = Arc::default();
    for client in ["ann", "ben", "cleo"].map(|name| client(name, 12, false, &answered)) {
        wait_for(&client);
    }
    // Ordering: Relaxed, [one-turn]: the clients have ended.
    assert_eq!(answered.load(Ordering::Relaxed), 36);
    expect_no_leak(&web, count);
}

#[heist::sim::test(seeds = 30, twice = true)]
fn answers_are_whole_or_end_in_an_error_when_links_disks_and_hosts_fail() {
    let (web, count) = server();
    let poor = NetworkLink::new().loss(0.03).latency(Duration::from_millis(1)..=Duration::from_millis(30));
    let answered = Arc::default();
    let clients = ["ann", "ben", "cleo"].map(|name| client(name, 12, true, &answered));
    for client in &clients {
        sim::set_link("web", client.name(), &poor);
        sim::set_link(client.name(), "web", &poor);
    }
    while clients.iter().any(Host::is_running) {
        sleep(Duration::from_millis(draw(3000)));
        disturb(&web, &clients);
    }
    web.disk().repair();
    expect_no_leak(&web, count);
}

/// One thing fails for a while.
fn disturb(web: &Host, clients: &[Host]) {
    let name = clients[draw(3) as usize].name();
    let while_it_lasts = || sleep(Duration::from_millis(draw(4000)));
    match draw(7) {
        0 => sim::cut("web", name),
        1 => sim::cut(name, "web"),
        2 => web.disk().set_delay(Duration::ZERO..=Duration::from_millis(300)),
        3 => web.disk().fail_reads("/site/large"),
        4 => {
            web.pause();
            while_it_lasts();
            web.resume();
        }
        5 => web.restart(),
        _ => clients[2].crash(),
    }
    while_it_lasts();
    sim::rejoin(&["web"], &[name]);
    web.disk().repair();
}
