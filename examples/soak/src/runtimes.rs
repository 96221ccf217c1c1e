//! Runtimes that are made, given work, and dropped with the work in flight.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use heist::fs::File;
use heist::net::{TcpListener, TcpStream, UdpSocket};
use heist::runtime::{Builder, Runtime};
use heist::task::yield_now;
use heist::time::sleep;

use crate::ledger::Count;
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::Violation;

/// Runtime after runtime, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(10_000);
    while !shift.is_over() {
        let (inner, choices) = (shift.clone(), rng.fork());
        let life = heist::task::spawn_blocking(move || live(&inner, choices)).await;
        life.map_err(|error| Violation::new(format!("a thread with a runtime: {error}")))??;
        sleep(pause(&mut rng, 50_000)).await;
    }
    Ok(())
}

/// One runtime, from its making to its end.
fn live(shift: &Shift, mut rng: Rng) -> Result<(), Violation> {
    let mut builder = if rng.bool() { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(rng.usize(1..=3));
    builder.driver(shift.drivers[rng.usize(..shift.drivers.len())]);
    builder.thread_keep_alive(Duration::from_millis(100));
    let since = shift.scarcity.epoch();
    let Some(runtime) = shift.granted(since, "Builder::build", builder.build())? else { return Ok(()) };
    let token = Arc::new(());
    if shift.plants(Plant::KeptFuture) {
        std::mem::forget(token.clone());
    }
    give_work(&runtime, &token, &mut rng);
    runtime.block_on(sleep(pause(&mut rng, 20_000)));
    let metrics = runtime.handle().metrics();
    let end = rng.u8(0..3);
    match end {
        0 => drop(runtime),
        1 => runtime.shutdown_timeout(Duration::from_secs(rng.u64(0..5))),
        _ => runtime.shutdown_background(),
    }
    // The last two do not wait for every thread.
    let deadline = Instant::now() + shift.patience;
    while Arc::strong_count(&token) > 1 {
        if Instant::now() > deadline {
            let count = Arc::strong_count(&token) - 1;
            return Err(Violation::new(format!("a runtime has ended, and {count} of its futures have not")));
        }
        thread::sleep(Duration::from_millis(1));
    }
    let unreturned_count = metrics.num_leaked_operations() as u64;
    // A drop waits for longer than this process is ever stopped.
    if end == 0 && unreturned_count > 0 {
        let text = format!("a dropped runtime has left {unreturned_count} operations to the kernel");
        return Err(Violation::new(text));
    }
    shift.ledger.add_many(Count::Unreturned, unreturned_count);
    shift.count(Count::Runtimes);
    Ok(())
}

/// Tasks that hold the token and wait for everything there is to wait for. An error ends its task only: descriptors may
/// be scarce.
fn give_work(runtime: &Runtime, token: &Arc<()>, rng: &mut Rng) {
    for _task in 0..rng.u8(0..20) {
        let (held, length) = (token.clone(), pause(rng, 40_000));
        runtime.spawn(async move {
            let _held = held;
            loop {
                sleep(length).await;
                yield_now().await;
            }
        });
    }
    for _task in 0..rng.u8(0..4) {
        let (accepting, receiving, reading) = (token.clone(), token.clone(), token.clone());
        runtime.spawn(async move {
            let _held = accepting;
            wait_for_a_peer().await
        });
        runtime.spawn(async move {
            let _held = receiving;
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            socket.recv(&mut [0; 64]).await
        });
        runtime.spawn(async move {
            let _held = reading;
            let file = File::open("/proc/self/exe").await?;
            let mut offset = 0;
            loop {
                let (count, _) = file.read_owned_at(Vec::with_capacity(64 * 1024), offset).await;
                offset = if count? == 0 { 0 } else { offset + 64 * 1024 };
            }
            #[expect(unreachable_code, reason = "it gives the block its type")]
            std::io::Result::Ok(())
        });
        let length = pause(rng, 10_000);
        runtime.spawn_blocking(move || thread::sleep(length));
    }
}

/// A connection on which nobody speaks.
async fn wait_for_a_peer() -> std::io::Result<usize> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let _client = TcpStream::connect(listener.local_addr()?).await?;
    let (mut stream, _) = listener.accept().await?;
    stream.read(&mut [0; 64]).await
}
