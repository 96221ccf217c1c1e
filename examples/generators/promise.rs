//! A value made outside of those who use it: one coroutine sets it, the other awaits it.
//!
//! ```text
//! wait 10 ms
//! set_result
//! data
//! ```

use std::time::Duration;

use heist::asyncio::{InvalidState, Promise, PromiseError, ReturnWhen, run, sleep, wait};

async fn coro1(future: Promise<&'static str>) -> Result<(), PromiseError<Box<str>>> {
    println!("wait 10 ms");
    sleep(Duration::from_millis(10)).await;
    println!("set_result");
    assert_ne!(future.set_result("data"), Err(InvalidState));
    Ok(())
}

async fn coro2(future: Promise<&'static str>) -> Result<(), PromiseError<Box<str>>> {
    let result = future.await?;
    println!("{result}");
    Ok(())
}

fn main() -> std::io::Result<()> {
    run(async {
        let future = Promise::new();
        let tasks = [heist::spawn(coro1(future.clone())), heist::spawn(coro2(future))];
        let waited = wait(tasks, ReturnWhen::AllCompleted, None).await.expect("there are two tasks");
        assert_eq!(waited.done.len(), 2);
    })
}
