//! Hot paths for `ci/instructions.sh` to count: `instructions PATH COUNT [RIVAL]` goes a path so many times, on a
//! single-threaded runtime. heist's clock stands still, so that every run executes the same instructions: how many tasks fit
//! into a time budget is learnt from the clock. Where the clock itself is part of the path it runs, and the path is one poll.
//! tokio's counts are for the record, beside ours.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const LOCALHOST: &str = "127.0.0.1:0";

/// A path, whether its clock runs, and what goes it `count` times.
type Path = (&'static str, bool, fn(u64) -> Going);
type Going = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A runtime whose instructions are counted.
trait Rival: Send + 'static {
    fn run(future: Going, is_clock_running: bool);
    fn spawn<T: Send + 'static>(
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send;
    fn yield_now() -> impl Future<Output = ()> + Send;
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;

    type Stream: Send + 'static;
    /// Both ends of a connection that sends small messages at once.
    fn connection() -> impl Future<Output = io::Result<(Self::Stream, Self::Stream)>> + Send;
    fn read_exact(
        stream: &mut Self::Stream,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;
    fn write_all(stream: &mut Self::Stream, buf: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

struct Heist;

impl Rival for Heist {
    fn run(future: Going, is_clock_running: bool) {
        let runtime = heist::runtime::Builder::new_current_thread().build().expect("a runtime starts");
        runtime.block_on(async {
            if is_clock_running {
                // Once around the run loop, which then has read the clock.
                heist::time::sleep(Duration::from_millis(1)).await;
            } else {
                heist::time::pause();
            }
            heist::spawn(future).await.expect("no panic");
        });
    }

    fn spawn<T: Send + 'static>(
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let handle = heist::spawn(future);
        async { handle.await.expect("no panic") }
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        heist::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        heist::time::sleep(duration)
    }

    type Stream = heist::net::TcpStream;

    async fn connection() -> io::Result<(Self::Stream, Self::Stream)> {
        let listener = heist::net::TcpListener::bind(LOCALHOST).await?;
        let client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        Ok((client, server))
    }

    async fn read_exact(stream: &mut Self::Stream, buf: &mut [u8]) -> io::Result<usize> {
        stream.read_exact(buf).await
    }

    async fn write_all(stream: &mut Self::Stream, buf: &[u8]) -> io::Result<()> {
        stream.write_all(buf).await
    }
}

struct Tokio;

impl Rival for Tokio {
    fn run(future: Going, _is_clock_running: bool) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime starts");
        runtime.block_on(async { tokio::spawn(future).await.expect("no panic") });
    }

    fn spawn<T: Send + 'static>(
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let handle = tokio::spawn(future);
        async { handle.await.expect("no panic") }
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }

    type Stream = tokio::net::TcpStream;

    async fn connection() -> io::Result<(Self::Stream, Self::Stream)> {
        let listener = tokio::net::TcpListener::bind(LOCALHOST).await?;
        let client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        Ok((client, server))
    }

    async fn read_exact(stream: &mut Self::Stream, buf: &mut [u8]) -> io::Result<usize> {
        tokio::io::AsyncReadExt::read_exact(stream, buf).await
    }

    async fn write_all(stream: &mut Self::Stream, buf: &[u8]) -> io::Result<()> {
        tokio::io::AsyncWriteExt::write_all(stream, buf).await
    }
}

const fn paths<R: Rival>() -> [Path; 7] {
    [
        ("spawn_run_join", false, |count| Box::pin(spawn_run_join::<R>(count))),
        ("spawn_detached", false, |count| Box::pin(spawn_detached::<R>(count))),
        ("yield", false, |count| Box::pin(yield_many::<R>(count))),
        ("wake", false, |count| Box::pin(wake::<R>(count))),
        ("ping_pong", false, |count| Box::pin(ping_pong::<R>(count))),
        ("timer_arm_cancel", true, |count| Box::pin(timer_arm_cancel::<R>(count))),
        ("tcp_echo", false, |count| Box::pin(tcp_echo::<R>(count))),
    ]
}

async fn spawn_run_join<R: Rival>(count: u64) {
    for number in 0..count {
        let output = R::spawn(async move { number }).await;
        assert_eq!(output, number);
    }
}

async fn spawn_detached<R: Rival>(count: u64) {
    const BATCH: u64 = 100;
    for _ in 0..count / BATCH {
        for _ in 0..BATCH {
            drop(R::spawn(async {}));
        }
        R::yield_now().await;
    }
}

async fn yield_many<R: Rival>(count: u64) {
    for _ in 0..count {
        R::yield_now().await;
    }
}

/// A place where one task waits and another one tells it.
#[derive(Default)]
struct Bell(Mutex<(bool, Option<Waker>)>);

impl Bell {
    fn ring(&self) {
        let waker = {
            let mut state = self.0.lock().expect("no panic");
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().expect("no panic");
        if std::mem::take(&mut state.0) {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }

    async fn heard(&self) {
        poll_fn(|cx| self.poll_heard(cx)).await;
    }
}

/// A task is woken, and runs when its waker's task yields.
async fn wake<R: Rival>(count: u64) {
    let bell = Arc::new(Bell::default());
    let woken = bell.clone();
    let sleeper = R::spawn(async move {
        for _ in 0..count {
            woken.heard().await;
        }
    });
    for _ in 0..count {
        bell.ring();
        R::yield_now().await;
    }
    sleeper.await;
}

/// Two tasks hand the turn to each other.
async fn ping_pong<R: Rival>(count: u64) {
    let (there, back) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (there_too, back_too) = (there.clone(), back.clone());
    let other = R::spawn(async move {
        for _ in 0..count {
            there_too.heard().await;
            back_too.ring();
        }
    });
    for _ in 0..count {
        there.ring();
        back.heard().await;
    }
    other.await;
}

/// What a time limit costs that is not reached.
async fn timer_arm_cancel<R: Rival>(count: u64) {
    for _ in 0..count {
        let mut sleep = pin!(R::sleep(Duration::from_secs(60)));
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
}

/// A message to a task behind a socket, and back: two reads that wait, two writes, four system calls for them.
async fn tcp_echo<R: Rival>(count: u64) {
    let (mut client, mut stream) = R::connection().await.expect("a connection to oneself");
    let server = R::spawn(async move {
        let mut message = [0; 64];
        for _ in 0..count {
            R::read_exact(&mut stream, &mut message).await.expect("read");
            R::write_all(&mut stream, &message).await.expect("written");
        }
    });
    let mut message = [0; 64];
    for _ in 0..count {
        R::write_all(&mut client, &message).await.expect("written");
        R::read_exact(&mut client, &mut message).await.expect("read");
    }
    server.await;
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names = paths::<Heist>().map(|(name, ..)| name);
    let (name, count, rival) = match &arguments[..] {
        [name, count] => (name, count, "heist"),
        [name, count, rival] => (name, count, rival.as_str()),
        _ => {
            println!("{}", names.join("\n"));
            return;
        }
    };
    let count = count.parse().expect("the second argument is a number");
    match rival {
        "heist" => go::<Heist>(name, count),
        "tokio" => go::<Tokio>(name, count),
        other => exit_for(&format!("{other} is no rival; the rivals are heist, tokio")),
    }
}

fn go<R: Rival>(name: &str, count: u64) {
    let paths = paths::<R>();
    let Some((_, is_clock_running, path)) = paths.iter().find(|(other, ..)| *other == name) else {
        exit_for(&format!("{name} is no path; the paths are {}", paths.map(|(name, ..)| name).join(", ")))
    };
    R::run(path(count), *is_clock_running);
}

fn exit_for(error: &str) -> ! {
    eprintln!("error: {error}");
    std::process::exit(2)
}
