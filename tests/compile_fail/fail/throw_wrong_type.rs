//~ error[E0277]
//~ the trait bound `std::io::Error: From<&str>` is not satisfied
// Behaviour 44: what is thrown has the type that the header names.
use heist::generator::{CoroutineExt, coroutine};
use std::pin::pin;

fn main() {
    let mut coroutine = pin!(coroutine! { |_: (), std::io::Error| (yield 1)?; Ok(()) });
    let _ = coroutine.start();
    let _ = coroutine.throw("abc");
}
