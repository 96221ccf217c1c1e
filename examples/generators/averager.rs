//! A coroutine keeps what it is sent: a running average, and a summary when it is closed.
//!
//! ```text
//! sent 10, the average is 10
//! sent 30, the average is 20
//! sent 5, the average is 15
//! closed: Ok(Some((3, 15.0)))
//! ```

use std::pin::pin;

use heist::generator::{CoroutineExt, Step, coroutine};

coroutine! {
    fn averager() -> yields f64, takes f64, returns (u32, f64) {
        let (mut count, mut sum, mut average) = (0, 0.0, 0.0);
        while let Ok(number) = (yield average) {
            count += 1;
            sum += number;
            average = sum / f64::from(count);
        }
        Ok((count, average))
    }
}

fn main() {
    let mut averager = pin!(averager());
    let _first = averager.start();
    for number in [10.0, 30.0, 5.0] {
        if let Ok(Step::Yielded(average)) = averager.send(number) {
            println!("sent {number}, the average is {average}");
        }
    }
    println!("closed: {:?}", averager.close());
}
