//! `yield from` is a channel: what is sent reaches the inner coroutine, and its value comes back.
//!
//! ```text
//! 0
//! A got: 1
//! 1
//! A got: 1
//! 2
//! A got: 1
//! first part: A finished
//! 0
//! B got: 1
//! 1
//! B got: 1
//! StopIteration: B finished
//! ```

use std::pin::pin;

use heist::generator::{CoroutineExt, Step, coroutine};

coroutine! {
    fn internal(name: &'static str, limit: u32) -> yields u32, takes u32, returns String {
        for i in 0..limit {
            let got = (yield i)?;
            println!("{name} got: {got}");
        }
        Ok(format!("{name} finished"))
    }
    fn general() -> yields u32, takes u32, returns String {
        let first = (yield from internal("A", 3))?;
        println!("first part: {first}");
        yield from internal("B", 2)
    }
}

fn main() {
    let mut general = pin!(general());
    let mut step = general.start().expect("it begins");
    loop {
        match step {
            Step::Yielded(i) => println!("{i}"),
            Step::Returned(text) => return println!("StopIteration: {text}"),
        }
        step = general.send(1).expect("it raises nothing");
    }
}
