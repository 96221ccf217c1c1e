//~ error[E0308]: mismatched types
//~ wrong_yield.rs:8:15
//~ expected `u32`, found `&str`
use heist::generator::generator;

generator! {
    fn numbers() -> yields u32 {
        yield "text";
    }
}

fn main() {
    let _ = numbers();
}
