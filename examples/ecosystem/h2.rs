//! h2: HTTP/2 by itself, many streams over one connection, each larger than the window of the protocol.
//!
//! ```text
//! $ cargo run -p ecosystem --bin h2
//! driver: io_uring
//! 8 streams at once brought back 2400000 bytes
//! ```

use std::error::Error;

use bytes::Bytes;
use futures::future::try_join_all;
use h2::RecvStream;
use h2::client::SendRequest;
use h2::server::SendResponse;
use heist::net::{TcpListener, TcpStream};
use http::{Request, Response};

type Failure = Box<dyn Error + Send + Sync>;

const STREAM_COUNT: usize = 8;
/// More than the 64 KiB that may be sent unasked: the flow control has work to do.
const BODY_SIZE: usize = 300_000;

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = heist::spawn(async move { serve(listener.accept().await?.0).await });

    let (sender, connection) = h2::client::handshake(TcpStream::connect(address).await?).await?;
    // The connection moves the frames of all streams: it is a task of its own.
    let connection = heist::spawn(connection);
    let sizes = try_join_all((0..STREAM_COUNT).map(|index| exchange(sender.clone(), index))).await?;
    println!("{STREAM_COUNT} streams at once brought back {} bytes", sizes.iter().sum::<usize>());
    drop(sender);
    connection.await??;
    server.await?
}

/// Sends a body, and wants it back.
async fn exchange(sender: SendRequest<Bytes>, index: usize) -> Result<usize, Failure> {
    let body = Bytes::from(vec![u8::try_from(index)?; BODY_SIZE]);
    let request = Request::post(format!("http://localhost/{index}")).body(())?;
    let (answer, mut upload) = sender.ready().await?.send_request(request, false)?;
    // Queued whole; what the window does not take yet is sent as the server reads.
    upload.send_data(body.clone(), true)?;
    let received = collect(answer.await?.into_body()).await?;
    if received != body {
        return Err(format!("stream {index}: {} bytes came back, and not the same", received.len()).into());
    }
    Ok(received.len())
}

/// Serves one connection: a task per stream.
async fn serve(stream: TcpStream) -> Result<(), Failure> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (request, answer) = accepted?;
        heist::spawn(async move {
            if let Err(error) = echo(request.into_body(), answer).await {
                eprintln!("a stream failed: {error}");
            }
        });
    }
    Ok(())
}

async fn echo(body: RecvStream, mut answer: SendResponse<Bytes>) -> Result<(), Failure> {
    let body = collect(body).await?;
    let mut download = answer.send_response(Response::new(()), false)?;
    Ok(download.send_data(body, true)?)
}

async fn collect(mut body: RecvStream) -> Result<Bytes, Failure> {
    let mut received = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        received.extend_from_slice(&piece);
        // Lets the peer send as much again.
        body.flow_control().release_capacity(piece.len())?;
    }
    Ok(received.into())
}
