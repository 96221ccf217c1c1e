//~ error[E0277]
//~ is not an iterator
// Behaviour 115: what is awaited is not delegated to.
use heist::generator::generator;

fn main() {
    let _ = generator! { yield from std::future::ready(1); };
}
