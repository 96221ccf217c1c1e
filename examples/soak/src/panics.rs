//! Tasks and closures that panic at random places, beside all others.

use std::panic;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use heist::task::{JoinError, JoinHandle, yield_now};
use heist::time::{sleep, timeout};

use crate::ledger::Count;
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::Violation;

/// What a planned panic carries.
struct Planned(u64);

/// Panics in a destructor, when the task that holds it is cancelled.
struct PanicsInDrop(u64);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic::panic_any(Planned(self.0));
        }
    }
}

/// Planned panics print nothing; all others print as before.
pub(crate) fn silence_planned() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |report| {
        if !report.payload().is::<Planned>() {
            print(report);
        }
    }));
}

/// Panic after panic, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(6000);
    while !shift.is_over() {
        let number = if shift.plants(Plant::SwallowedPanic) { 0 } else { rng.u64(1..) };
        let guard = Arc::new(());
        let held = guard.clone();
        let is_in_drop = rng.u8(0..5) == 0;
        let task = if is_in_drop {
            start_and_abort(number, held).await
        } else if rng.u8(0..4) == 0 {
            heist::task::spawn_blocking(move || {
                let _held = held;
                panic_with(number);
            })
        } else {
            heist::spawn(panic_in_the_end(number, held, rng.fork()))
        };
        let ended = timeout(shift.patience, task).await;
        let ended = ended.map_err(|_| Violation::new("the join handle of a task that panics never ends"))?;
        check(&shift, ended, number, is_in_drop)?;
        if Arc::strong_count(&guard) != 1 {
            return Err(Violation::new("a task that panicked has ended, and its future is not dropped"));
        }
        sleep(pause(&mut rng, 5000)).await;
    }
    Ok(())
}

fn panic_with(number: u64) {
    if number != 0 {
        panic::panic_any(Planned(number));
    }
}

async fn panic_in_the_end(number: u64, held: Arc<()>, mut rng: Rng) {
    for _step in 0..rng.u8(0..4) {
        if rng.bool() {
            yield_now().await;
        } else {
            sleep(pause(&mut rng, 2000)).await;
        }
    }
    drop(held);
    panic_with(number);
}

/// A task whose destructor panics when it is cancelled.
async fn start_and_abort(number: u64, held: Arc<()>) -> JoinHandle<()> {
    let (tell, started) = heist::sync::oneshot::channel();
    let task = heist::spawn(async move {
        let _held = held;
        let _bomb = PanicsInDrop(number);
        let _ = tell.send(());
        sleep(Duration::from_secs(3600)).await;
    });
    let _ = started.await;
    task.abort();
    task
}

/// A panic in a destructor of a cancelled task may be reported as the panic or as the cancel.
fn check(
    shift: &Shift,
    ended: Result<(), JoinError>,
    number: u64,
    is_in_drop: bool,
) -> Result<(), Violation> {
    let error = match ended {
        Ok(()) => return Err(Violation::new("a panic was swallowed: its join handle returned Ok")),
        Err(error) => error,
    };
    shift.count(Count::Panics);
    match error.try_into_panic() {
        Ok(payload) if payload.downcast_ref::<Planned>().is_some_and(|Planned(found)| *found == number) => {
            Ok(())
        }
        Ok(_) => Err(Violation::new("a join handle returned the panic of another task")),
        Err(error) if is_in_drop && error.is_cancelled() => Ok(()),
        Err(error) => Err(Violation::new(format!("a panic was swallowed: {error}"))),
    }
}
