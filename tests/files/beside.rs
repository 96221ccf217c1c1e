//! Sockets beside files: whoever copies large files does not keep the others from answering.
//!
//! `HEIST_TEST_COPY_MIB=4096 cargo test --release --test files beside -- --nocapture` copies 4 GiB, and says what the answers took.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use heist::fs::File;
use heist::net::{TcpListener, TcpStream};
use heist::runtime::Runtime;

use crate::directory;
use crate::support::{Counter, on_every_backend};

/// What is read at once.
const PIECE_BYTES: usize = 64 << 20;
const ROUND_COUNT_MIN: usize = 200;
/// Of each reader, or as many as it takes to read the whole file: the rest of a long copy is alone with the echo.
const READ_COUNT_MAX: usize = 100;

#[test]
fn an_echo_answers_while_every_worker_copies_a_large_file() {
    const TRIES_COUNT: usize = 5;
    let pieces_count = match std::env::var("HEIST_TEST_COPY_MIB") {
        Ok(text) => text.parse::<usize>().expect("HEIST_TEST_COPY_MIB is a number").div_ceil(64),
        Err(_) => 1,
    };
    let directory = directory();
    let source = source(directory.path(), pieces_count);
    on_every_backend(|runtime| {
        // Other programs may be in the way of the answers: in one of a few tries they are not.
        let tries = std::iter::repeat_with(|| answers_are_in_time(runtime, &source, pieces_count));
        assert!(tries.take(TRIES_COUNT).any(|is_in_time| is_in_time), "the answers were late in every try");
    });
}

/// Asks and copies, prints how long the answers took, and tells whether that is short.
fn answers_are_in_time(runtime: &Runtime, source: &Path, pieces_count: usize) -> bool {
    let piece = shortest_read(source);
    let (reads, copies) = (Counter::default(), Counter::default());
    let read = || read_many(source.to_owned(), pieces_count, reads.clone());
    let mut beside: Vec<_> = (0..2).map(|_| runtime.spawn(read())).collect();
    let target = source.with_file_name("copy");
    beside.push(runtime.spawn(copy_again_and_again(source.to_owned(), target, pieces_count, copies.clone())));
    let start = Instant::now();
    // For as long as a copy takes, from its beginning to its end.
    let is_over = {
        let (reads, copies) = (reads.clone(), copies.clone());
        move || reads.get() >= 2 && copies.get() >= 1
    };
    let mut times = runtime.block_on(async { heist::spawn(echo(is_over)).await.unwrap() });
    let elapsed = start.elapsed();
    for task in beside {
        task.abort();
        if let Err(error) = runtime.block_on(task) {
            assert!(error.is_cancelled(), "{error}");
        }
    }
    times.sort();
    let at = |share: usize| times[times.len() * share / 100];
    let (median, p99, worst) = (at(50), at(99), times[times.len() - 1]);
    eprintln!(
        "{} beside {} copies of {} MiB and {} reads of 64 MiB in {elapsed:?}: {} answers, median {median:?}, \
         p99 {p99:?}, worst {worst:?}; one such read alone {piece:?}",
        runtime.driver_name(),
        copies.get(),
        pieces_count * 64,
        reads.get(),
        times.len(),
    );
    // A worker that read it all at once would make every answer wait so long.
    median < piece / 2 && p99 < piece * 4 + Duration::from_millis(200)
}

fn source(directory: &Path, pieces_count: usize) -> PathBuf {
    let path = directory.join("source");
    let mut file = std::fs::File::create(&path).expect("a file in the temporary directory");
    let piece = vec![7; PIECE_BYTES];
    for _ in 0..pieces_count {
        file.write_all(&piece).expect("room on the disk");
    }
    path
}

/// What the least disturbed of some reads of a piece took.
fn shortest_read(path: &Path) -> Duration {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::open(path).unwrap();
    let times = (0..5).map(|_| {
        let start = Instant::now();
        // Memory that nobody has used, as whoever reads a file once has it.
        file.read_exact_at(&mut vec![0; PIECE_BYTES], 0).unwrap();
        start.elapsed()
    });
    times.min().expect("five")
}

async fn read_many(path: PathBuf, pieces_count: usize, reads: Counter) {
    let file = File::open(path).await.unwrap();
    let mut buf = vec![0; PIECE_BYTES];
    for index in (0..pieces_count).cycle().take(READ_COUNT_MAX.max(pieces_count)) {
        let (result, filled) = file.read_owned_at(buf, (index * PIECE_BYTES) as u64).await;
        assert_eq!(result.unwrap(), PIECE_BYTES);
        buf = filled;
        reads.bump();
    }
}

async fn copy_again_and_again(source: PathBuf, target: PathBuf, pieces_count: usize, copies: Counter) {
    loop {
        let mut reader = File::open(&source).await.unwrap();
        let mut writer = File::create(&target).await.unwrap();
        let count = heist::io::copy(&mut reader, &mut writer).await.unwrap();
        assert_eq!(count, (pieces_count * PIECE_BYTES) as u64);
        copies.bump();
    }
}

/// How long each answer took.
async fn echo(is_over: impl Fn() -> bool) -> Vec<Duration> {
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
    while times.len() < ROUND_COUNT_MIN || !is_over() {
        let start = Instant::now();
        client.write_all(&[1; 64]).await.unwrap();
        client.read_exact(&mut [0; 64]).await.unwrap();
        times.push(start.elapsed());
    }
    drop(client);
    serving.await.unwrap();
    times
}
