//~ `yield` cannot stand in an async block
use heist::generator::generator;

fn main() {
    let _ = generator! {
        let nested = async { yield 1; };
        drop(nested);
        yield 2;
    };
}
