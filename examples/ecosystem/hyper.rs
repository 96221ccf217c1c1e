//! hyper: HTTP/1.1 and HTTP/2, server and client, on heist's sockets as they are.
//!
//! Left out: TLS (see `rustls.rs`), an orderly stop (see `axum.rs`), limits on connections and bodies, a pool of
//! connections and time-outs in the client: `heist::time::timeout` around a request gives it up.
//!
//! ```text
//! $ cargo run -p ecosystem --bin hyper
//! driver: io_uring
//! one: HTTP/1.1 ONE
//! two: HTTP/1.1 TWO
//! three: HTTP/1.1 THREE
//! one: HTTP/2.0 ONE
//! two: HTTP/2.0 TWO
//! three: HTTP/2.0 THREE
//! ```

use std::error::Error;
use std::net::SocketAddr;

use heist::io::hyper::{Executor, Timer};
use heist::net::{TcpListener, TcpStream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::server::conn::auto;

type Failure = Box<dyn Error + Send + Sync>;

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = heist::spawn(serve(listener));
    http1(address).await?;
    http2(address).await?;
    server.abort();
    Ok(())
}

/// One task per connection; each speaks the version that its client begins with.
async fn serve(listener: TcpListener) -> Result<(), Failure> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        heist::spawn(async move {
            // The executor runs what HTTP/2 does beside the requests; the timer is for hyper's time-outs.
            let mut http = auto::Builder::new(Executor);
            // Without `half_close`, hyper drops the handler of a client that shuts down its sending side after the
            // request, though it still waits for the answer.
            http.http1().timer(Timer).half_close(true);
            http.http2().timer(Timer);
            if let Err(error) = http.serve_connection(stream, service_fn(shout)).await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}

/// Answers with what it was sent, in capitals.
async fn shout(request: Request<Incoming>) -> Result<Response<String>, hyper::Error> {
    let version = request.version();
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(format!("{version:?} {}", String::from_utf8_lossy(&body).to_uppercase())))
}

/// Three requests, one after the other, over one connection.
async fn http1(address: SocketAddr) -> Result<(), Failure> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    // The connection moves the bytes while the sender is used: it is a task of its own.
    let connection = heist::spawn(connection);
    for word in ["one", "two", "three"] {
        let request = Request::post("/").header("host", "localhost").body(word.to_owned())?;
        // The connection may still be ending the exchange before.
        sender.ready().await?;
        println!("{word}: {}", text(sender.send_request(request).await?).await?);
    }
    drop(sender);
    Ok(connection.await??)
}

/// Three requests at once over one connection.
async fn http2(address: SocketAddr) -> Result<(), Failure> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http2::handshake(Executor, stream).await?;
    let connection = heist::spawn(connection);
    let answers = ["one", "two", "three"].map(|word| {
        let request = Request::post("http://localhost/").body(word.to_owned());
        let answer = request.map(|request| sender.send_request(request));
        async move { Ok::<_, Failure>(format!("{word}: {}", text(answer?.await?).await?)) }
    });
    for line in futures::future::try_join_all(answers).await? {
        println!("{line}");
    }
    drop(sender);
    Ok(connection.await??)
}

async fn text(answer: Response<Incoming>) -> Result<String, Failure> {
    if !answer.status().is_success() {
        return Err(format!("answered {}", answer.status()).into());
    }
    Ok(String::from_utf8(answer.into_body().collect().await?.to_bytes().into())?)
}
