//~ error[E0308]: mismatched types
//~ missing_return.rs:7:60
//~ expected `Result<(), String>`, found `()`
use heist::generator::generator;

generator! {
    fn numbers() -> yields u32, returns Result<(), String> {
        yield 1;
    }
}

fn main() {}
