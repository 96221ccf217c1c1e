//! The programs of the chapter "Simulate" of the guide, which shows parts of this file.

use std::sync::Arc;

use heist::net::{TcpListener, TcpStream};
use heist::sim;
use heist::sync::Mutex;
use heist::time::{Duration, Instant, sleep, timeout};

/// Takes one of the seats that are left.
async fn book(seats: &Mutex<u32>) -> bool {
    let left = *seats.lock().await;
    if left == 0 {
        return false;
    }
    // Somebody else may come here as well.
    *seats.lock().await = left - 1;
    true
}

async fn two_book_the_last_seat() {
    let seats = Arc::new(Mutex::new(1));
    let there = seats.clone();
    let other = heist::spawn(async move { book(&there).await });
    let own = book(&seats).await;
    assert!(!(own && other.await.unwrap()), "one seat was booked twice");
}

#[test]
fn a_seat_that_is_booked_twice_is_found() {
    fn test() {
        heist::runtime::Runtime::new().unwrap().block_on(two_book_the_last_seat());
    }
    let case = sim::TestCase::new(module_path!(), "a_seat_that_is_booked_twice_is_found", file!());
    assert!(sim::find_failure(&case.seeds(1000), test).is_some());
}

/// The same without the fault: the look and the change are one step.
async fn book_well(seats: &Mutex<u32>) -> bool {
    let mut left = seats.lock().await;
    let is_free = *left > 0;
    *left -= u32::from(is_free);
    is_free
}

#[heist::sim::test(seeds = 300)]
async fn the_last_seat_is_booked_once() {
    let seats = Arc::new(Mutex::new(1));
    let there = seats.clone();
    let other = heist::spawn(async move { book_well(&there).await });
    let own = book_well(&seats).await;
    assert!(own ^ other.await.unwrap());
}

#[heist::sim::test(exhaustive = 2, worker_threads = 2)]
async fn the_last_seat_is_booked_once_in_every_schedule() {
    let seats = Arc::new(Mutex::new(1));
    let there = seats.clone();
    let other = heist::spawn(async move { book_well(&there).await });
    let own = book_well(&seats).await;
    assert!(own ^ other.await.unwrap());
}

#[heist::main]
async fn echo_server() {
    let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        heist::spawn(async move {
            let mut bytes = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                if stream.write_all(&bytes[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}

async fn ask(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect("echo:7").await?;
    stream.write_all(text).await?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// Asks again until there is an answer.
async fn ask_stubbornly(text: &[u8]) -> Vec<u8> {
    loop {
        match timeout(Duration::from_secs(1), ask(text)).await {
            Ok(Ok(answer)) => return answer,
            _ => sleep(Duration::from_millis(100)).await,
        }
    }
}

#[heist::sim::test(seeds = 100)]
async fn an_answer_comes_in_spite_of_partitions_and_crashes() {
    let server = sim::host("echo").start(echo_server);
    assert_eq!(ask_stubbornly(b"hello").await, b"hello");

    sim::partition(&["root"], &["echo"]);
    assert!(timeout(Duration::from_secs(60), ask_stubbornly(b"are you there?")).await.is_err());
    sim::rejoin(&["root"], &["echo"]);
    assert_eq!(ask_stubbornly(b"and now?").await, b"and now?");

    server.crash();
    let began = Instant::now();
    let restart = heist::spawn(async move {
        sleep(Duration::from_secs(60)).await;
        server.restart();
    });
    assert_eq!(ask_stubbornly(b"hello again").await, b"hello again");
    assert!(began.elapsed() >= Duration::from_secs(60));
    restart.await.unwrap();
}

#[heist::sim::test(seeds = 20, twice = true)]
async fn a_poor_link_is_slow_but_sure() {
    sim::host("echo").start(echo_server);
    let poor = sim::NetworkLink::new().loss(0.2).latency(Duration::from_millis(50)..=Duration::from_secs(1));
    sim::set_link("root", "echo", &poor);
    sim::set_link("echo", "root", &poor);
    let began = Instant::now();
    for _ in 0..10 {
        assert_eq!(ask(b"hello").await.unwrap(), b"hello");
    }
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn the_chapter_shows_parts_of_this_file() {
    let read =
        |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (own, chapter) = (read("tests/tutorial.rs"), read("../../docs/guide/simulate.md"));
    let blocks: Vec<&str> = chapter.split("```ignore\n").skip(1).collect();
    assert!(blocks.len() >= 3, "{}", blocks.len());
    for block in blocks {
        let block = block.split_once("```").unwrap().0;
        assert!(own.contains(block), "the chapter has what this file has not:\n{block}");
    }
}
