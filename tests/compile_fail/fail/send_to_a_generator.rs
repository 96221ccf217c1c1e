//~ error[E0599]
use heist::generator::{CoroutineExt, generator};
use std::pin::pin;

fn main() {
    let mut generator = pin!(generator! { yield 1; });
    let _ = generator.send(2);
}
