//~ no method named `clone` found for struct `Machine
// Behaviour 17: a generator cannot be copied.
use heist::generator::generator;

fn main() {
    let generator = generator! { yield 1; };
    let _ = generator.clone();
}
