//! 100 connections between two hosts echo 64 bytes as often as the argument says. Prints requests per second of real time.

use std::time::Instant;

use heist::net::{TcpListener, TcpStream};
use heist::runtime::Builder;
use heist::sim;
use heist::time::{Duration, sleep};

const CONNECTIONS: u32 = 100;

fn block_on<R>(body: impl Future<Output = R>) -> R {
    Builder::new_current_thread().build().expect("a world has a poller").block_on(body)
}

fn serve() {
    block_on(async {
        let listener = TcpListener::bind("0.0.0.0:7").await.expect("the port is free");
        while let Ok((mut stream, _)) = listener.accept().await {
            heist::spawn(async move {
                let mut bytes = [0; 64];
                while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                    stream.write_all(&bytes[..count]).await.expect("the client listens");
                }
            });
        }
    });
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
    let world = move || {
        let _server = sim::host("server").start(serve);
        block_on(async move {
            sleep(Duration::from_secs(1)).await;
            let clients: Vec<_> = (0..CONNECTIONS).map(|_| heist::spawn(ask(rounds))).collect();
            for client in clients {
                client.await.expect("a client does not panic");
            }
        });
    };
    sim::Builder::new().run(world).expect("the world ends");
    println!("{:.0}", f64::from(CONNECTIONS * rounds) / began.elapsed().as_secs_f64());
}
