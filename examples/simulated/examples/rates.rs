//! How fast a world is: requests of an echo server over 100 connections per second of real time, a
//! turn, a call, and a world from its start to its end.

use std::thread;
use std::time::{Duration, Instant};

use heist::net::{TcpListener, TcpStream};
use heist::sim;

const CONNECTIONS: usize = 100;
const ROUNDS: usize = 2_000;

/// Server and clients on one thread of one host.
fn echo() {
    let runtime = heist::runtime::Builder::new_current_thread().build().expect("a world has a poller");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:7").await.expect("the port is free");
        heist::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                heist::spawn(async move {
                    let mut bytes = [0; 64];
                    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                        stream.write_all(&bytes[..count]).await.expect("the client listens");
                    }
                });
            }
        });
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                heist::spawn(async {
                    let mut stream = TcpStream::connect("127.0.0.1:7").await.expect("it listens");
                    let mut bytes = [0; 64];
                    for _ in 0..ROUNDS {
                        stream.write_all(&bytes).await.expect("the server reads");
                        stream.read_exact(&mut bytes).await.expect("the server answers");
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("a client does not panic");
        }
    });
}

fn main() {
    let began = Instant::now();
    let (_, report) = sim::Builder::new().run(echo).expect("the world ends");
    let took = began.elapsed();
    let requests = (CONNECTIONS * ROUNDS) as f64;
    println!(
        "echo: {:.0} requests/s, {:.1} calls each, {:?} of the world's time",
        requests / took.as_secs_f64(),
        report.steps_count as f64 / requests,
        report.lasted
    );
    let began = Instant::now();
    let turns = 200_000;
    let pass = move || {
        let (there, here) = std::sync::mpsc::sync_channel::<()>(0);
        let other = thread::spawn(move || while here.recv().is_ok() {});
        (0..turns / 2).for_each(|_| there.send(()).expect("it listens"));
        drop(there);
        other.join().expect("it does not panic");
    };
    sim::Builder::new().random_walk(u32::MAX).run(pass).expect("the world ends");
    println!("a turn: {:?}", began.elapsed() / turns);
    let began = Instant::now();
    let calls = 1_000_000;
    let call = move || (0..calls).for_each(|_| thread::yield_now());
    sim::Builder::new().run(call).expect("the world ends");
    println!("a call: {:?}", began.elapsed() / calls);
    let began = Instant::now();
    (0..1000).for_each(|seed| drop(sim::Builder::new().seed(seed).run(|| {}).expect("the world ends")));
    println!("a world: {:?}", began.elapsed() / 1000);
    let began = Instant::now();
    let day = || {
        for number in 0..5 {
            sim::host(format!("idle-{number}")).start(|| {
                loop {
                    thread::sleep(Duration::from_secs(60));
                }
            });
        }
        thread::sleep(Duration::from_secs(86_400 - 1));
    };
    sim::Builder::new().run(day).expect("the world ends");
    println!("a day of five idle hosts: {:?}", began.elapsed());
}
