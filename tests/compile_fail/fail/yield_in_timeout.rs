//~ `yield` cannot stand in an async block: it suspends the generator around it
// PEP 789: a time-out's block is an async block of its own, so nothing can be yielded under it.
use heist::generator::async_generator;
use std::time::Duration;

fn main() {
    let _ = async_generator! {
        let _ = heist::time::timeout(Duration::from_secs(1), async { yield 1; }).await;
    };
}
