//! Tasks: spawn some, let the workers share them, and collect what they return.
//!
//! ```text
//! cargo run --release --example hello
//! ```

use std::thread;

/// The attribute builds a runtime with one worker per CPU and blocks on this future.
#[heist::main]
async fn main() {
    // A task runs on any worker; an idle worker steals tasks from a busy one.
    let greetings: Vec<_> = ["hello", "from", "heist"]
        .into_iter()
        .map(|word| {
            heist::spawn(async move {
                // Goes behind the other tasks, as an await that has to wait would.
                heist::task::yield_now().await;
                (word, thread::current().id())
            })
        })
        .collect();

    // Awaiting the handle gives the task's result, here in the order of spawning.
    for greeting in greetings {
        let (word, worker) = greeting.await.expect("the task does not panic");
        println!("{word:<5}  said on {worker:?}");
    }

    // Code that blocks belongs on a thread of its own, so that it holds no worker up.
    let sum: u64 =
        heist::task::spawn_blocking(|| (1..=1_000_000).sum()).await.expect("the sum does not panic");
    println!("the numbers up to a million add up to {sum}");
}
