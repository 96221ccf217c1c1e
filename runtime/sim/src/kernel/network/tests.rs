//! The network as pure data: faults, and what depends on the moment.
#![expect(unsafe_code, reason = "reads what a call has written into room without a value")]

use std::mem::MaybeUninit;
use std::net::SocketAddr;

use fastrand::Rng;

use super::names::Errno;
use super::{Family, Link, Network, Received, SocketId, SocketName, Transport, ipv4_of};
use crate::kernel::{HostId, KernelEvent, Room};
use crate::world::{Env, Event, Events, Threads};

const SERVER: HostId = HostId(0);
const CLIENT: HostId = HostId(1);
const SECOND: u64 = 1_000_000_000;

/// A network with two hosts, and its clock.
struct Bench {
    network: Network,
    now: u64,
    random: Rng,
    threads: Threads,
    events: Events,
}

impl Bench {
    fn new(seed: u64) -> Bench {
        let mut network = Network::new();
        network.boot(CLIENT);
        Bench {
            network,
            now: 0,
            random: Rng::with_seed(seed),
            threads: Threads::default(),
            events: Events::default(),
        }
    }

    fn with<R>(&mut self, f: impl FnOnce(&mut Network, &mut Env<'_>) -> R) -> R {
        let Bench { network, now, random, threads, events } = self;
        f(network, &mut Env { now: *now, random, threads, events })
    }

    /// Lets all happen up to a time.
    fn run_until(&mut self, until: u64) {
        while self.events.next_at().is_some_and(|at| at <= until) {
            self.happen();
        }
        self.now = until;
    }

    fn run_for(&mut self, nanos: u64) {
        self.run_until(self.now + nanos);
    }

    fn happen(&mut self) {
        self.now = self.events.next_at().expect("something will happen").max(self.now);
        let event = self.events.take_due(self.now).expect("it is due");
        let Event::Kernel(KernelEvent::Network(event)) = event else { panic!("no thread waits here") };
        self.with(|network, env| network.happen(event, env));
    }

    /// Lets things happen until the condition holds. Returns how long it took.
    fn run_while(&mut self, mut condition: impl FnMut(&mut Bench) -> bool) -> u64 {
        let start = self.now;
        while condition(self) {
            self.happen();
        }
        self.now - start
    }

    fn open(&mut self, host: HostId, transport: Transport) -> SocketId {
        self.network.open(host, Family::Inet, transport)
    }

    fn bind(&mut self, id: SocketId, address: SocketAddr) -> Result<(), Errno> {
        self.with(|network, env| network.bind(id, SocketName::Inet(address), env))
    }

    fn listener(&mut self, backlog: i32) -> (SocketId, SocketAddr) {
        let id = self.open(SERVER, Transport::Stream);
        let address = SocketAddr::new(ipv4_of(SERVER).into(), 80);
        self.bind(id, address).unwrap();
        self.with(|network, env| network.listen(id, backlog, env)).unwrap();
        (id, address)
    }

    fn connect(&mut self, id: SocketId, address: SocketAddr) -> Result<(), Errno> {
        self.with(|network, env| network.connect(id, Some(SocketName::Inet(address)), env))
    }

    /// A client that has asked for a connection.
    fn ask(&mut self, address: SocketAddr) -> SocketId {
        let id = self.open(CLIENT, Transport::Stream);
        assert_eq!(self.connect(id, address), Err(libc::EINPROGRESS));
        id
    }

    /// A client that is connected, and the other end.
    fn pair(&mut self) -> (SocketId, SocketId) {
        let (listener, address) = self.listener(8);
        let client = self.ask(address);
        self.run_while(|bench| bench.network.readiness(listener) == 0);
        let accepted = self.network.accept(listener).unwrap();
        assert_eq!(self.connect(client, address), Ok(()));
        (client, accepted)
    }

    fn send(&mut self, id: SocketId, bytes: &[u8]) -> Result<usize, Errno> {
        self.with(|network, env| network.send(id, bytes, None, false, env))
    }

    fn receive(&mut self, id: SocketId, room: usize) -> Result<Vec<u8>, Errno> {
        let mut place = vec![MaybeUninit::new(0); room];
        let mut room = Room::new(vec![&mut place]);
        let whole = room.left();
        let receive = |network: &mut Network, env: &mut Env<'_>| network.receive(id, &mut room, false, env);
        let Received { .. } = self.with(receive)?;
        let count = whole - room.left();
        // SAFETY: each byte was written when it was made.
        Ok(place[..count].iter().map(|byte| unsafe { byte.assume_init() }).collect())
    }

    fn close(&mut self, id: SocketId) {
        self.with(|network, env| network.close(id, env));
    }

    fn error(&mut self, id: SocketId) -> Errno {
        let value = self.network.option(id, libc::SOL_SOCKET, libc::SO_ERROR).unwrap();
        Errno::from_ne_bytes(value.try_into().unwrap())
    }

    /// Sends all of the bytes from one end to the other.
    fn transfer(&mut self, (from, to): (SocketId, SocketId), bytes: &[u8]) -> Vec<u8> {
        let (mut sent, mut received) = (0, Vec::new());
        while received.len() < bytes.len() {
            match self.send(from, &bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) => assert_eq!(error, libc::EAGAIN),
            }
            match self.receive(to, 10_000) {
                Ok(more) => received.extend(more),
                Err(error) => {
                    assert_eq!(error, libc::EAGAIN);
                    self.happen();
                }
            }
        }
        received
    }

    fn cut_both(&mut self) {
        self.network.cut(CLIENT, SERVER);
        self.network.cut(SERVER, CLIENT);
    }

    fn heal_both(&mut self) {
        self.network.heal(CLIENT, SERVER);
        self.network.heal(SERVER, CLIENT);
    }
}

fn is(bench: &Bench, id: SocketId, event: i32) -> bool {
    bench.network.readiness(id) & event as u32 != 0
}

#[test]
fn a_stream_comes_whole_and_in_order_over_a_link_that_loses_every_fifth_packet() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    for seed in 0..10 {
        let mut bench = Bench::new(seed);
        let ends = bench.pair();
        let poor = Link { loss: 0.2, ..Link::between_hosts() };
        bench.network.set_link(CLIENT, SERVER, poor.clone());
        bench.network.set_link(SERVER, CLIENT, poor);
        assert!(bench.transfer(ends, &bytes) == bytes, "seed {seed}");
        assert!(bench.now > SECOND / 5, "nothing was sent again");
    }
}

#[test]
fn a_stream_waits_for_a_healed_cut_and_then_goes_on() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    bench.cut_both();
    bench.send(client, b"hello").unwrap();
    bench.run_for(600 * SECOND);
    assert_eq!(bench.receive(accepted, 9), Err(libc::EAGAIN));
    bench.heal_both();
    bench.run_for(121 * SECOND);
    assert_eq!(bench.receive(accepted, 9).unwrap(), b"hello");
    assert_eq!(bench.error(client), 0);
}

#[test]
fn a_cut_that_lasts_ends_the_connection_after_a_quarter_of_an_hour() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    // One way is enough: what is acknowledged is not known to be.
    bench.network.cut(SERVER, CLIENT);
    bench.send(client, b"hello").unwrap();
    let took = bench.run_while(|bench| !is(bench, client, libc::EPOLLERR));
    assert!((900 * SECOND..950 * SECOND).contains(&took), "{took}");
    assert_eq!(bench.send(client, b"more"), Err(libc::ETIMEDOUT));
    assert_eq!(bench.send(client, b"more"), Err(libc::EPIPE));
    assert_eq!(bench.receive(client, 9).unwrap(), b"");
    assert_eq!(bench.receive(accepted, 9).unwrap(), b"hello");
}

#[test]
fn a_connection_that_nobody_answers_times_out_after_two_minutes() {
    let mut bench = Bench::new(1);
    let (_, address) = bench.listener(8);
    bench.cut_both();
    let client = bench.ask(address);
    let took = bench.run_while(|bench| !is(bench, client, libc::EPOLLERR));
    assert!((126 * SECOND..128 * SECOND).contains(&took), "{took}");
    assert_eq!(bench.error(client), libc::ETIMEDOUT);
}

#[test]
fn a_connection_comes_about_if_the_cut_heals_in_time() {
    let mut bench = Bench::new(1);
    let (listener, address) = bench.listener(8);
    bench.cut_both();
    let client = bench.ask(address);
    bench.run_for(10 * SECOND);
    bench.heal_both();
    bench.run_for(10 * SECOND);
    assert_eq!(bench.connect(client, address), Ok(()));
    bench.network.accept(listener).unwrap();
}

#[test]
fn a_full_listener_does_not_answer_until_a_connection_is_accepted() {
    let mut bench = Bench::new(1);
    let (listener, address) = bench.listener(1);
    let clients: Vec<SocketId> = (0..3).map(|_| bench.ask(address)).collect();
    bench.run_for(SECOND / 2);
    let connected =
        |bench: &Bench| clients.iter().filter(|client| bench.network.peer_name(**client).is_ok()).count();
    assert_eq!(connected(&bench), 2);
    bench.network.accept(listener).unwrap();
    bench.run_for(20 * SECOND);
    assert_eq!(connected(&bench), 3);
}

#[test]
fn a_sender_waits_for_the_reader_and_hears_when_there_is_room() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    let mut sent = 0;
    for _ in 0..100 {
        while let Ok(count) = bench.send(client, &[7; 5_000]) {
            sent += count;
        }
        bench.run_for(SECOND);
    }
    assert_eq!(sent, 256 * 1024, "one buffer here and one there");
    assert!(!is(&bench, client, libc::EPOLLOUT));
    bench.network.take_touched();
    let mut received = 0;
    while !is(&bench, client, libc::EPOLLOUT) {
        received += bench.receive(accepted, 5_000).unwrap().len();
        bench.run_for(SECOND);
    }
    assert!(received > 40_000, "{received}");
    assert!(bench.network.take_touched().iter().any(|(id, _)| *id == client));
}

#[test]
fn a_host_that_is_down_is_silent_and_after_its_boot_it_resets_old_connections() {
    let mut bench = Bench::new(1);
    let (client, _) = bench.pair();
    bench.network.crash(SERVER);
    assert_eq!(bench.network.ports.len(), 1, "the client's is left");
    bench.send(client, b"hello").unwrap();
    bench.run_for(10 * SECOND);
    assert_eq!(bench.receive(client, 9), Err(libc::EAGAIN));
    bench.network.boot(SERVER);
    bench.run_for(20 * SECOND);
    assert_eq!(bench.receive(client, 9), Err(libc::ECONNRESET));
    assert_eq!(bench.receive(client, 9).unwrap(), b"");
    assert_eq!(bench.send(client, b"more"), Err(libc::EPIPE));
}

#[test]
fn a_client_that_was_booted_again_and_has_its_old_port_is_served() {
    let mut bench = Bench::new(1);
    let (listener, address) = bench.listener(8);
    let port = SocketAddr::new(ipv4_of(CLIENT).into(), 4_000);
    let ask = |bench: &mut Bench| {
        let client = bench.open(CLIENT, Transport::Stream);
        bench.bind(client, port).unwrap();
        assert_eq!(bench.connect(client, address), Err(libc::EINPROGRESS));
        bench.run_for(SECOND);
        assert_eq!(bench.connect(client, address), Ok(()));
        bench.network.accept(listener).unwrap()
    };
    let old = ask(&mut bench);
    bench.network.crash(CLIENT);
    bench.network.boot(CLIENT);
    let new = ask(&mut bench);
    assert_eq!(bench.receive(old, 9), Err(libc::ECONNRESET));
    assert_eq!(bench.receive(new, 9), Err(libc::EAGAIN));
}

#[test]
fn a_port_without_a_listener_refuses_and_the_listener_that_closes_resets() {
    let mut bench = Bench::new(1);
    let nobody = bench.ask(SocketAddr::new(ipv4_of(SERVER).into(), 81));
    bench.run_for(SECOND / 2);
    assert_eq!(bench.error(nobody), libc::ECONNREFUSED);
    let (listener, address) = bench.listener(8);
    let client = bench.ask(address);
    bench.run_for(SECOND / 2);
    bench.close(listener);
    bench.run_for(SECOND / 2);
    assert_eq!(bench.error(client), libc::ECONNRESET);
}

#[test]
fn a_close_with_unread_bytes_resets_and_one_without_ends_the_stream() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    bench.send(client, b"unread").unwrap();
    bench.run_for(SECOND / 10);
    bench.close(accepted);
    bench.run_for(SECOND / 10);
    assert_eq!(bench.receive(client, 9), Err(libc::ECONNRESET));

    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    bench.send(accepted, b"bye").unwrap();
    bench.close(accepted);
    bench.run_for(SECOND / 10);
    assert_eq!(bench.receive(client, 9).unwrap(), b"bye");
    assert_eq!(bench.receive(client, 9).unwrap(), b"");
    assert!(is(&bench, client, libc::EPOLLRDHUP));
    // The peer is not there: the first write gets a reset, the second an error.
    assert!(bench.send(client, b"hello").is_ok());
    bench.run_for(SECOND / 10);
    assert_eq!(bench.send(client, b"hello"), Err(libc::EPIPE));
}

#[test]
fn sockets_that_were_closed_at_both_ends_are_forgotten() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    bench.close(client);
    bench.run_for(SECOND);
    bench.close(accepted);
    bench.run_for(200 * SECOND);
    assert_eq!(bench.network.sockets.len(), 1, "the listener is left");
    assert!(bench.network.connections.is_empty());
    assert_eq!(bench.network.ports.len(), 1);
}

#[test]
fn datagrams_are_lost_and_doubled_and_never_cut() {
    let mut bench = Bench::new(1);
    let (from, to) = (bench.open(CLIENT, Transport::Datagram), bench.open(SERVER, Transport::Datagram));
    let address = SocketAddr::new(ipv4_of(SERVER).into(), 53);
    bench.bind(to, address).unwrap();
    let poor = Link { loss: 0.2, duplication: 0.2, reordering: 0.5, ..Link::between_hosts() };
    bench.network.set_link(CLIENT, SERVER, poor);
    bench.connect(from, address).unwrap();
    for number in 0..100 {
        bench.send(from, &[number; 9]).unwrap();
    }
    bench.run_for(SECOND);
    let mut came = Vec::new();
    while let Ok(bytes) = bench.receive(to, 100) {
        assert_eq!(bytes, [bytes[0]; 9]);
        came.push(bytes[0]);
    }
    let mut sorted = came.clone();
    sorted.sort_unstable();
    assert_ne!(came, sorted, "none was overtaken");
    sorted.dedup();
    assert!(sorted.len() < came.len(), "none was doubled");
    assert!(sorted.len() < 100, "none was lost");
}

#[test]
fn a_closed_window_is_asked_about_ever_more_seldom_and_never_gives_up() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    let bytes = vec![7; 500_000];
    let mut sent = 0;
    let start = bench.now;
    let mut events_count = 0;
    while bench.now < start + 7_200 * SECOND {
        sent += bench.send(client, &bytes[sent..]).unwrap_or(0);
        bench.happen();
        events_count += 1;
    }
    assert!(sent < bytes.len() && events_count < 700, "{sent} {events_count}");
    assert_eq!(bench.error(client), 0);
    let mut received = bench.receive(accepted, sent).unwrap().len();
    bench.run_for(SECOND);
    while let Ok(more) = bench.receive(accepted, sent) {
        received += more.len();
        bench.run_for(SECOND);
    }
    assert_eq!(received, sent);
}

#[test]
fn a_write_that_is_short_by_chance_is_followed_by_an_edge_though_nobody_answers() {
    let mut bench = Bench::new(1);
    let (client, _) = bench.pair();
    bench.cut_both();
    let mut shorts_count = 0;
    for _ in 0..200 {
        bench.network.take_touched();
        let sent = bench.with(|network, env| network.send(client, b"hello", None, true, env)).unwrap();
        let is_told = bench.network.take_touched().iter().any(|(id, _)| *id == client);
        assert_eq!(is_told, sent < 5);
        shorts_count += usize::from(is_told);
    }
    assert!((5..30).contains(&shorts_count), "{shorts_count}");
}

#[test]
fn what_is_under_way_when_a_link_is_cut_vanishes() {
    let mut bench = Bench::new(1);
    let (from, to) = (bench.open(CLIENT, Transport::Datagram), bench.open(SERVER, Transport::Datagram));
    let address = SocketAddr::new(ipv4_of(SERVER).into(), 53);
    bench.bind(to, address).unwrap();
    bench.connect(from, address).unwrap();
    for is_cut in [false, true] {
        bench.send(from, b"hello").unwrap();
        if is_cut {
            bench.network.cut(CLIENT, SERVER);
        }
        bench.run_for(SECOND);
        bench.network.heal(CLIENT, SERVER);
        assert_eq!(bench.receive(to, 9).is_err(), is_cut);
    }
}

#[test]
fn what_is_sent_at_once_sometimes_comes_in_parts() {
    let mut bench = Bench::new(1);
    let (client, accepted) = bench.pair();
    let mut parts_count = 0;
    for _ in 0..100 {
        bench.send(client, &[7; 1_000]).unwrap();
        bench.run_while(|bench| !is(bench, accepted, libc::EPOLLIN));
        parts_count += usize::from(bench.receive(accepted, 2_000).unwrap().len() < 1_000);
        bench.run_for(SECOND);
        let _ = bench.receive(accepted, 2_000);
    }
    assert!((3..30).contains(&parts_count), "{parts_count}");
}

#[test]
fn a_path_outlives_its_socket_and_a_crash_and_an_abstract_name_does_not() {
    let mut bench = Bench::new(1);
    for (name, outlives) in [(&b"/run/socket"[..], true), (&b"\0socket"[..], false)] {
        let bind = |bench: &mut Bench| {
            let id = bench.network.open(SERVER, Family::Unix, Transport::Stream);
            (id, bench.with(|network, env| network.bind(id, SocketName::Unix(name.to_vec()), env)))
        };
        let (id, bound) = bind(&mut bench);
        assert_eq!(bound, Ok(()));
        bench.close(id);
        assert_eq!(bind(&mut bench).1.is_err(), outlives);
        assert!(bench.network.unlink(SERVER, name));
        assert_eq!(bind(&mut bench).1, Ok(()));
        bench.network.crash(SERVER);
        bench.network.boot(SERVER);
        assert_eq!(bind(&mut bench).1.is_err(), outlives);
        bench.network.unlink(SERVER, name);
        assert!(!bench.network.unlink(SERVER, name));
    }
}
