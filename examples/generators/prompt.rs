//! The short sessions of the source documents, one after the other, as they look here.
//!
//! ```text
//! Created
//! 0, then 1
//! Suspended
//! next: Some(1) Some(2) None; list: [1, 2]
//! 1
//! Got hello
//! 2
//! Got 42
//! 3
//! generator start
//! next_result = 1
//! yield_expression_value = 666
//! send_result = 2
//! 1
//! 2
//! returned value
//! general: 30 values, then the end
//! Coroutine started
//! First yield: Please send something
//! Coroutine received: Hello from caller
//! Second yield: Goodbye
//! Coroutine finished
//! Native coroutine started
//! Native coroutine resumed
//! Result: Done
//! ```

use std::fmt::{Debug, Display};
use std::pin::pin;
use std::time::Duration;

use heist::asyncio::{run, sleep};
use heist::generator::{CoroutineExt, Next, Resume, Step, coroutine, generator};

generator! {
    fn new_range(n: u64) -> yields u64 { for i in 0..n { yield i; } }
    fn f() -> yields i32 { yield 1; yield 2; }
    fn returns() -> yields i32, returns &'static str { yield 1; yield 2; "returned value" }
}

/// Whatever can be shown may be sent.
trait Value: Display + Debug {}
impl<T: Display + Debug> Value for T {}
type Shown = Box<dyn Value>;

coroutine! {
    fn gen_from(start: u32) -> yields u32, takes Shown {
        let mut step = start;
        loop {
            let value = (yield step)?;
            println!("Got {value}");
            step += 1;
        }
    }
    fn test() -> yields u32, takes u32 {
        println!("generator start");
        let mut n = 1;
        loop {
            let value = (yield n)?;
            println!("yield_expression_value = {value}");
            n += 1;
        }
    }
    fn internal(limit: u32) -> yields u32, takes u32 { for i in 0..limit { (yield i)?; } Ok(()) }
    fn general() -> yields u32, takes u32 {
        (yield from internal(10))?;
        yield from internal(20)
    }
    fn old_style_coroutine() -> yields &'static str, takes &'static str {
        println!("Coroutine started");
        let received = (yield "Please send something")?;
        println!("Coroutine received: {received}");
        (yield "Goodbye")?;
        Ok(())
    }
}

async fn simple_native_coroutine() -> &'static str {
    println!("Native coroutine started");
    sleep(Duration::from_millis(10)).await;
    println!("Native coroutine resumed");
    "Done"
}

fn show<R>(step: Step<impl Display, R>, before: &str) {
    match step {
        Step::Yielded(value) => println!("{before}{value}"),
        Step::Returned(_) => println!("Coroutine finished"),
    }
}

fn iteration() {
    let mut r = pin!(new_range(1_000_000));
    println!("{:?}", r.state());
    println!("{}, then {}", r.next().unwrap(), r.next().unwrap());
    println!("{:?}", r.state());
    let mut g = pin!(f());
    println!("next: {:?} {:?} {:?}; list: {:?}", g.next(), g.next(), g.next(), Vec::from_iter(f()));
}

fn sending() {
    let mut g = pin!(gen_from(1));
    show(g.start().unwrap(), "");
    show(g.send(Box::new("hello")).unwrap(), "");
    show(g.send(Box::new(42)).unwrap(), "");
    let mut generator = pin!(test());
    show(generator.start().unwrap(), "next_result = ");
    show(generator.send(666).unwrap(), "send_result = ");
}

fn returning() {
    let mut g = pin!(returns());
    loop {
        match g.as_mut().resume(Some(Next)) {
            Step::Yielded(value) => println!("{value}"),
            Step::Returned(value) => break println!("{value}"),
        }
    }
    let mut g = pin!(general());
    let mut step = g.start().unwrap();
    let mut count = 0;
    while let Step::Yielded(value) = step {
        step = g.send(value).unwrap();
        count += 1;
    }
    println!("general: {count} values, then the end");
}

fn main() -> std::io::Result<()> {
    iteration();
    sending();
    returning();
    let mut coro = pin!(old_style_coroutine());
    show(coro.start().unwrap(), "First yield: ");
    show(coro.send("Hello from caller").unwrap(), "Second yield: ");
    show(coro.send("").unwrap(), "");
    println!("Result: {}", run(simple_native_coroutine())?);
    Ok(())
}
