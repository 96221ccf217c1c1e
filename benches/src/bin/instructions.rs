//! Hot paths for `ci/instructions.sh` to count: `instructions PATH COUNT` goes a path so many times, on a single-threaded
//! runtime whose clock stands still. So every run executes the same instructions: how many tasks fit into a time budget is
//! learnt from the clock.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use heist::net::{TcpListener, TcpStream};
use heist::runtime::Builder;

/// A path and what goes it `count` times.
type Path = (&'static str, fn(u64) -> Pin<Box<dyn Future<Output = ()> + Send>>);

const PATHS: [Path; 7] = [
    ("spawn_run_join", |count| Box::pin(spawn_run_join(count))),
    ("spawn_detached", |count| Box::pin(spawn_detached(count))),
    ("yield", |count| Box::pin(yield_many(count))),
    ("wake", |count| Box::pin(wake(count))),
    ("ping_pong", |count| Box::pin(ping_pong(count))),
    ("timer_arm_cancel", |count| Box::pin(timer_arm_cancel(count))),
    ("tcp_echo", |count| Box::pin(tcp_echo(count))),
];

async fn spawn_run_join(count: u64) {
    for number in 0..count {
        let output = heist::spawn(async move { number }).await.expect("no panic");
        assert_eq!(output, number);
    }
}

async fn spawn_detached(count: u64) {
    const BATCH: u64 = 100;
    for _ in 0..count / BATCH {
        for _ in 0..BATCH {
            drop(heist::spawn(async {}));
        }
        heist::task::yield_now().await;
    }
}

async fn yield_many(count: u64) {
    for _ in 0..count {
        heist::task::yield_now().await;
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
async fn wake(count: u64) {
    let bell = Arc::new(Bell::default());
    let woken = bell.clone();
    let sleeper = heist::spawn(async move {
        for _ in 0..count {
            woken.heard().await;
        }
    });
    for _ in 0..count {
        bell.ring();
        heist::task::yield_now().await;
    }
    sleeper.await.expect("no panic");
}

/// Two tasks hand the turn to each other.
async fn ping_pong(count: u64) {
    let (there, back) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (there_too, back_too) = (there.clone(), back.clone());
    let other = heist::spawn(async move {
        for _ in 0..count {
            there_too.heard().await;
            back_too.ring();
        }
    });
    for _ in 0..count {
        there.ring();
        back.heard().await;
    }
    other.await.expect("no panic");
}

/// What a time limit costs that is not reached.
async fn timer_arm_cancel(count: u64) {
    for _ in 0..count {
        let mut sleep = pin!(heist::time::sleep(Duration::from_secs(60)));
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
}

/// A message to a task behind a socket, and back: two reads that wait, two writes, four system calls for them.
async fn tcp_echo(count: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
    let (mut stream, _) = listener.accept().await.expect("accepted");
    for stream in [&client, &stream] {
        stream.set_nodelay(true).expect("a socket has this option");
    }
    let server = heist::spawn(async move {
        let mut message = [0; 64];
        for _ in 0..count {
            stream.read_exact(&mut message).await.expect("read");
            stream.write_all(&message).await.expect("written");
        }
    });
    let mut message = [0; 64];
    for _ in 0..count {
        client.write_all(&message).await.expect("written");
        client.read_exact(&mut message).await.expect("read");
    }
    server.await.expect("no panic");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names = PATHS.map(|(name, _)| name);
    let [name, count] = &arguments[..] else {
        println!("{}", names.join("\n"));
        return;
    };
    let Some((_, path)) = PATHS.iter().find(|(other, _)| other == name) else {
        eprintln!("error: {name} is no path; the paths are {}", names.join(", "));
        std::process::exit(2);
    };
    let count = count.parse().expect("the second argument is a number");
    let runtime = Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(async {
        heist::time::pause();
        heist::spawn(path(count)).await.expect("no panic");
    });
}
