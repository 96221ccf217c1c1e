//~ error[E0767]
// A nested generator under another name: its yields cannot be told from the outer ones, and are refused.
use heist::generator::{generator, generator as sequence};

fn main() {
    let _ = generator! {
        let inner = sequence! { yield 1; };
        drop(inner);
        yield 2;
    };
}
