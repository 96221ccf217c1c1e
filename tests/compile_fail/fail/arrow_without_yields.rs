//~ arrow_without_yields.rs:7:29
//~ an item names what it yields: write `-> yields TYPE`
//~ arrow_without_yields.rs:11:8
use heist::generator::generator;

generator! {
    pub fn range(n: u32) -> u32 { for i in 0..n { yield i; } }
}

generator! {
    fn no_arrow() { yield 1; }
}

fn main() {}
