//! The tasks of heist in [tokio-console](https://docs.rs/tokio-console).
//!
//! ```text
//! RUSTFLAGS="--cfg console_without_tokio_unstable" cargo run -p tokio_console --target-dir target/console
//! tokio-console
//! ```
//!
//! The first command serves on port 6669 of this machine until it is interrupted, or where the
//! variable `TOKIO_CONSOLE_BIND` says; the second one shows the tasks. Without the flag
//! `console-subscriber` refuses to start, because it expects the spans from tokio only.

use std::time::Duration;

use console_subscriber::ConsoleLayer;
use heist::task::TaskBuilder;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[cfg(test)]
mod tests;

const NO_FLAG: &str = "console-subscriber would not start: build this with \
     RUSTFLAGS=\"--cfg console_without_tokio_unstable\"";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    install(ConsoleLayer::builder().with_default_env())?;
    let runtime = heist::runtime::Runtime::new()?;
    runtime.block_on(work());
    Ok(())
}

/// Collects what heist records, and serves it from a thread of its own.
fn install(console: console_subscriber::Builder) -> Result<(), Box<dyn std::error::Error>> {
    if !cfg!(console_without_tokio_unstable) {
        return Err(NO_FLAG.into());
    }
    // Other layers, such as one that writes a log, are added here.
    tracing_subscriber::registry().with(console.spawn()).try_init()?;
    Ok(())
}

/// Tasks to look at: each does one thing until the program ends.
async fn work() {
    TaskBuilder::new().name("ticks").spawn(async {
        loop {
            heist::time::sleep(Duration::from_millis(100)).await;
        }
    });
    TaskBuilder::new().name("computes in slices").spawn(async {
        loop {
            for _ in 0..100 {
                std::hint::black_box((0..100_000_u64).sum::<u64>());
                heist::task::yield_now().await;
            }
            heist::time::sleep(Duration::from_secs(1)).await;
        }
    });
    TaskBuilder::new().name("waits for nobody").spawn(std::future::pending::<()>());
    loop {
        let closure = || std::thread::sleep(Duration::from_millis(500));
        TaskBuilder::new().name("blocks").spawn_blocking(closure).await.expect("the closure does not panic");
        heist::time::sleep(Duration::from_secs(1)).await;
    }
}
