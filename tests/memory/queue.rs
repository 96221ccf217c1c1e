//! Threads that wait for the loop of a current-thread runtime.

use futures::channel::oneshot;
use heist::runtime::DriverKind;

use crate::TALLY;
use crate::support::{Gate, Shape, builder, watched};

const ROUNDS_COUNT: usize = 200_000;
/// Noise of other tests; a word for each round would be six times as much.
const BYTES_MAX: isize = 256 * 1024;

/// Fault A19: one thread runs the loop; another one's futures are polled beside it, and it does not get the loop for as long.
#[test]
fn polls_beside_the_loop_of_another_thread_leave_nothing_behind() {
    watched(|| {
        let runtime = builder(Shape::CurrentThread, DriverKind::Poll).build().expect("always there");
        let (end, ended) = oneshot::channel::<()>();
        let is_running = Gate::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                runtime.block_on(async {
                    is_running.open();
                    ended.await.expect("the test ends it");
                });
            });
            is_running.wait();
            let grown = |rounds: &dyn Fn()| {
                let before = TALLY.census();
                rounds();
                TALLY.census().bytes - before.bytes
            };
            // One call that is polled many times, and many that are polled once.
            let polls = grown(&|| {
                runtime.block_on(async {
                    for _ in 0..ROUNDS_COUNT {
                        heist::task::yield_now().await;
                    }
                });
            });
            let calls = grown(&|| (0..ROUNDS_COUNT).for_each(|_| runtime.block_on(async {})));
            end.send(()).expect("it waits");
            assert!(polls < BYTES_MAX && calls < BYTES_MAX, "{polls} bytes by polls, {calls} by calls");
        });
    });
}
