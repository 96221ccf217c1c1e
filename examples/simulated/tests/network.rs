//! The runtime's sockets in worlds: hosts that talk through the simulated network.

use std::io::ErrorKind;

use heist::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use heist::sim;
use heist::time::{Duration, sleep, timeout};

/// A server as it ships.
#[heist::main]
async fn echo() {
    let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        heist::spawn(async move {
            let mut buffer = [0; 1000];
            loop {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(count) => stream.write_all(&buffer[..count]).await.unwrap(),
                }
            }
        });
    }
}

async fn connect() -> TcpStream {
    loop {
        match TcpStream::connect("echo:7").await {
            Ok(stream) => return stream,
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        }
        sleep(Duration::from_millis(1)).await;
    }
}

#[heist::sim::test(seeds = 100, twice = true)]
async fn many_clients_get_back_what_they_send() {
    sim::host("echo").start(echo);
    let clients: Vec<_> = (0..5_u8)
        .map(|number| {
            heist::spawn(async move {
                let (mut reader, mut writer) = connect().await.into_split();
                let sent = vec![number; 20_000];
                let to_write = sent.clone();
                heist::spawn(async move {
                    writer.write_all(&to_write).await.unwrap();
                    // The other half is still there: nothing ends.
                });
                let mut received = vec![0; sent.len()];
                reader.read_exact(&mut received).await.unwrap();
                assert!(received == sent);
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}

#[heist::sim::test(seeds = 100, twice = true)]
async fn a_crash_is_noticed_and_a_restart_serves_again() {
    let host = sim::host("echo").start(echo);
    for _ in 0..3 {
        let mut stream = connect().await;
        stream.write_all(b"hello").await.unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        host.crash();
        stream.write_all(b"hello").await.unwrap();
        assert!(timeout(Duration::from_secs(5), stream.read(&mut answer)).await.is_err());
        host.restart();
        let error = stream.read(&mut answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[heist::sim::test(seeds = 100, twice = true)]
async fn datagrams_are_answered() {
    let server = UdpSocket::bind("10.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    heist::spawn(async move {
        let mut buffer = [0; 100];
        loop {
            let (count, sender) = server.recv_from(&mut buffer).await.unwrap();
            server.send_to(&buffer[..count], sender).await.unwrap();
        }
    });
    let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    client.connect(address).await.unwrap();
    for number in 0..10 {
        client.send(&[number; 50]).await.unwrap();
        let mut buffer = [0; 100];
        let count = client.recv(&mut buffer).await.unwrap();
        assert_eq!(buffer[..count], [number; 50]);
    }
}

#[heist::sim::test(seeds = 100, twice = true)]
async fn unix_sockets_carry_more_than_fits() {
    let listener = UnixListener::bind("/run/of/the/world").unwrap();
    heist::spawn(async move {
        let mut stream = UnixStream::connect("/run/of/the/world").await.unwrap();
        stream.write_all(&vec![1; 1_000_000]).await.unwrap();
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    assert_eq!(all.len(), 1_000_000);
}
