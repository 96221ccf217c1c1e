//! Batches of SIGUSR1: each is noticed by every listener.

use std::time::Duration;

use heist::signal::unix::{SignalKind, signal};
use heist::time::{sleep, timeout};
use rustix::process::{Signal, getpid, kill_process};

use crate::ledger::Count;
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::{MustWork, Violation};

/// Batch after batch, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rng = shift.rng(8000);
    let mut listener = signal(SignalKind::user_defined1()).must("signal")?;
    while !shift.is_over() {
        let since = shift.scarcity.epoch();
        let passing = signal(SignalKind::user_defined1());
        let Some(mut passing) = shift.granted(since, "signal", passing)? else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let is_sent = !shift.plants(Plant::LostSignal);
        for _signal in 0..rng.u8(1..20) {
            if is_sent {
                kill_process(getpid(), Signal::USR1).map_err(std::io::Error::from).must("kill")?;
            }
        }
        for listener in [&mut listener, &mut passing] {
            let noticed = timeout(shift.patience, listener.recv()).await;
            noticed.map_err(|_| Violation::new("a batch of signals was not noticed"))?;
        }
        shift.count(Count::Signals);
        // A signal that comes late belongs to no later batch.
        while timeout(Duration::from_millis(5), listener.recv()).await.is_ok() {}
        sleep(pause(&mut rng, 50_000)).await;
    }
    Ok(())
}
