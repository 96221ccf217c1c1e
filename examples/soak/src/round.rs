//! One round: all rooms at once, until each has come to its end.

use heist::task::JoinSet;

use crate::leaks;
use crate::shift::Shift;
use crate::violation::Violation;
use crate::{churn, datagrams, files, hogs, limits, panics, processes, resets, runtimes, signals};

/// Runs every room, and returns the first violation.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let mut rooms = JoinSet::new();
    rooms.spawn(churn::run(shift.clone()));
    rooms.spawn(resets::run(shift.clone()));
    rooms.spawn(datagrams::run(shift.clone()));
    rooms.spawn(files::run(shift.clone()));
    rooms.spawn(panics::run(shift.clone()));
    rooms.spawn(runtimes::run(shift.clone()));
    rooms.spawn(processes::run(shift.clone()));
    rooms.spawn(signals::run(shift.clone()));
    rooms.spawn(hogs::run(shift.clone()));
    rooms.spawn(limits::run(shift.clone()));
    if let Some(plant) = shift.plant {
        rooms.spawn(leaks::leak(plant));
    }
    while let Some(ended) = rooms.join_next().await {
        ended.map_err(|error| Violation::new(format!("a room: {error}")))??;
    }
    Ok(())
}
