//! Sockets beside files: whoever copies large files does not keep the others from answering.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use heist::fs::File;
use heist::net::{TcpListener, TcpStream};

use crate::support::on_every_backend;
use crate::{file_with, folder};

const BIG_BYTES: usize = 64 << 20;
const ROUND_COUNT: usize = 200;

#[test]
fn an_echo_answers_while_every_worker_copies_a_large_file() {
    on_every_backend(|runtime| {
        let folder = folder();
        let source = file_with(&folder, &vec![7; BIG_BYTES]);
        let whole = shortest_read(&source);
        let is_over = Arc::new(AtomicBool::new(false));
        let copies: Vec<_> =
            (0..2).map(|_| runtime.spawn(read_again_and_again(source.clone(), is_over.clone()))).collect();
        let target = folder.path().join("copy");
        let copying = runtime.spawn(copy_again_and_again(source, target, is_over.clone()));
        let mut times = runtime.block_on(async { heist::spawn(echo()).await.unwrap() });
        is_over.store(true, Ordering::SeqCst);
        let count: usize = runtime.block_on(async {
            let mut count = copying.await.unwrap();
            for copy in copies {
                count += copy.await.unwrap();
            }
            count
        });
        assert!(count >= 3, "the copies were at work: {count}");
        times.sort();
        let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        // A worker that copied it all at once would make every answer wait so long.
        assert!(median < whole / 2, "median {median:?}, p99 {p99:?}, one copy {whole:?}");
        // Other programs may be in the way of some answers.
        assert!(p99 < whole * 4 + Duration::from_millis(200), "p99 {p99:?}, one copy {whole:?}");
    });
}

/// What the least disturbed of some reads of the whole file took.
fn shortest_read(path: &std::path::Path) -> Duration {
    let times = (0..5).map(|_| {
        let start = Instant::now();
        assert_eq!(std::fs::read(path).unwrap().len(), BIG_BYTES);
        start.elapsed()
    });
    times.min().expect("five")
}

async fn read_again_and_again(path: std::path::PathBuf, is_over: Arc<AtomicBool>) -> usize {
    let file = File::open(path).await.unwrap();
    let mut buf = vec![0; BIG_BYTES];
    let mut count = 0;
    while !is_over.load(Ordering::SeqCst) {
        let (result, filled) = file.read_owned_at(buf, 0).await;
        assert_eq!(result.unwrap(), BIG_BYTES);
        buf = filled;
        count += 1;
    }
    count
}

async fn copy_again_and_again(
    source: std::path::PathBuf,
    target: std::path::PathBuf,
    is_over: Arc<AtomicBool>,
) -> usize {
    let mut count = 0;
    while !is_over.load(Ordering::SeqCst) {
        let mut reader = File::open(&source).await.unwrap();
        let mut writer = File::create(&target).await.unwrap();
        assert_eq!(heist::io::copy(&mut reader, &mut writer).await.unwrap(), BIG_BYTES as u64);
        count += 1;
    }
    count
}

/// How long each answer took.
async fn echo() -> Vec<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let serving = heist::spawn(async move {
        let mut buf = [0; 64];
        while server.read_exact(&mut buf).await.is_ok() {
            server.write_all(&buf).await.unwrap();
        }
    });
    let mut times = Vec::new();
    for _ in 0..ROUND_COUNT {
        let start = Instant::now();
        client.write_all(&[1; 64]).await.unwrap();
        client.read_exact(&mut [0; 64]).await.unwrap();
        times.push(start.elapsed());
    }
    drop(client);
    serving.await.unwrap();
    times
}
