//! Priming, `send`, `throw` and `close`, each also where it fails.
//!
//! ```text
//! unprimed: cannot send to a coroutine that has not started: call `start` or `primed` first
//! First yield: Please send something
//! received Hello from caller
//! Second yield: Goodbye
//! thrown and caught: logged "disk full", going on
//! thrown and not caught: power cut
//! cleaning up
//! closed: Ok(None), now Closed
//! stubborn: the coroutine yielded again when it was closed: on `Raise::Exit` it must return
//! ```

use std::pin::pin;

use heist::generator::{CoroutineExt, Raise, Step, coroutine};

coroutine! {
    /// Goes on after any error but a power cut.
    fn worker() -> yields String, takes &'static str, throws &'static str {
        let mut report = "Please send something".to_string();
        loop {
            report = match (yield report) {
                Ok(text) => { println!("received {text}"); "Goodbye".to_string() }
                Err(Raise::Error("power cut")) => return Err(Raise::Error("power cut")),
                Err(Raise::Error(error)) => format!("logged {error:?}, going on"),
                Err(Raise::Exit) => { println!("cleaning up"); return Err(Raise::Exit) }
            };
        }
    }
    fn stubborn() -> yields u8 { if (yield 1).is_err() { (yield 2)?; } Ok(()) }
}

fn main() {
    let mut first = pin!(worker());
    println!("unprimed: {}", first.send("too early").unwrap_err());
    if let Ok(Step::Yielded(text)) = first.start() {
        println!("First yield: {text}");
    }
    if let Ok(Step::Yielded(text)) = first.send("Hello from caller") {
        println!("Second yield: {text}");
    }
    if let Ok(Step::Yielded(text)) = first.throw("disk full") {
        println!("thrown and caught: {text}");
    }
    println!("thrown and not caught: {}", first.throw("power cut").unwrap_err());
    let mut second = pin!(worker());
    let _ = second.start();
    println!("closed: {:?}, now {:?}", second.close(), second.state());
    let mut third = pin!(stubborn());
    let _ = third.start();
    println!("stubborn: {}", third.close().unwrap_err());
}
