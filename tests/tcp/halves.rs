//! Split streams: borrowed, owned, and put together again.

use std::time::Duration;

use futures::join;
use heist::time::timeout;

use super::{MIB, pair, pattern, soon};
use crate::support::on_every_runtime;

#[test]
fn borrowed_halves_work_at_the_same_time() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            let sent = pattern(MIB, 4);
            let (mut reader, mut writer) = client.split();
            let (mut peer_reader, mut peer_writer) = server.split();
            let mut there = Vec::new();
            let mut back = vec![0; MIB];
            let send = async {
                writer.write_all(&sent).await.unwrap();
                writer.flush().await.unwrap();
                writer.shutdown().await.unwrap();
            };
            let answer = async { peer_writer.write_all(&sent).await.unwrap() };
            let receive = async { peer_reader.read_to_end(&mut there).await.unwrap() };
            let receive_back = async { reader.read_exact(&mut back).await.unwrap() };
            soon("all four", async { join!(send, answer, receive, receive_back) }).await;
            assert!(there == sent && back == sent);
            assert_eq!(reader.local_addr().unwrap(), writer.local_addr().unwrap());
            assert_eq!(reader.peer_addr().unwrap(), peer_writer.local_addr().unwrap());
            drop(server);
            assert_eq!(soon("the end", client.read(&mut [0; 8])).await.unwrap(), 0);
        });
    });
}

#[test]
fn owned_halves_of_one_stream_are_put_together_again() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let (other, _other_server) = pair().await;
            let (reader, writer) = client.into_split();
            let (other_reader, other_writer) = other.into_split();
            let error = reader.reunite(other_writer).unwrap_err();
            assert_eq!(error.to_string(), "the two halves are not of one stream");
            let (reader, other_writer) = (error.0, error.1);
            let mut client = writer.reunite(reader).unwrap();
            other_reader.reunite(other_writer).unwrap();
            // Nothing was shut down by putting them together.
            client.write_all(b"whole").await.unwrap();
            let mut buf = [0; 5];
            server.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"whole");
        });
    });
}

#[test]
fn a_dropped_writing_half_ends_the_stream_and_a_forgotten_one_does_not() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let (mut reader, writer) = client.into_split();
            drop(writer);
            assert_eq!(soon("the end", server.read(&mut [0; 8])).await.unwrap(), 0);
            server.write_all(b"still here").await.unwrap();
            assert_eq!(reader.read(&mut [0; 16]).await.unwrap(), 10);

            let (client, mut server) = pair().await;
            let (reader, writer) = client.into_split();
            writer.forget();
            assert!(timeout(Duration::from_millis(20), server.read(&mut [0; 8])).await.is_err());
            drop(reader);
            assert_eq!(soon("the end", server.read(&mut [0; 8])).await.unwrap(), 0);
        });
    });
}

#[test]
fn a_stream_that_was_shut_down_by_its_half_is_not_shut_down_again() {
    on_every_runtime(|rt| {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let (reader, mut writer) = client.into_split();
            writer.write_all(b"end").await.unwrap();
            writer.shutdown().await.unwrap();
            let client = reader.reunite(writer).unwrap();
            let mut text = String::new();
            soon("the end", server.read_to_string(&mut text)).await.unwrap();
            assert_eq!(text, "end");
            drop(client);
        });
    });
}
