//! tokio, which knows nothing of a world, on the simulated network.
#![cfg(target_os = "linux")]

use std::future::Future;
use std::time::Duration;

use heist_sim::{TestCase, host, run_test};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(future)
}

/// Runs the body in worlds of some seeds, each twice, in processes of their own: tokio has statics.
fn in_worlds(name: &str, body: fn()) {
    run_test(&TestCase::new(module_path!(), name, file!()).seeds(30).twice(true), body);
}

async fn echo() {
    let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let (mut reader, mut writer) = stream.split();
            let _ = tokio::io::copy(&mut reader, &mut writer).await;
        });
    }
}

#[test]
fn clients_of_another_host_get_back_what_they_send() {
    in_worlds("clients_of_another_host_get_back_what_they_send", || {
        let host = host("echo").start(|| block_on(echo()));
        block_on(async {
            let clients: Vec<_> = (0..4_u8)
                .map(|number| {
                    tokio::spawn(async move {
                        sleep(Duration::from_secs(1)).await;
                        let stream = TcpStream::connect("echo:7").await.unwrap();
                        stream.set_nodelay(true).unwrap();
                        let (mut reader, mut writer) = stream.into_split();
                        let sent = vec![number; 100_000];
                        let expected = sent.clone();
                        tokio::spawn(async move { writer.write_all(&sent).await.unwrap() });
                        let mut received = Vec::new();
                        reader.read_to_end(&mut received).await.unwrap();
                        assert!(received == expected);
                    })
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
            let mut stream = TcpStream::connect("echo:7").await.unwrap();
            host.crash();
            stream.write_all(b"anybody?").await.unwrap();
            assert!(timeout(Duration::from_secs(60), stream.read(&mut [0; 8])).await.is_err());
        });
    });
}

#[test]
fn datagrams_and_unix_streams_arrive() {
    in_worlds("datagrams_and_unix_streams_arrive", || {
        block_on(async {
            let (one, other) = (
                UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            );
            one.send_to(b"hello", other.local_addr().unwrap()).await.unwrap();
            let mut buffer = [0; 9];
            let (count, from) = other.recv_from(&mut buffer).await.unwrap();
            assert_eq!((count, from), (5, one.local_addr().unwrap()));

            let listener = UnixListener::bind("/run/of/the/world").unwrap();
            let writer = tokio::spawn(async {
                let mut stream = UnixStream::connect("/run/of/the/world").await.unwrap();
                stream.write_all(&vec![7; 1_000_000]).await.unwrap();
            });
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap();
            writer.await.unwrap();
            assert_eq!(received.len(), 1_000_000);
        });
    });
}
