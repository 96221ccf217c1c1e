//! Time: sleep, give up after a while, and repeat at a steady pace.
//!
//! ```text
//! cargo run --release --example timer
//! ```

use std::time::Duration;

use heist::time::{Instant, interval, sleep, timeout};

#[heist::main]
async fn main() {
    let start = Instant::now();
    let since = || start.elapsed().as_millis();

    sleep(Duration::from_millis(50)).await;
    println!("{:>4} ms: slept", since());

    // A hundred sleeps at once take as long as one: no thread waits, the workers serve one wheel each.
    let sleeps: Vec<_> = (0..100).map(|_| heist::spawn(sleep(Duration::from_millis(50)))).collect();
    for asleep in sleeps {
        asleep.await.expect("sleeping does not panic");
    }
    println!("{:>4} ms: slept a hundred times at once", since());

    // What takes too long is dropped, and with it everything it was waiting for.
    let answer = timeout(Duration::from_millis(50), std::future::pending::<()>()).await;
    println!("{:>4} ms: gave up: {}", since(), answer.is_err());

    // The pace is kept: time spent between two ticks is not added to the next wait.
    let mut ticks = interval(Duration::from_millis(50));
    for number in 0..4 {
        ticks.tick().await;
        println!("{:>4} ms: tick {number}", since());
        sleep(Duration::from_millis(20)).await;
    }
}
