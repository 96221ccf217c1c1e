//! Knows heist only by the crate `house`, which re-exports it.
#![forbid(unsafe_code)]
#![deny(warnings)]

use house::heist::generator::{CoroutineExt, Step, async_coroutine, async_generator};
use std::pin::pin;

house::generator! {
    fn numbers(n: u32) -> yields u32 { yield from 0..n; }
}

async_generator! {
    fn later() -> yields u32 { std::future::ready(()).await; yield 1; }
}

#[test]
fn the_generator_macros_find_it() {
    assert_eq!(numbers(3).into_iter().count(), 3);
    assert_eq!(house::counted!(1, 2).into_iter().collect::<Vec<_>>(), [1, 2]);
    let mut talk = pin!(house::coroutine! { |_: u8| let got = (yield 1)?; Ok(got) });
    assert_eq!(talk.start(), Ok(Step::Yielded(1)));
    assert_eq!(talk.send(2), Ok(Step::Returned(2)));
    drop(async_coroutine! { |_: u8| (yield from later())?; Ok(()) });
}

#[house::heist::test(crate = "house::heist")]
async fn an_attribute_learns_where_the_crate_is() {
    house::heist::task::yield_now().await;
}

mod in_scope {
    use house::heist;

    #[heist::test]
    async fn an_attribute_finds_it_in_scope() {
        heist::task::yield_now().await;
    }

    #[heist::main(driver = "poll")]
    async fn program() -> u8 {
        heist::spawn(async { 3 }).await.unwrap()
    }

    #[test]
    fn so_does_a_program() {
        assert_eq!(program(), 3);
    }
}
