//~ error[E0499]
// Behaviour 92: a second step cannot be made while the first one lives.
use heist::generator::{AsyncCoroutineExt, async_coroutine};
use std::pin::pin;

fn main() {
    let mut coroutine = pin!(async_coroutine! { |_: ()| (yield 1)?; Ok(()) });
    let first = coroutine.asend(());
    let second = coroutine.asend(());
    drop((first, second));
}
