//! Half-close, the end of the stream, resets.

use std::io::ErrorKind;
#[cfg(unix)]
use std::io::IoSlice;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use heist::time::sleep;
#[cfg(unix)]
use heist::time::timeout;

use super::{fill, pair, soon};
use crate::support::on_every_runtime;

/// G4: shutting down writing leaves the other direction open.
#[test]
fn half_a_close_lets_the_answer_through() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let service = heist::spawn(async move {
                let mut request = String::new();
                server.read_to_string(&mut request).await.unwrap();
                server.write_all(request.to_uppercase().as_bytes()).await.unwrap();
            });
            client.write_all(b"a question").await.unwrap();
            client.shutdown().await.unwrap();
            let error = client.write(b"more").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            let mut answer = String::new();
            soon("the answer", client.read_to_string(&mut answer)).await.unwrap();
            assert_eq!(answer, "A QUESTION");
            service.await.unwrap();
        });
    });
}

#[test]
fn the_end_of_the_stream_is_reported_as_often_as_asked() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            client.write_all(b"abc").await.unwrap();
            drop(client);
            let mut buf = [0; 2];
            server.read_exact(&mut buf).await.unwrap();
            let error = server.read_exact(&mut buf).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            for _ in 0..3 {
                assert_eq!(soon("the end", server.read(&mut buf)).await.unwrap(), 0);
                assert_eq!(server.peek(&mut buf).await.unwrap(), 0);
                assert_eq!(server.read_to_end(&mut Vec::new()).await.unwrap(), 0);
            }
        });
    });
}

#[test]
fn a_reader_that_waits_sees_the_end() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let reader = heist::spawn(async move { server.read(&mut [0; 8]).await });
            sleep(Duration::from_millis(5)).await;
            drop(client);
            assert_eq!(soon("the end", reader).await.unwrap().unwrap(), 0);
        });
    });
}

/// G5, G7: a reset wakes the reader and the writer that wait, and both get errors.
#[test]
fn a_reset_fails_both_directions() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            fill(&mut server).await;
            let (mut reader, mut writer) = server.into_split();
            let reader = heist::spawn(async move { reader.read(&mut [0; 8]).await });
            let writer = heist::spawn(async move { writer.write_all(&[7; 64 * 1024]).await });
            sleep(Duration::from_millis(5)).await;
            client.set_linger(Some(Duration::ZERO)).unwrap();
            drop(client);
            let read = soon("the reader", reader).await.unwrap().map_err(|error| error.kind());
            let written = soon("the writer", writer).await.unwrap().unwrap_err().kind();
            // One of the two takes the reset; the other finds the connection closed.
            let is_gone = |kind| matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
            assert!(is_gone(written), "the writer got {written:?}");
            assert!(read == Ok(0) || read.is_err_and(is_gone), "the reader got {read:?}");
            assert!(
                written == ErrorKind::ConnectionReset || read == Err(ErrorKind::ConnectionReset),
                "nobody was told of the reset: {written:?}, {read:?}"
            );
        });
    });
}

/// L2: the signal is listened for, because this process ignores it from the start and would not notice.
#[cfg(unix)]
#[test]
fn writing_to_a_closed_peer_raises_no_sigpipe() {
    use heist::signal::unix::{SignalKind, signal};
    on_every_runtime(|rt| {
        rt.block_on(async {
            let mut pipes = signal(SignalKind::pipe()).unwrap();
            let (mut client, server) = pair().await;
            client.write_all(b"x").await.unwrap();
            drop(server);
            while client.write(b"y").await.is_ok() {
                sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(client.write(b"y").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            let error = client.write_vectored(&[IoSlice::new(b"y"), IoSlice::new(b"z")]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            assert_eq!(client.try_write(b"y").unwrap_err().kind(), ErrorKind::BrokenPipe);
            // The signal would have come to this thread before the call returned.
            assert!(timeout(Duration::from_millis(20), pipes.recv()).await.is_err(), "SIGPIPE was raised");
        });
    });
}

/// G11.
#[test]
fn shutting_down_what_the_peer_tore_down_is_no_error() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            client.set_linger(Some(Duration::ZERO)).unwrap();
            drop(client);
            let error = soon("the reset", server.read(&mut [0; 8])).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            server.shutdown().await.unwrap();
            server.shutdown_with(Shutdown::Both).unwrap();
        });
    });
}

#[test]
fn shutting_down_reading_ends_a_read_that_waits() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, _server) = pair().await;
            let client = Arc::new(client);
            let shared = client.clone();
            let reader = heist::spawn(async move {
                loop {
                    shared.readable().await.unwrap();
                    match shared.try_read(&mut [0; 8]) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        result => return result,
                    }
                }
            });
            sleep(Duration::from_millis(5)).await;
            client.shutdown_with(Shutdown::Read).unwrap();
            assert_eq!(soon("the reader", reader).await.unwrap().unwrap(), 0);
        });
    });
}
