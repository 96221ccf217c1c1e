//! Any chain of awaits ends in a yield: `coro` awaits `step`, which is where the values go in and out.
//!
//! ```text
//! 0
//! Step got value first
//! 1
//! Step got value second
//! 2
//! Step got value third
//! 3
//! ```

use std::pin::pin;

use heist::generator::{Co, CoroutineExt, Outcome, Step, routine};

type Channel<'g> = Co<'g, u32, Outcome<&'static str>>;

/// What a library would offer.
async fn step(co: &mut Channel<'_>) -> Outcome {
    let mut s = 0;
    loop {
        let value = co.yield_(s).await?;
        println!("Step got value {value}");
        s += 1;
    }
}

/// What we would write.
async fn coro(mut co: Channel<'_>) -> Outcome {
    step(&mut co).await
}

fn main() {
    let mut coro = pin!(routine(coro));
    if let Ok(Step::Yielded(s)) = coro.start() {
        println!("{s}");
    }
    for word in ["first", "second", "third"] {
        if let Ok(Step::Yielded(s)) = coro.send(word) {
            println!("{s}");
        }
    }
}
