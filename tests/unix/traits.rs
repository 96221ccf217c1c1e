//! The traits of other crates are those of every byte stream; here they carry bytes over Unix sockets.

use futures::join;
use heist::net::UnixStream;

use super::pattern;
use crate::support::on_every_runtime;

#[cfg(feature = "futures-io")]
#[test]
fn the_traits_of_futures_io_work() {
    // Generic, so that the inherent methods of the same names are not seen.
    async fn send(mut writer: impl futures::AsyncWrite + Unpin, sent: &[u8]) {
        use futures::AsyncWriteExt as _;
        writer.write_all(sent).await.unwrap();
        writer.flush().await.unwrap();
        writer.close().await.unwrap();
    }
    async fn receive(mut reader: impl futures::AsyncRead + Unpin) -> Vec<u8> {
        use futures::AsyncReadExt as _;
        let mut received = Vec::new();
        reader.read_to_end(&mut received).await.unwrap();
        received
    }
    on_every_runtime(|rt| {
        rt.block_on(async {
            let sent = pattern(300_000, 1);
            let (left, right) = UnixStream::pair().unwrap();
            assert!(join!(send(left, &sent), receive(right)).1 == sent, "streams");
            let (left, mut right) = UnixStream::pair().unwrap();
            assert!(join!(send(left.into_split().1, &sent), receive(right.split().0)).1 == sent, "halves");
        });
    });
}

#[cfg(feature = "tokio-io")]
#[test]
fn the_traits_of_tokio_work() {
    use std::future::poll_fn;
    use std::pin::pin;
    use tokio::io::{AsyncRead as _, AsyncWrite as _};
    on_every_runtime(|rt| {
        rt.block_on(async {
            let sent = pattern(300_000, 2);
            let (left, right) = UnixStream::pair().unwrap();
            let send = async {
                let mut left = pin!(left);
                assert!(left.is_write_vectored());
                let mut count = 0;
                while count < sent.len() {
                    count += poll_fn(|cx| left.as_mut().poll_write(cx, &sent[count..])).await.unwrap();
                }
                poll_fn(|cx| left.as_mut().poll_shutdown(cx)).await.unwrap();
            };
            let receive = async {
                let mut right = pin!(right);
                let mut received = Vec::new();
                let mut room = [0; 4000];
                loop {
                    let mut buf = tokio::io::ReadBuf::new(&mut room);
                    poll_fn(|cx| right.as_mut().poll_read(cx, &mut buf)).await.unwrap();
                    if buf.filled().is_empty() {
                        return received;
                    }
                    received.extend_from_slice(buf.filled());
                }
            };
            assert!(join!(send, receive).1 == sent);
        });
    });
}

#[cfg(feature = "hyper")]
#[test]
fn hyper_serves_over_a_unix_socket() {
    use std::convert::Infallible;

    use hyper::body::Incoming;
    use hyper::{Request, Response};
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, server) = UnixStream::pair().unwrap();
            let serving = heist::spawn(async move {
                let answer = |request: Request<Incoming>| async move {
                    let path = request.uri().path().to_owned();
                    Ok::<_, Infallible>(Response::new(path))
                };
                let service = hyper::service::service_fn(answer);
                hyper::server::conn::http1::Builder::new().serve_connection(server, service).await
            });
            client.write_all(b"GET /unix HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
            let mut response = String::new();
            super::soon("the response", client.read_to_string(&mut response)).await.unwrap();
            assert!(response.starts_with("HTTP/1.1 200 OK") && response.ends_with("/unix"), "{response}");
            serving.await.unwrap().unwrap();
        });
    });
}
