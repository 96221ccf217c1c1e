//! tokio-util: codecs over sockets and pipes in memory, cancellation, trackers, a map of tasks, a delay queue, a pool
//! of threads for futures that are not `Send`, readers that are streams and streams that are readers, files read by
//! blocking code.
//!
//! ```text
//! $ cargo run --bin companions
//! driver: io_uring
//! 1000 frames of every length, there and back
//! 500 lines of JSON
//! 100 children are cancelled with their parent, and tracked to their end
//! a map of tasks: 50 results, 10 aborted by key
//! a delay queue: 3, 1, 2
//! 40 tasks that are not Send, on 2 threads
//! a stream read by blocking code: 1000000 bytes
//! 200 datagrams by a codec
//! ```

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use moved_in::{Failure, check, soon};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::bytes::{Bytes, BytesMut};
use tokio_util::codec::{
    BytesCodec, Decoder, Framed, FramedRead, FramedWrite, LengthDelimitedCodec, LinesCodec,
};
use tokio_util::io::{ReaderStream, StreamReader, SyncIoBridge};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{JoinMap, LocalPoolHandle, TaskTracker};
use tokio_util::time::DelayQueue;
use tokio_util::udp::UdpFramed;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    frames().await?;
    lines().await?;
    cancellation().await?;
    map().await?;
    delays().await?;
    local_pool().await?;
    bridge().await?;
    datagrams().await
}

async fn frames() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let echoing = tokio::spawn(async move {
        let (stream, _peer) = listener.accept().await?;
        let (sink, frames) = LengthDelimitedCodec::new().framed(stream).split();
        frames.map_ok(BytesMut::freeze).forward(sink).await
    });
    let stream = TcpStream::connect(address).await?;
    let (read, write) = stream.into_split();
    let mut write = FramedWrite::new(write, LengthDelimitedCodec::new());
    let mut read = FramedRead::new(read, LengthDelimitedCodec::new());
    let frame = |number: usize| Bytes::from(vec![number as u8; number * number / 4]);
    let sending = async move {
        for number in 0..1000 {
            write.feed(frame(number)).await?;
        }
        // The half is closed when it is dropped, after it is flushed.
        SinkExt::<Bytes>::close(&mut write).await
    };
    let receiving = async {
        for number in 0..1000 {
            let received = soon("a frame", read.next()).await?.ok_or("the echo ended")??;
            check!(received == frame(number), "frame {number} differs");
        }
        check!(soon("the end", read.next()).await?.is_none(), "a frame too many");
        Ok::<_, Failure>(())
    };
    let (sent, received) = tokio::join!(tokio::spawn(sending), receiving);
    sent??;
    received?;
    soon("the end of the echo", echoing).await???;
    println!("1000 frames of every length, there and back");
    Ok(())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    number: usize,
    text: String,
}

async fn lines() -> Result<(), Failure> {
    // A buffer of 64 bytes, so that both ends wait for each other.
    let (left, right) = tokio::io::duplex(64);
    let writing = tokio::spawn(async move {
        let mut lines = Framed::new(left, LinesCodec::new());
        for number in 0..500 {
            let line = Line { number, text: "text ".repeat(number % 50) };
            lines.send(serde_json::to_string(&line)?).await?;
        }
        Ok::<(), Failure>(())
    });
    let mut lines = FramedRead::new(right, LinesCodec::new_with_max_length(1000));
    let mut count = 0;
    while let Some(line) = soon("a line", lines.next()).await? {
        let line: Line = serde_json::from_str(&line?)?;
        check!(line == Line { number: count, text: "text ".repeat(count % 50) }, "line {count} differs");
        count += 1;
    }
    check!(count == 500, "{count} lines");
    writing.await??;
    println!("{count} lines of JSON");
    Ok(())
}

async fn cancellation() -> Result<(), Failure> {
    let parent = CancellationToken::new();
    let tracker = TaskTracker::new();
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..100 {
        let (child, sender) = (parent.child_token(), sender.clone());
        tracker.spawn(async move {
            let end = child.run_until_cancelled(std::future::pending::<()>()).await;
            sender.send((number, end.is_none())).is_ok()
        });
    }
    tracker.close();
    check!(tracker.len() == 100, "{} tasks are tracked", tracker.len());
    let guard = parent.clone().drop_guard();
    drop(guard);
    soon("the end of all tasks", tracker.wait()).await?;
    drop(sender);
    let mut numbers = HashSet::new();
    while let Some((number, is_cancelled)) = ended.recv().await {
        check!(is_cancelled && numbers.insert(number), "task {number} ended otherwise");
    }
    check!(numbers.len() == 100, "{} tasks ended", numbers.len());
    println!("100 children are cancelled with their parent, and tracked to their end");
    Ok(())
}

async fn map() -> Result<(), Failure> {
    let mut tasks = JoinMap::new();
    for number in 0..50 {
        tasks.spawn(number, async move { number * number });
    }
    for number in 50..60 {
        tasks.spawn(number, std::future::pending());
        check!(tasks.abort(&number), "task {number} is not there");
    }
    let (mut results, mut aborted_count) = (HashMap::new(), 0);
    while let Some((key, end)) = soon("a task", tasks.join_next()).await? {
        match end {
            Ok(square) => _ = results.insert(key, square),
            Err(error) if error.is_cancelled() => aborted_count += 1,
            Err(error) => return Err(error.into()),
        }
    }
    check!(results.len() == 50 && results.iter().all(|(key, square)| key * key == *square), "{results:?}");
    check!(aborted_count == 10, "{aborted_count} were aborted");
    println!("a map of tasks: {} results, {aborted_count} aborted by key", results.len());
    Ok(())
}

async fn delays() -> Result<(), Failure> {
    let mut queue = DelayQueue::new();
    let first = queue.insert(1, Duration::from_millis(10));
    queue.insert(2, Duration::from_millis(60));
    queue.insert(3, Duration::from_millis(20));
    let removed = queue.insert(4, Duration::from_millis(30));
    queue.reset(&first, Duration::from_millis(40));
    queue.remove(&removed);
    let mut order = Vec::new();
    while let Some(expired) = soon("a delay", queue.next()).await? {
        order.push(expired.into_inner());
    }
    check!(order == [3, 1, 2], "the order is {order:?}");
    println!("a delay queue: 3, 1, 2");
    Ok(())
}

async fn local_pool() -> Result<(), Failure> {
    let pool = LocalPoolHandle::new(2);
    let tasks = (0..40).map(|number| {
        pool.spawn_pinned(move || async move {
            let not_send = Rc::new(number);
            tokio::time::sleep(Duration::from_millis(5)).await;
            let other = Rc::clone(&not_send);
            tokio::task::spawn_local(async move { *other + 1 })
                .await
                .map(|more| (more, std::thread::current().id()))
        })
    });
    let mut threads = HashSet::new();
    for (number, task) in tasks.enumerate() {
        let (more, thread) = soon("a pinned task", task).await???;
        check!(more == number + 1, "task {number} gave {more}");
        threads.insert(thread);
    }
    check!(threads.len() <= 2, "{} threads", threads.len());
    println!("40 tasks that are not Send, on 2 threads");
    Ok(())
}

async fn bridge() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("copy");
    let parts = stream::iter(
        (0..1000_u32).map(|number| Ok::<_, std::io::Error>(Bytes::from(vec![number as u8; 1000]))),
    );
    let mut reader = SyncIoBridge::new(StreamReader::new(parts));
    let file = tokio::fs::File::create(&path).await?;
    let mut writer = SyncIoBridge::new(file);
    let copied = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        writer.write_all(&bytes)?;
        writer.flush()?;
        std::io::Result::Ok(bytes.len())
    });
    let copied_bytes = soon("the copy", copied).await???;
    let mut position = 0;
    let mut back = ReaderStream::new(tokio::fs::File::open(&path).await?);
    while let Some(part) = soon("a part", back.try_next()).await?? {
        for byte in part {
            check!(byte == (position / 1000) as u8, "byte {position} differs");
            position += 1;
        }
    }
    check!(position == copied_bytes, "{copied_bytes} bytes written, {position} read");
    println!("a stream read by blocking code: {position} bytes");
    Ok(())
}

async fn datagrams() -> Result<(), Failure> {
    let (left, right) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    let address = right.local_addr()?;
    let mut left = UdpFramed::new(left, BytesCodec::new());
    let echoing = tokio::spawn(async move {
        let mut right = UdpFramed::new(right, BytesCodec::new());
        while let Some(Ok((bytes, peer))) = right.next().await {
            right.send((bytes.freeze(), peer)).await?;
        }
        Ok::<(), std::io::Error>(())
    });
    for number in 0..200_u8 {
        left.send((Bytes::from(vec![number; 500]), address)).await?;
        let (bytes, _peer) = soon("a datagram", left.next()).await?.ok_or("the socket ended")??;
        check!(bytes[..] == [number; 500], "datagram {number} differs");
    }
    echoing.abort();
    println!("200 datagrams by a codec");
    Ok(())
}
