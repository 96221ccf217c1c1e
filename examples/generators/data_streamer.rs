//! An asynchronous generator against the hand-written stream that it replaces. A hundred times faster than the text,
//! where ten reads of 0.8 s take 8 s.
//!
//! ```text
//! by hand: [chunk 0 (1024)] .. [chunk 9 (1024)]
//! generator: [chunk 1 (1024)] .. [chunk 10 (1024)]
//! ten reads one after the other: at least 80 ms
//! ```

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures::stream::{Stream, StreamExt};
use heist::asyncio::sleep;
use heist::generator::async_generator;

const LIMIT: u32 = 10;
const CHUNK_SIZE: u32 = 1024;

async fn recv(no: u32, size: u32) -> String {
    sleep(Duration::from_millis(4) * (size / 512)).await;
    format!("[chunk {no} ({size})]")
}

/// The class with `__anext__`: it has to keep the read in flight itself.
struct DataStreamer {
    lecture: u32,
    reading: Option<Pin<Box<dyn Future<Output = String> + Send>>>,
}

impl Stream for DataStreamer {
    type Item = String;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<String>> {
        if self.lecture >= LIMIT {
            return Poll::Ready(None);
        }
        let lecture = self.lecture;
        let reading = self.reading.get_or_insert_with(|| Box::pin(recv(lecture, CHUNK_SIZE)));
        let chunk = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        self.lecture += 1;
        Poll::Ready(Some(chunk))
    }
}

async_generator! {
    fn data_streamer() -> yields String {
        let mut lecture = 0;
        while lecture < LIMIT {
            lecture += 1;
            yield recv(lecture, CHUNK_SIZE).await;
        }
    }
}

fn show(name: &str, chunks: &[String]) {
    println!("{name}: {} .. {}", chunks[0], chunks[chunks.len() - 1]);
}

#[heist::main]
async fn main() {
    let by_hand = DataStreamer { lecture: 0, reading: None };
    show("by hand", &by_hand.collect::<Vec<_>>().await);
    let start = Instant::now();
    show("generator", &data_streamer().collect::<Vec<_>>().await);
    assert!(start.elapsed() >= Duration::from_millis(80));
    println!("ten reads one after the other: at least 80 ms");
}
