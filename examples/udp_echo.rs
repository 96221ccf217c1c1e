//! UDP: a server that sends every datagram back to its sender.
//!
//! ```text
//! cargo run --release --example udp_echo                      three datagrams go there and back, then it ends
//! cargo run --release --example udp_echo -- 127.0.0.1:7000    serves until Ctrl-C; try `nc -u 127.0.0.1 7000`
//! ```

use std::io;
use std::time::Duration;

use heist::net::UdpSocket;
use heist::time::timeout;

#[heist::main]
async fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        let socket = UdpSocket::bind(address).await?;
        println!("echoing on {}", socket.local_addr()?);
        heist::spawn(serve(socket));
        return heist::signal::ctrl_c().await;
    }
    let server = UdpSocket::bind("127.0.0.1:0").await?;
    let address = server.local_addr()?;
    heist::spawn(serve(server));
    let client = UdpSocket::bind("127.0.0.1:0").await?;
    client.connect(address).await?;
    for text in ["one", "two", "three"] {
        let answer = ask(&client, text).await?;
        println!("{text} came back as {answer}");
    }
    Ok(())
}

/// Datagrams may be lost: the question is asked again until an answer comes.
async fn ask(client: &UdpSocket, text: &str) -> io::Result<String> {
    let mut buffer = [0; 1500];
    for _ in 0..5 {
        client.send(text.as_bytes()).await?;
        // Giving up a receive loses nothing: a datagram that comes later is received by the next one.
        if let Ok(received) = timeout(Duration::from_millis(200), client.recv(&mut buffer)).await {
            return Ok(String::from_utf8_lossy(&buffer[..received?]).into_owned());
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

async fn serve(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = vec![0; 65_535];
    loop {
        let (count, peer) = socket.recv_from(&mut buffer).await?;
        // A peer that cannot be reached is no reason to stop serving the others.
        if let Err(error) = socket.send_to(&buffer[..count], peer).await {
            eprintln!("cannot answer {peer}: {error}");
        }
    }
}
