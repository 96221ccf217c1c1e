//! Producer and consumer in one thread, without a lock: each runs while the other is suspended.
//!
//! ```text
//! [CONSUMER] start
//! start
//! [PRODUCER] Producer is producing 1
//! [CONSUMER] Consumer is consuming 1
//! [PRODUCER] Consumer return: 200 ok
//! [PRODUCER] Producer is producing 2
//! [CONSUMER] Consumer is consuming 2
//! [PRODUCER] Consumer return: 200 ok
//! [PRODUCER] Producer is producing 3
//! [CONSUMER] Consumer is consuming 3
//! [PRODUCER] Consumer return: 200 ok
//! ```

use std::pin::pin;

use heist::generator::{CoroutineExt, Step, coroutine};

coroutine! {
    fn consumer() -> yields &'static str, takes u32 {
        println!("[CONSUMER] start");
        let mut answer = "start";
        loop {
            let n = (yield answer)?;
            if n == 0 {
                println!("n is empty");
                continue;
            }
            println!("[CONSUMER] Consumer is consuming {n}");
            answer = "200 ok";
        }
    }
}

fn main() {
    let mut consumer = pin!(consumer());
    if let Ok(Step::Yielded(start)) = consumer.start() {
        println!("{start}");
    }
    for n in 1..=3 {
        println!("[PRODUCER] Producer is producing {n}");
        if let Ok(Step::Yielded(answer)) = consumer.send(n) {
            println!("[PRODUCER] Consumer return: {answer}");
        }
    }
    assert_eq!(consumer.close(), Ok(None));
}
