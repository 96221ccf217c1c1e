//! A program to look at: tasks that wait, two that wait for each other, and one that blocks its
//! worker again and again. `ci/web.sh` shows it to a browser.
//!
//! ```text
//! HEIST_CONSOLE=/tmp/watched cargo run -p heist-tool --example watched -- 100
//! ```

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use heist::sync::{Mutex, Notify};
use heist::task::TaskBuilder;
use heist::time::sleep;

#[heist::main]
async fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100);
    let never = Arc::new(Notify::new());
    for _ in 0..count {
        let never = Arc::clone(&never);
        heist::spawn(async move { never.notified().await });
    }
    let (one, other) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    drop(TaskBuilder::new().name("ledger").spawn(take_both(Arc::clone(&one), Arc::clone(&other))));
    drop(TaskBuilder::new().name("audit").spawn(take_both(other, one)));
    drop(TaskBuilder::new().name("blocks").spawn(async {
        loop {
            thread::sleep(Duration::from_millis(150));
            sleep(Duration::from_millis(300)).await;
        }
    }));
    println!("{count} tasks");
    // Until whoever has started it closes its input.
    heist::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await?.map(drop)
}

/// Two that take the same locks in different orders wait for each other.
async fn take_both(first: Arc<Mutex<()>>, second: Arc<Mutex<()>>) {
    let _first = first.lock().await;
    sleep(Duration::from_millis(10)).await;
    let _second = second.lock().await;
}
