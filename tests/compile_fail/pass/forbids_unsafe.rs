// Everything compiles, without a warning, in a crate that forbids unsafe code.
#![forbid(unsafe_code)]
#![deny(warnings, unused, rust_2018_idioms)]
use heist::generator::{
    Co, CoroutineExt, Outcome, async_coroutine, async_generator, attempt, coroutine, generator, routine,
};
use std::pin::pin;

generator! {
    /// An item.
    pub fn range(n: u64) -> yields u64 { for i in 0..n { yield i; } }
}

fn main() {
    for n in range(3) {
        println!("{n}");
    }
    let mut talk = pin!(coroutine! { |_: u8, String|
        let caught: Outcome<u8, String> = attempt! { (yield 1)? + (yield 2)? };
        let _units = (yield from generator! { yield 3; yield from [4]; })?;
        caught
    });
    println!("{:?}", talk.start());
    let stream = async_generator! { std::future::ready(()).await; yield 1; yield from [2]; };
    let talk = async_coroutine! { |_: u8| let _got = (yield 1)?; Ok(()) };
    drop((stream, talk));
    println!("{}", pin!(routine(async |mut co: Co<'_, u8>| { co.yield_(1).await; })).count());
    let sum: Result<i32, std::num::ParseIntError> = attempt! { "1".parse::<i32>()? };
    println!("{sum:?}");
}
