//! What takes the processors away: threads that compute, tasks that block, closures that take their time.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use heist::time::sleep;

use crate::ledger::Count;
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::Violation;

/// How long a task blocks its worker.
const BLOCK: Duration = Duration::from_millis(50);

/// Hog after hog, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(9000);
    while !shift.is_over() {
        let count = rng.u64(1..=3);
        let hogs: Vec<_> = (0..count).map(|_| heist::spawn(hog(rng.fork()))).collect();
        let length = pause(&mut rng, 80_000);
        let computing = heist::task::spawn_blocking(move || {
            thread::spawn(move || compute(length)).join().expect("it does not panic");
        });
        let is_early = expect_no_early_timer(&shift, &mut rng).await;
        for hog in hogs {
            hog.await.map_err(|error| Violation::new(format!("a hog: {error}")))?;
            shift.count(Count::Hogs);
        }
        computing.await.map_err(|error| Violation::new(format!("a hog: {error}")))?;
        is_early?;
        sleep(pause(&mut rng, 200_000)).await;
    }
    Ok(())
}

/// One long poll.
async fn hog(mut rng: Rng) {
    match rng.u8(0..3) {
        0 => thread::sleep(BLOCK),
        1 => compute(BLOCK),
        _ => heist::task::block_in_place(|| thread::sleep(BLOCK)),
    }
}

fn compute(length: Duration) {
    let end = Instant::now() + length;
    let mut number = 1_u64;
    while Instant::now() < end {
        for _step in 0..1000 {
            number = black_box(number.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1));
        }
    }
}

/// Timers may be late on a machine that is busy, but never early.
async fn expect_no_early_timer(shift: &Shift, rng: &mut Rng) -> Result<(), Violation> {
    let length = pause(rng, 20_000);
    let began = Instant::now();
    sleep(if shift.plants(Plant::EarlyTimer) { length / 2 } else { length }).await;
    let slept = began.elapsed();
    if slept < length {
        return Err(Violation::new(format!("a timer fired early: after {slept:?} instead of {length:?}")));
    }
    Ok(())
}
