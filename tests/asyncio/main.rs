//! Promises, gather, wait, as_completed, shield and run; generators that the runtime adopts.

mod adopt;
mod gather;
mod promise;
#[path = "../support/mod.rs"]
mod support;
mod wait;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use heist::asyncio::{Promise, PromiseError, Unhandled, set_exception_handler};
use heist::task::JoinHandle;

type Text = Promise<&'static str, &'static str>;

/// Longer than any test takes: a limit that is not reached.
const FAR: Duration = Duration::from_secs(3600);
/// A limit that is reached.
const NEAR: Duration = Duration::from_millis(5);

/// The process has one handler, and the tests run beside each other: each adds its own ear.
fn listen(ear: impl Fn(&Unhandled) + Send + Sync + 'static) {
    type Ear = Arc<dyn Fn(&Unhandled) + Send + Sync>;
    static EARS: Mutex<Vec<Ear>> = Mutex::new(Vec::new());
    EARS.lock().unwrap().push(Arc::new(ear));
    set_exception_handler(|unhandled| {
        let ears = EARS.lock().unwrap().clone();
        ears.iter().for_each(|ear| ear(unhandled));
    });
}

type Slots = [Promise<u32, &'static str>; 3];
type Answer = Result<u32, &'static str>;

/// A task that waits for a promise.
fn task(promise: &Promise<u32, &'static str>) -> JoinHandle<Result<u32, PromiseError<&'static str>>> {
    heist::spawn(promise.clone().into_future())
}
