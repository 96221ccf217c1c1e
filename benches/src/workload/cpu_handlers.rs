//! 64 handlers, each with a channel of requests, and 100 us of work for each request: what threads are for.

use super::about::{About, Task};
use super::countdown::Countdown;
use crate::compute::compute;
use crate::goal::Goal;
use crate::rival::contract::Rival;

pub(super) const ABOUT: About = About {
    goals: &[Goal::time("tokio", None), Goal::benefit_of_threads(1.9)],
    ..About::here(
        "cpu_handlers",
        "64 handlers that compute 100 us per request; per request",
        Task::CpuHandlers,
        1,
    )
};

const HANDLER_COUNT: u64 = 64;
const REQUESTS_PER_HANDLER: u64 = 10;
pub(super) const REQUEST_COUNT: u64 = HANDLER_COUNT * REQUESTS_PER_HANDLER;
const COMPUTE_MICROS: u32 = 100;

pub(super) fn once<R: Rival>(rival: &R) {
    let (countdown, done) = Countdown::from(REQUEST_COUNT);
    let handlers: Vec<_> = (0..HANDLER_COUNT)
        .map(|_| {
            let (requests, inbox) = async_channel::unbounded();
            let countdown = countdown.clone();
            drop(rival.spawn_from_outside(async move {
                while let Ok(micros) = inbox.recv().await {
                    compute(micros);
                    countdown.report();
                }
            }));
            requests
        })
        .collect();
    rival.block_on(async {
        for _ in 0..REQUESTS_PER_HANDLER {
            for requests in &handlers {
                requests.send(COMPUTE_MICROS).await.expect("the handler listens");
            }
            // Whoever has only this thread begins to work now.
            R::yield_now().await;
        }
        done.await.expect("the last request is reported");
    });
}
