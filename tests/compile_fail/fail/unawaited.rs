//~ unused implementer of `Future` that must be used
//~ futures do nothing unless you `.await` or poll them
// Behaviours 108 and 117: a step that is never awaited is reported.
#![deny(unused_must_use)]
use heist::generator::{AsyncCoroutineExt, async_coroutine};
use std::pin::pin;

fn main() {
    let mut coroutine = pin!(async_coroutine! { |_: ()| (yield 1)?; Ok(()) });
    coroutine.astart();
    coroutine.asend(());
    coroutine.aclose();
}
