//~ TryIter` that must be used
#![deny(unused_must_use)]
use heist::generator::generator;

fn main() {
    generator! { yield 1; Err::<(), &str>("torn") }.try_iter();
}
