//~ a generator cannot be sent to or thrown into: write this item with a coroutine macro
use heist::generator::generator;

generator! {
    fn wrong() -> yields u8, takes u8 { yield 1; }
}

fn main() {}
