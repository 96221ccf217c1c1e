//! tokio-stream: intervals, time-outs and throttles, channels and watches as streams, listeners, lines, directories and
//! signals, a map of streams, streams merged.
//!
//! ```text
//! $ cargo run --bin streams
//! driver: io_uring
//! 5 ticks in 50 ms, 5 items throttled, 1 time-out
//! 3000 items of 3 channels, merged and by name
//! 100 broadcast, the last one of a watch
//! 20 connections as a stream, 20 lines of each
//! 30 directory entries
//! 3 signals
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use moved_in::{Failure, check, soon};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::{
    BroadcastStream, IntervalStream, LinesStream, ReadDirStream, ReceiverStream, SignalStream,
    TcpListenerStream, UnboundedReceiverStream, WatchStream,
};
use tokio_stream::{StreamExt, StreamMap};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    time().await?;
    merged().await?;
    shared().await?;
    connections().await?;
    directory().await?;
    signals().await
}

async fn time() -> Result<(), Failure> {
    let began = Instant::now();
    let ticks = IntervalStream::new(tokio::time::interval(Duration::from_millis(10))).skip(1).take(5);
    let ticks: Vec<Instant> = soon("the ticks", ticks.collect()).await?;
    check!(ticks.is_sorted() && ticks.len() == 5, "the ticks are {ticks:?}");
    check!(began.elapsed() >= Duration::from_millis(50), "5 ticks of 10 ms in {:?}", began.elapsed());

    let began = Instant::now();
    let throttled = tokio_stream::iter(0..5).throttle(Duration::from_millis(10));
    let items: Vec<i32> = soon("the items", throttled.collect()).await?;
    check!(items == [0, 1, 2, 3, 4], "the items are {items:?}");
    check!(began.elapsed() >= Duration::from_millis(40), "5 items of 10 ms in {:?}", began.elapsed());

    let (sender, receiver) = mpsc::channel(1);
    let mut slow = std::pin::pin!(ReceiverStream::new(receiver).timeout(Duration::from_millis(20)));
    check!(soon("a time-out", slow.next()).await?.is_some_and(|item| item.is_err()), "an item from nowhere");
    sender.send(7).await?;
    check!(matches!(soon("an item", slow.next()).await?, Some(Ok(7))), "not the item that was sent");
    println!("5 ticks in 50 ms, 5 items throttled, 1 time-out");
    Ok(())
}

async fn merged() -> Result<(), Failure> {
    let channel = |base: u32| {
        let (sender, receiver) = mpsc::channel(10);
        tokio::spawn(async move {
            for number in base..base + 1000 {
                if sender.send(number).await.is_err() {
                    return;
                }
            }
        });
        ReceiverStream::new(receiver)
    };
    let all = channel(0).merge(channel(1000)).merge(channel(2000));
    let numbers: BTreeSet<u32> = soon("3000 items", all.collect()).await?;
    check!(numbers.into_iter().eq(0..3000), "items are missing");

    let mut map = StreamMap::new();
    for (name, base) in [("a", 0), ("b", 1000), ("c", 2000)] {
        map.insert(name, channel(base));
    }
    let mut next = [0, 1000, 2000];
    while let Some((name, number)) = soon("an item", map.next()).await? {
        let slot = &mut next[usize::from(name.as_bytes()[0] - b'a')];
        check!(number == *slot, "{name} gave {number}, not {slot}");
        *slot += 1;
    }
    check!(next == [1000, 2000, 3000], "the streams ended at {next:?}");
    println!("3000 items of 3 channels, merged and by name");
    Ok(())
}

async fn shared() -> Result<(), Failure> {
    let (sender, receiver) = broadcast::channel(100);
    let mut heard = BroadcastStream::new(receiver);
    for number in 0..100 {
        sender.send(number)?;
    }
    drop(sender);
    let mut expected = 0;
    while let Some(item) = soon("an item", heard.next()).await? {
        check!(item? == expected, "item {expected} is another one");
        expected += 1;
    }
    check!(expected == 100, "{expected} items");

    let (sender, receiver) = watch::channel(0);
    let mut seen = WatchStream::new(receiver);
    check!(soon("the first value", seen.next()).await? == Some(0), "not the first value");
    tokio::spawn(async move {
        for number in 1..=1000 {
            sender.send_replace(number);
            tokio::task::yield_now().await;
        }
    });
    let mut last = 0;
    while let Some(number) = soon("a value", seen.next()).await? {
        check!(number > last, "{number} after {last}");
        last = number;
    }
    check!(last == 1000, "the last value is {last}");
    println!("100 broadcast, the last one of a watch");
    Ok(())
}

async fn connections() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    for client in 0..20 {
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            for number in 0..20 {
                stream.write_all(format!("{client}:{number}\r\n").as_bytes()).await?;
            }
            stream.shutdown().await
        });
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut accepted = TcpListenerStream::new(listener).take(20);
    while let Some(stream) = soon("a connection", accepted.next()).await? {
        let (stream, sender) = (stream?, sender.clone());
        tokio::spawn(async move {
            let mut lines = LinesStream::new(BufReader::new(stream).lines());
            while let Some(line) = lines.try_next().await? {
                _ = sender.send(line);
            }
            std::io::Result::Ok(())
        });
    }
    drop(sender);
    let lines: BTreeSet<String> = soon("all lines", UnboundedReceiverStream::new(receiver).collect()).await?;
    let expected: BTreeSet<String> =
        (0..20).flat_map(|client| (0..20).map(move |number| format!("{client}:{number}"))).collect();
    check!(lines == expected, "the lines are {lines:?}");
    println!("20 connections as a stream, 20 lines of each");
    Ok(())
}

async fn directory() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    for number in 0..30 {
        tokio::fs::write(directory.path().join(number.to_string()), "").await?;
    }
    let entries = ReadDirStream::new(tokio::fs::read_dir(directory.path()).await?);
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let names: BTreeSet<String> = soon("the entries", names.collect::<std::io::Result<_>>()).await??;
    let expected: BTreeSet<String> = (0..30).map(|number| number.to_string()).collect();
    check!(names == expected, "the entries are {names:?}");
    println!("{} directory entries", names.len());
    Ok(())
}

async fn signals() -> Result<(), Failure> {
    let mut hangups = SignalStream::new(signal(SignalKind::hangup())?);
    for _ in 0..3 {
        let sent = tokio::process::Command::new("kill")
            .arg("-HUP")
            .arg(std::process::id().to_string())
            .status()
            .await?;
        check!(sent.success(), "kill failed");
        soon("a signal", hangups.next()).await?;
    }
    println!("3 signals");
    Ok(())
}
