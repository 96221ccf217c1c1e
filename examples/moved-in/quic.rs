//! quinn, server and client: streams in both directions at once, bulk data in segments that the kernel cuts (UDP
//! segmentation and receive offload, where it has them), datagrams, a reset, a client that moves to another port.
//!
//! ```text
//! $ cargo run --bin quic
//! driver: io_uring
//! 100 streams at once, echoed
//! 16 MiB there and back; 11954 datagrams in 1237 sends
//! 50 datagrams
//! a stream is reset with code 7
//! the client moved to another port, and the connection went on
//! ```

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use moved_in::{Failure, check, soon};
use quinn::{ClientConfig, Connection, Endpoint, Incoming, RecvStream, SendStream, ServerConfig, VarInt};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use tokio::task::JoinSet;

const LARGE: usize = 16 << 20;

async fn echo(mut send: SendStream, mut receive: RecvStream) -> Result<(), Failure> {
    let mut buffer = vec![0; 64 * 1024];
    while let Some(count) = receive.read(&mut buffer).await? {
        if buffer[..count] == *b"reset" {
            send.reset(VarInt::from_u32(7))?;
            return Ok(());
        }
        send.write_all(&buffer[..count]).await?;
    }
    send.finish()?;
    Ok(())
}

async fn serve(incoming: Incoming) -> Result<(), Failure> {
    let connection = incoming.await?;
    let datagrams = connection.clone();
    let echoing = tokio::spawn(async move {
        while let Ok(datagram) = datagrams.read_datagram().await {
            datagrams.send_datagram_wait(datagram).await?;
        }
        Ok::<(), quinn::SendDatagramError>(())
    });
    while let Ok((send, receive)) = connection.accept_bi().await {
        tokio::spawn(echo(send, receive));
    }
    echoing.await??;
    Ok(())
}

fn endpoints() -> Result<(Endpoint, Endpoint), Failure> {
    moved_in::choose_cryptography()?;
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = pair.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(pair.signing_key.serialize_der().into());
    let config = ServerConfig::with_single_cert(vec![certificate.clone()], key)?;
    let server = Endpoint::server(config, "127.0.0.1:0".parse()?)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let mut client = Endpoint::client("127.0.0.1:0".parse()?)?;
    client.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(roots))?);
    Ok((server, client))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let (server, client) = endpoints()?;
    let address = server.local_addr()?;
    let serving = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Some(incoming) = server.accept().await {
            connections.spawn(serve(incoming));
            if connections.len() == 1 {
                // One client is all that comes.
                break;
            }
        }
        let end = connections.join_next().await;
        server.wait_idle().await;
        end.ok_or("nobody came")??
    });

    let connection = soon("the connection", client.connect(address, "localhost")?).await??;
    many_streams(&connection).await?;
    bulk(&connection).await?;
    datagrams(&connection).await?;
    reset(&connection).await?;
    moved(&client, &connection).await?;
    connection.close(VarInt::from_u32(0), b"done");
    soon("the end of the client", client.wait_idle()).await?;
    soon("the end of the server", serving).await???;
    Ok(())
}

async fn exchange(connection: &Connection, sent: &[u8]) -> Result<Vec<u8>, Failure> {
    let (mut send, mut receive) = connection.open_bi().await?;
    let sending = async {
        send.write_all(sent).await?;
        send.finish()?;
        Ok::<(), Failure>(())
    };
    let receiving = async { Ok::<Vec<u8>, Failure>(receive.read_to_end(2 * LARGE).await?) };
    let ((), received) = soon("an echo", async { tokio::try_join!(sending, receiving) }).await??;
    Ok(received)
}

async fn many_streams(connection: &Connection) -> Result<(), Failure> {
    let mut streams = JoinSet::new();
    for number in 0..100_usize {
        let connection = connection.clone();
        streams.spawn(async move {
            let sent = vec![number as u8; 1000 * number];
            Ok::<bool, Failure>(exchange(&connection, &sent).await? == sent)
        });
    }
    while let Some(end) = soon("a stream", streams.join_next()).await? {
        check!(end??, "an echo differs");
    }
    println!("100 streams at once, echoed");
    Ok(())
}

async fn bulk(connection: &Connection) -> Result<(), Failure> {
    let sent: Vec<u8> = (0..LARGE).map(|index| (index / 251) as u8).collect();
    let before = connection.stats().udp_tx;
    check!(exchange(connection, &sent).await? == sent, "the bulk came back as other bytes");
    let after = connection.stats().udp_tx;
    let (datagrams, sends) = (after.datagrams - before.datagrams, after.ios - before.ios);
    // The kernel cuts one send into several datagrams, and puts received ones together.
    check!(2 * sends < datagrams, "{sends} sends for {datagrams} datagrams");
    println!("16 MiB there and back; {datagrams} datagrams in {sends} sends");
    Ok(())
}

async fn datagrams(connection: &Connection) -> Result<(), Failure> {
    let mut received_count = 0;
    for number in 0..50_u8 {
        connection.send_datagram_wait(vec![number; 100].into()).await?;
        // One at a time, so that no queue is full: a datagram may be lost by right.
        let received = soon("a datagram", connection.read_datagram()).await??;
        check!(*received == [number; 100], "datagram {number} differs");
        received_count += 1;
    }
    println!("{received_count} datagrams");
    Ok(())
}

async fn reset(connection: &Connection) -> Result<(), Failure> {
    let (mut send, mut receive) = connection.open_bi().await?;
    send.write_all(b"reset").await?;
    let end = soon("the reset", receive.read_to_end(100)).await?;
    let code = match end {
        Err(quinn::ReadToEndError::Read(quinn::ReadError::Reset(code))) => code,
        other => return Err(format!("not a reset, but {other:?}").into()),
    };
    check!(code == VarInt::from_u32(7), "reset with code {code}");
    println!("a stream is reset with code {code}");
    Ok(())
}

async fn moved(client: &Endpoint, connection: &Connection) -> Result<(), Failure> {
    let before = client.local_addr()?;
    client.rebind(UdpSocket::bind::<SocketAddr>("127.0.0.1:0".parse()?)?)?;
    check!(client.local_addr()? != before, "the port is the same");
    check!(exchange(connection, b"from elsewhere").await? == b"from elsewhere", "an echo differs");
    println!("the client moved to another port, and the connection went on");
    Ok(())
}
