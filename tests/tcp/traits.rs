//! The traits of other crates.

#![cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]

use std::io::IoSlice;

use futures::join;
use heist::net::TcpStream;

use super::{MIB, pair, pattern};
use crate::support::on_every_runtime;

#[cfg(feature = "futures-io")]
#[test]
fn the_traits_of_futures_io_work() {
    use futures::io::{AsyncReadExt as Read, AsyncWriteExt as Write};
    use std::io::IoSliceMut;
    async fn send(mut to: impl Write + Unpin, bytes: &[u8]) {
        assert_ne!(to.write_vectored(&[IoSlice::new(&[]), IoSlice::new(&bytes[..1])]).await.unwrap(), 0);
        to.write_all(&bytes[1..]).await.unwrap();
        to.flush().await.unwrap();
        to.close().await.unwrap();
    }
    async fn receive(mut from: impl Read + Unpin) -> Vec<u8> {
        let mut received = vec![0; 1];
        assert_eq!(from.read_vectored(&mut [IoSliceMut::new(&mut received)]).await.unwrap(), 1);
        from.read_to_end(&mut received).await.unwrap();
        received
    }
    on_every_runtime(|rt| {
        rt.block_on(async {
            let sent = pattern(MIB, 6);
            let (client, server) = pair().await;
            assert!(join!(send(client, &sent), receive(server)).1 == sent, "streams");
            let (client, server) = pair().await;
            assert!(join!(send(&client, &sent), receive(&server)).1 == sent, "references");
            let (mut client, mut server) = pair().await;
            // By name: the trait's own `split` takes the stream itself, and would come first.
            let (_reader, writer) = TcpStream::split(&mut client);
            let (reader, _writer) = TcpStream::split(&mut server);
            assert!(join!(send(writer, &sent), receive(reader)).1 == sent, "halves");
            let (client, server) = pair().await;
            let (_reader, writer) = client.into_split();
            let (reader, _writer) = server.into_split();
            assert!(join!(send(writer, &sent), receive(reader)).1 == sent, "owned halves");
        });
    });
}

#[cfg(feature = "tokio-io")]
#[test]
fn the_traits_of_tokio_work() {
    use std::future::poll_fn;
    use std::pin::pin;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    async fn send(to: impl AsyncWrite, bytes: &[u8]) {
        let mut to = pin!(to);
        assert!(to.is_write_vectored());
        let first = [IoSlice::new(&[]), IoSlice::new(&bytes[..1])];
        let mut done = poll_fn(|cx| to.as_mut().poll_write_vectored(cx, &first)).await.unwrap();
        while done < bytes.len() {
            done += poll_fn(|cx| to.as_mut().poll_write(cx, &bytes[done..])).await.unwrap();
        }
        poll_fn(|cx| to.as_mut().poll_flush(cx)).await.unwrap();
        poll_fn(|cx| to.as_mut().poll_shutdown(cx)).await.unwrap();
    }
    async fn receive(from: impl AsyncRead) -> Vec<u8> {
        let mut from = pin!(from);
        let mut received = Vec::new();
        let mut room = [std::mem::MaybeUninit::uninit(); 5000];
        loop {
            let mut buf = ReadBuf::uninit(&mut room);
            buf.put_slice(b"kept");
            poll_fn(|cx| from.as_mut().poll_read(cx, &mut buf)).await.unwrap();
            let came = buf.filled().strip_prefix(b"kept").expect("what was filled stays");
            if came.is_empty() {
                return received;
            }
            received.extend_from_slice(came);
        }
    }
    on_every_runtime(|rt| {
        rt.block_on(async {
            let sent = pattern(MIB, 7);
            let (client, server) = pair().await;
            assert!(join!(send(client, &sent), receive(server)).1 == sent, "streams");
            let (mut client, mut server) = pair().await;
            assert!(join!(send(client.split().1, &sent), receive(server.split().0)).1 == sent, "halves");
            let (client, server) = pair().await;
            let (_reader, writer) = client.into_split();
            let (reader, _writer) = server.into_split();
            assert!(join!(send(writer, &sent), receive(reader)).1 == sent, "owned halves");
        });
    });
}

#[cfg(feature = "hyper")]
#[test]
fn the_traits_of_hyper_work() {
    use heist::io::hyper::{Executor, Timer};
    use hyper::rt::{Executor as _, Read, ReadBuf, Timer as _, Write};
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::Arc;
    use std::time::{Duration, Instant};
    on_every_runtime(|rt| {
        rt.block_on(async {
            let sent = Arc::new(pattern(MIB, 8));
            let (client, server) = pair().await;
            let (done, is_done) = futures::channel::oneshot::channel();
            let bytes = sent.clone();
            Executor.execute(async move {
                let mut client = pin!(client);
                assert!(client.is_write_vectored());
                let mut count = 0;
                while count < bytes.len() {
                    let pieces = [IoSlice::new(&[]), IoSlice::new(&bytes[count..])];
                    count += poll_fn(|cx| client.as_mut().poll_write_vectored(cx, &pieces)).await.unwrap();
                }
                poll_fn(|cx| Write::poll_flush(client.as_mut(), cx)).await.unwrap();
                poll_fn(|cx| client.as_mut().poll_shutdown(cx)).await.unwrap();
                done.send(()).unwrap();
            });
            let mut server = pin!(server);
            let mut received = Vec::new();
            let mut room = [std::mem::MaybeUninit::uninit(); 5000];
            loop {
                let mut buf = ReadBuf::uninit(&mut room);
                poll_fn(|cx| Read::poll_read(server.as_mut(), cx, buf.unfilled())).await.unwrap();
                if buf.filled().is_empty() {
                    break;
                }
                received.extend_from_slice(buf.filled());
            }
            assert!(received == *sent);
            is_done.await.unwrap();

            let start = Instant::now();
            let mut nap = Timer.sleep(Duration::from_secs(3600));
            Timer.reset(&mut nap, Timer.now() + Duration::from_millis(5));
            super::soon("the nap", nap).await;
            Timer.sleep_until(start).await;
            assert!(start.elapsed() >= Duration::from_millis(5));
        });
    });
}
