//~ error[E0597]
// The items' lifetime is the body's: it cannot be stretched through the machine's type.
use heist::generator::{Code, Generator, generator};

fn stretch<C: Code>(generator: Generator<&'static str, C>) -> Vec<&'static str> {
    generator.into_iter().collect()
}

fn main() {
    let words = {
        let text = String::from("short lived");
        let lent = text.as_str();
        stretch(generator! { yield lent; })
    };
    println!("{words:?}");
}
