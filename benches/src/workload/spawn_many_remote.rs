//! 10,000 empty tasks, spawned by a thread that is none of the runtime's while that is idle, then joined one by one.

use crate::rival::Rival;

pub(super) const TASK_COUNT: u64 = 10_000;

pub(super) fn once<R: Rival>(rival: &R) {
    let handles: Vec<_> = (0..TASK_COUNT).map(|_| rival.spawn_from_outside(async {})).collect();
    rival.block_on(async {
        for handle in handles {
            handle.await.expect("no panic");
        }
    });
}
