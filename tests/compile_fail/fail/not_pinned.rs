//~ error[E0277]: a generator has to be pinned before it runs
//~ not_pinned.rs:8:15
//~ pin it on the stack, `let mut g = std::pin::pin!(g);`, or box it, `let mut g = Box::pin(g);`
use heist::generator::generator;

fn main() {
    let mut generator = generator! { yield 1; };
    generator.next();
}
