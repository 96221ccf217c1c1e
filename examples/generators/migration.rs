//! From generator-coroutines to async/await: the same program before and after. The substitution is mechanical:
//! the coroutine becomes `async fn`, `yield from` becomes `.await`, priming and the loop over `send` disappear.
//!
//! ```text
//! start
//! Compute 1 + 2 ...
//! 1 + 2 = 3
//! end
//! start
//! Compute 1 + 2 ...
//! 1 + 2 = 3
//! end
//! ```

use std::pin::pin;
use std::thread;
use std::time::Duration;

use heist::asyncio::{run, sleep};
use heist::generator::{CoroutineExt, Step, coroutine};

const PAUSE: Duration = Duration::from_millis(10);

coroutine! {
    // Before: a leaf that yields what it waits for, and callers that delegate to it.
    fn old_sleep(span: Duration) -> yields Duration { (yield span)?; Ok(()) }
    fn old_compute(x: i32, y: i32) -> yields Duration, returns i32 {
        println!("Compute {x} + {y} ...");
        (yield from old_sleep(PAUSE))?;
        Ok(x + y)
    }
    fn old_print_sum(x: i32, y: i32) -> yields Duration {
        let result = (yield from old_compute(x, y))?;
        println!("{x} + {y} = {result}");
        Ok(())
    }
}

/// The loop of that time: it primes, does what is yielded, and sends.
fn run_until_complete() {
    let mut task = pin!(old_print_sum(1, 2));
    let mut step = task.start().expect("nothing is raised");
    while let Step::Yielded(span) = step {
        thread::sleep(span);
        step = task.send(()).expect("nothing is raised");
    }
}

// After.
async fn compute(x: i32, y: i32) -> i32 {
    println!("Compute {x} + {y} ...");
    sleep(PAUSE).await;
    x + y
}

async fn print_sum(x: i32, y: i32) {
    let result = compute(x, y).await;
    println!("{x} + {y} = {result}");
}

fn main() -> std::io::Result<()> {
    println!("start");
    run_until_complete();
    println!("end");
    println!("start");
    run(print_sum(1, 2))?;
    println!("end");
    Ok(())
}
