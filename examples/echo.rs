//! TCP: a server that sends back what it receives, one task per connection.
//!
//! ```text
//! cargo run --release --example echo                      three clients talk to it, then it ends
//! cargo run --release --example echo -- 127.0.0.1:7000    serves until Ctrl-C; try `nc 127.0.0.1 7000`
//! ```

use std::io;
use std::time::Duration;

use heist::net::{TcpListener, TcpStream};

#[heist::main]
async fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        let listener = TcpListener::bind(address).await?;
        println!("echoing on {}", listener.local_addr()?);
        heist::spawn(serve(listener));
        return heist::signal::ctrl_c().await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    heist::spawn(serve(listener));
    for text in ["one", "two", "three"] {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(text.as_bytes()).await?;
        // Half a close: the server sees the end of the stream, and can still answer.
        stream.shutdown().await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        println!("{text} came back as {}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

async fn serve(listener: TcpListener) {
    loop {
        match listener.accept().await {
            // The task is detached: it lives on when its handle is dropped.
            Ok((stream, _)) => drop(heist::spawn(echo(stream))),
            Err(error) => {
                eprintln!("cannot accept: {error}");
                heist::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Ends when the client closes its side, or the connection fails.
async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return stream.shutdown().await;
        }
        stream.write_all(&buffer[..count]).await?;
    }
}
