//~ error[E0308]: mismatched types
//~ wrong_yield_of_a_block.rs:10:15
//~ wrong_yield_of_a_block.rs:15:15
// The type may come from another `yield` or from the signature around the macro.
use heist::generator::{Code, Generator, async_generator, generator};

fn numbers() -> Generator<u32, impl Code> {
    generator! {
        // The expression is marked, not the macro.
        yield String::new();
    }
}
fn main() {
    let _ = async_generator! { yield 1_u8; std::future::ready(()).await;
        yield "text"; };
    let _ = numbers();
}
