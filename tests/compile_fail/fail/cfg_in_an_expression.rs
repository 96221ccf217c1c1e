//~ removing an expression is not supported in this position
//~ cfg_in_an_expression.rs:7:17
// As in any function.
use heist::generator::coroutine;
fn main() {
    let _ = coroutine! { |_: u8|
        let _ = #[cfg(any())] yield 1;
        Ok(())
    };
}
