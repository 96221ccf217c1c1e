//~ error[E0599]
//~ consider pinning the expression
use heist::generator::{CoroutineExt, coroutine};

fn main() {
    let mut talk = coroutine! { |_: u8| (yield 1)?; Ok(()) };
    let _ = talk.start();
}
