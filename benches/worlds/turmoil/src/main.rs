//! 100 connections between two hosts echo 64 bytes as often as the argument says. Prints requests per second of real time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};

const CONNECTIONS: u32 = 100;

async fn serve() -> turmoil::Result {
    let listener = TcpListener::bind("0.0.0.0:7").await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut bytes = [0; 64];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                stream.write_all(&bytes[..count]).await.expect("the client listens");
            }
        });
    }
}

async fn ask(rounds: u32) {
    let mut stream = TcpStream::connect("server:7").await.expect("it listens");
    let mut bytes = [0; 64];
    for _ in 0..rounds {
        stream.write_all(&bytes).await.expect("the server reads");
        stream.read_exact(&mut bytes).await.expect("the server answers");
    }
}

fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).expect("a number of rounds");
    let began = Instant::now();
    // The latencies of heist's worlds.
    let mut world = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(24 * 3600))
        .min_message_latency(Duration::from_micros(100))
        .max_message_latency(Duration::from_millis(1))
        // All connect at once.
        .tcp_capacity(1024)
        .build();
    world.host("server", serve);
    world.client("client", async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(ask(rounds))).collect();
        for client in clients {
            client.await.expect("a client does not panic");
        }
        Ok(())
    });
    world.run().expect("the world ends");
    println!("{:.0}", f64::from(CONNECTIONS * rounds) / began.elapsed().as_secs_f64());
}
