//~ `yield` cannot stand in an item of its own
use heist::generator::generator;

fn main() {
    let _ = generator! {
        fn inner() { yield 1; }
        yield 2;
    };
}
