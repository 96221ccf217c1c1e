//~ cannot be unpinned
use heist::generator::generator;
use std::pin::Pin;

fn main() {
    let mut generator = generator! { yield 1; };
    Pin::new(&mut generator).next();
}
