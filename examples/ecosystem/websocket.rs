//! WebSockets: a server on tokio-tungstenite, which takes heist's streams by tokio's traits (feature `tokio-io`), and a
//! client on async-tungstenite, which takes them by those of futures-io (on by default). Either crate does both.
//!
//! ```text
//! $ cargo run -p ecosystem --bin websocket
//! driver: io_uring
//! upgraded: 101 Switching Protocols
//! one came back as one
//! two came back as two
//! three came back as three
//! 4194304 bytes came back in one message
//! closed: true
//! ```

use std::error::Error;

use async_tungstenite::tungstenite::Message;
use futures::{SinkExt, StreamExt};
use heist::net::{TcpListener, TcpStream};

type Failure = Box<dyn Error + Send + Sync>;

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = heist::spawn(async move { echo(listener.accept().await?.0).await });

    let stream = TcpStream::connect(address).await?;
    let (mut socket, answer) = async_tungstenite::client_async(format!("ws://{address}/"), stream).await?;
    println!("upgraded: {}", answer.status());
    for text in ["one", "two", "three"] {
        socket.send(Message::text(text)).await?;
        let message = socket.next().await.ok_or("the server left")??;
        println!("{text} came back as {}", message.to_text()?);
    }
    // Larger than any buffer on the way: both sides must read while they write.
    let large: Vec<u8> = (0..=u8::MAX).cycle().take(4 << 20).collect();
    let (mut writer, mut reader) = socket.split();
    let (sent, received) = futures::join!(writer.send(Message::binary(large.clone())), reader.next());
    sent?;
    let received = received.ok_or("the server left")??.into_data();
    if received != large {
        return Err(format!("{} bytes came back, and not the same", received.len()).into());
    }
    println!("{} bytes came back in one message", received.len());
    // Both sides say goodbye, and the stream ends.
    writer.close(None).await?;
    while let Some(message) = reader.next().await {
        println!("closed: {}", message?.is_close());
    }
    server.await?
}

/// Sends every message back. Pings and goodbyes are answered by the crate.
async fn echo(stream: TcpStream) -> Result<(), Failure> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
