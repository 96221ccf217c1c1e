//~ error[E0308]: mismatched types
//~ wrong_return.rs:10:32
//~ expected `()`, found integer
//~ wrong_return.rs:18:12
//~ expected `String`, found integer
use heist::generator::{coroutine, generator};

generator! {
    fn first_even(list: &[u32]) -> yields u32 {
        for n in list { return 7; }
        yield 1;
    }
}

coroutine! {
    fn talk() -> yields u32, takes u32, returns String {
        (yield 1)?;
        Ok(5)
    }
}

fn main() {}
