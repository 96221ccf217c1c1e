//! reqwest on rustls against an HTTPS server of the same program: axum over tokio-rustls, HTTP/2 and HTTP/1.1 as the
//! client asks for; bodies that stream in both directions, a time-out, a certificate that nobody knows.
//!
//! ```text
//! $ cargo run --bin https
//! driver: io_uring
//! 300 requests at once over HTTP/2, and 300 over HTTP/1.1
//! 4 MiB went up and came back
//! given up after 50 ms
//! a certificate that nobody knows is refused
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::{get, post};
use axum::serve::Listener;
use futures_util::{StreamExt, stream};
use moved_in::{Failure, check, soon};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Accepts connections and shakes hands with them.
struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

struct Site {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    moved_in::choose_cryptography()?;
    let site = serve().await?;
    let trusting = || {
        let root = reqwest::Certificate::from_der(&site.certificate)?;
        Ok::<_, reqwest::Error>(reqwest::Client::builder().tls_certs_only([root]))
    };
    let url = |path: &str| format!("https://localhost:{}{path}", site.address.port());

    let two = trusting()?.build()?;
    many(&two, &url("/version"), "HTTP/2.0").await?;
    let one = trusting()?.http1_only().build()?;
    many(&one, &url("/version"), "HTTP/1.1").await?;
    println!("300 requests at once over HTTP/2, and 300 over HTTP/1.1");

    there_and_back(&two, &url("/echo")).await?;
    there_and_back(&one, &url("/echo")).await?;
    println!("4 MiB went up and came back");

    let slow = two.get(url("/never")).timeout(Duration::from_millis(50)).send().await;
    check!(slow.is_err_and(|error| error.is_timeout()), "a request that is never answered has no time-out");
    println!("given up after 50 ms");

    let stranger = reqwest::Client::builder().tls_certs_only([]).build()?.get(url("/version")).send().await;
    check!(stranger.is_err_and(|error| error.is_connect()), "an unknown certificate is accepted");
    println!("a certificate that nobody knows is refused");
    Ok(())
}

async fn serve() -> Result<Site, Failure> {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = pair.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(pair.signing_key.serialize_der().into());
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let app = Router::new()
        .route("/version", get(|request: Request<Body>| async move { format!("{:?}", request.version()) }))
        .route("/echo", post(|request: Request<Body>| async move { request.into_body() }))
        .route("/never", get(std::future::pending::<()>));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = TlsListener { listener, acceptor: TlsAcceptor::from(Arc::new(config)) };
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(Site { address, certificate })
}

async fn many(client: &reqwest::Client, url: &str, version: &str) -> Result<(), Failure> {
    let mut requests = JoinSet::new();
    for _ in 0..300 {
        let request = client.get(url);
        requests.spawn(async move { request.send().await?.text().await });
    }
    while let Some(text) = soon("an answer", requests.join_next()).await? {
        let text = text??;
        check!(text == version, "asked by {version}, the server saw {text}");
    }
    Ok(())
}

async fn there_and_back(client: &reqwest::Client, url: &str) -> Result<(), Failure> {
    let parts = (0..64_u32).map(|number| Ok::<_, Failure>(vec![number as u8; 64 * 1024]));
    let body = reqwest::Body::wrap_stream(stream::iter(parts));
    let answer = soon("the answer", client.post(url).body(body).send()).await??;
    let (mut position, mut bytes) = (0_usize, answer.bytes_stream());
    while let Some(part) = soon("a part", bytes.next()).await? {
        for byte in part? {
            check!(byte == (position / (64 * 1024)) as u8, "byte {position} is {byte}");
            position += 1;
        }
    }
    check!(position == 4 * 1024 * 1024, "{position} bytes came back");
    Ok(())
}
