//! rustls: TLS on both sides of a connection, through tokio-rustls over heist's streams.
//!
//! ```text
//! $ cargo run -p ecosystem --bin rustls
//! driver: io_uring
//! 200000 bytes there and back over TLSv1_3
//! refused without trust: invalid peer certificate: UnknownIssuer
//! ```

use std::error::Error;
use std::sync::Arc;

use heist::net::{TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

type Failure = Box<dyn Error + Send + Sync>;

/// What is sent there and back: several records of TLS.
const SIZE: usize = 200_000;

#[heist::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", heist::runtime::Handle::current().driver_name());
    // Made up for this run. Real servers load theirs from files.
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = identity.cert.der().clone();
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der())?;
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = heist::spawn(serve(listener, TlsAcceptor::from(Arc::new(config))));

    let mut stream = connect(TcpStream::connect(address).await?, Some(certificate)).await?;
    let sent: Vec<u8> = (0..=u8::MAX).cycle().take(SIZE).collect();
    stream.write_all(&sent).await?;
    // Says goodbye; the server can still answer.
    stream.shutdown().await?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await?;
    if received != sent {
        return Err(format!("{} bytes came back, and not the same", received.len()).into());
    }
    let version = stream.get_ref().1.protocol_version().ok_or("no version was agreed on")?;
    println!("{} bytes there and back over {version:?}", received.len());

    // Who does not know the certificate must not talk to the server.
    match connect(TcpStream::connect(address).await?, None).await {
        Ok(_) => return Err("an unknown certificate was taken".into()),
        Err(error) => println!("refused without trust: {error}"),
    }
    server.abort();
    Ok(())
}

type ClientStream = tokio_rustls::client::TlsStream<TcpStream>;

/// Opens TLS to `localhost` over `stream`, trusting only `trusted`.
async fn connect(
    stream: TcpStream,
    trusted: Option<CertificateDer<'static>>,
) -> Result<ClientStream, Failure> {
    let mut roots = RootCertStore::empty();
    if let Some(certificate) = trusted {
        roots.add(certificate)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)).connect("localhost".try_into()?, stream).await?)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) -> Result<(), Failure> {
    loop {
        let (stream, _peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        heist::spawn(async move {
            if let Err(error) = echo(stream, acceptor).await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}

/// Reads to the end, sends it back, and says goodbye.
async fn echo(stream: TcpStream, acceptor: TlsAcceptor) -> Result<(), Failure> {
    let mut stream = acceptor.accept(stream).await?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await?;
    stream.write_all(&received).await?;
    Ok(stream.shutdown().await?)
}
