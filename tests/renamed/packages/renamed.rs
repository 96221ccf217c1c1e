//! Depends on heist under the name `rt`.
#![forbid(unsafe_code)]
#![deny(warnings)]

use rt::generator::{
    AsyncCoroutineExt, CoroutineExt, Step, async_coroutine, async_generator, attempt, coroutine, generator,
};
use std::pin::pin;

generator! {
    fn numbers(n: u32) -> yields u32, returns Result<(), String> {
        yield from 0..n;
        Err("no more".to_string())?;
        Ok(())
    }
}

coroutine! {
    fn doubler() -> yields u32, takes u32 { let mut n = 0; loop { n = 2 * (yield n)?; } }
}

async_generator! {
    fn later(n: u32) -> yields u32 { rt::task::yield_now().await; yield n; }
}

async_coroutine! {
    fn talk() -> yields u32, takes u32, returns u32 {
        (yield from later(1))?;
        Ok((yield 2)?)
    }
}

#[rt::main(flavor = "current_thread", driver = "poll")]
async fn program() -> u32 {
    let mut talk = pin!(talk());
    assert_eq!(talk.astart().await, Ok(Step::Yielded(1)));
    assert_eq!(talk.asend(0).await, Ok(Step::Yielded(2)));
    match talk.asend(7).await {
        Ok(Step::Returned(n)) => n,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_finds_it() {
    assert_eq!(program(), 7);
}

#[rt::test]
async fn a_test_finds_it() {
    rt::task::yield_now().await;
}

#[rt::test(crate = "::rt", flavor = "multi_thread", worker_threads = 1)]
async fn its_name_may_be_given() {
    rt::spawn(async {}).await.unwrap();
}

#[test]
fn items_and_blocks_find_it() {
    let items: Vec<_> = numbers(2).try_iter().collect();
    assert_eq!(items, [Ok(0), Ok(1), Err("no more".to_string())]);
    let mut doubler = pin!(doubler());
    assert_eq!(doubler.start(), Ok(Step::Yielded(0)));
    assert_eq!(doubler.send(4), Ok(Step::Yielded(8)));
    let block = generator! { yield from numbers(1).try_iter().flatten(); yield 5; };
    assert_eq!(block.into_iter().collect::<Vec<_>>(), [0, 5]);
    let mut block = pin!(coroutine! { |_: u8| let sum = (yield 1_u8)? + 1; Ok(sum) });
    assert_eq!(block.start(), Ok(Step::Yielded(1)));
    assert_eq!(block.send(1), Ok(Step::Returned(2)));
    let result: Result<u8, std::num::ParseIntError> = attempt! { "1".parse::<u8>()? };
    assert_eq!(result, Ok(1));
}
