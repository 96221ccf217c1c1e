//! 100 connections between two nodes echo 64 bytes as often as the argument says. Prints requests per second of real time.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use madsim::Config;
use madsim::net::{TcpListener, TcpStream};
use madsim::runtime::Runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: u32 = 100;

async fn serve() {
    let listener = TcpListener::bind("10.0.0.1:7").await.expect("the port is free");
    while let Ok((mut stream, _)) = listener.accept().await {
        madsim::task::spawn(async move {
            let mut bytes = [0; 64];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                stream.write_all(&bytes[..count]).await.expect("the client listens");
                stream.flush().await.expect("the client listens");
            }
        });
    }
}

async fn ask(rounds: u32) {
    let mut stream = TcpStream::connect("10.0.0.1:7").await.expect("it listens");
    let mut bytes = [0; 64];
    for _ in 0..rounds {
        stream.write_all(&bytes).await.expect("the server reads");
        stream.flush().await.expect("the server reads");
        stream.read_exact(&mut bytes).await.expect("the server answers");
    }
}

fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).expect("a number of rounds");
    let began = Instant::now();
    // The latencies of heist's worlds.
    let mut config = Config::default();
    config.net.send_latency = Duration::from_micros(100)..Duration::from_millis(1);
    let world = Runtime::with_seed_and_config(0, config);
    let address = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
    let server = world.create_node().name("server").ip(address(1)).build();
    let client = world.create_node().name("client").ip(address(2)).build();
    server.spawn(serve());
    let asking = client.spawn(async move {
        madsim::time::sleep(Duration::from_secs(1)).await;
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| madsim::task::spawn(ask(rounds))).collect();
        for client in clients {
            client.await.expect("a client does not panic");
        }
    });
    world.block_on(asking).expect("the world ends");
    println!("{:.0}", f64::from(CONNECTIONS * rounds) / began.elapsed().as_secs_f64());
}
