//~ `yield` cannot stand in a closure
use heist::generator::generator;

fn main() {
    let _ = generator! {
        [1, 2].iter().for_each(|n| yield *n);
    };
}
