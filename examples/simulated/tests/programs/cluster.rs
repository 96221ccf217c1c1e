//! The cluster of this package under crashes and partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use heist::time::{sleep, timeout};
use simulated::{log_of, propose};

use crate::machines::Machines;
use crate::{draw, millis, run};

const ROUNDS: usize = 8;

/// What no run may ever show: two leaders in one term, or a committed command that changes.
#[derive(Default)]
struct Witness {
    leaders: BTreeMap<u64, &'static str>,
    longest: Vec<String>,
}

impl Witness {
    async fn look(&mut self, names: &[&'static str]) {
        for name in names {
            let Ok(Ok((commands, leads_in))) = timeout(millis(50), log_of(name)).await else { continue };
            if let Some(term) = leads_in {
                let leader = *self.leaders.entry(term).or_insert(name);
                assert_eq!(leader, *name, "two leaders in term {term}");
            }
            let shared = commands.len().min(self.longest.len());
            assert_eq!(commands[..shared], self.longest[..shared], "{name} has another history");
            if commands.len() > shared {
                self.longest = commands;
            }
        }
    }
}

/// One or two nodes crash, or are parted from the others, for a while.
async fn disturb(machines: &mut Machines) {
    let (first, count) = (draw(5) as usize, 1 + draw(2) as usize);
    let concerned: Vec<usize> = (0..count).map(|more| (first + more) % 5).collect();
    if draw(2) == 0 {
        machines.part(&concerned);
        sleep(millis(200 + draw(800))).await;
        machines.rejoin(&concerned);
    } else {
        concerned.iter().for_each(|at| machines.crash(*at));
        sleep(millis(draw(400))).await;
        concerned.iter().for_each(|at| machines.restart(*at));
    }
    sleep(millis(draw(300))).await;
}

/// Commands go in while the cluster is disturbed; in the end all nodes have all of them.
pub(crate) fn cluster() {
    run(async {
        let mut machines = Machines::start();
        let names = machines.names();
        let is_over = Arc::new(AtomicBool::new(false));
        let there = is_over.clone();
        let watching = heist::spawn(async move {
            let mut witness = Witness::default();
            // Ordering: Relaxed, it publishes nothing.
            while !there.load(Ordering::Relaxed) {
                witness.look(&names).await;
                sleep(millis(20)).await;
            }
        });
        let proposing = heist::spawn(async move {
            for number in 0..ROUNDS {
                propose(&names, &format!("command {number}")).await;
            }
        });
        for _ in 0..ROUNDS {
            disturb(&mut machines).await;
        }
        timeout(millis(60_000), proposing).await.expect("commands are taken").unwrap();
        propose(&names, "the last").await;
        for name in names {
            let commands = timeout(millis(60_000), whole_log_of(name)).await.expect("a node catches up");
            for number in 0..ROUNDS {
                let wanted = format!("command {number}");
                assert!(commands.contains(&wanted), "{name} has lost {wanted}, which was confirmed");
            }
        }
        // Ordering: Relaxed, it publishes nothing.
        is_over.store(true, Ordering::Relaxed);
        watching.await.unwrap();
    });
}

/// The log of a node when it has the last command.
async fn whole_log_of(name: &str) -> Vec<String> {
    loop {
        match log_of(name).await {
            Ok((commands, _)) if commands.iter().any(|command| command == "the last") => return commands,
            _ => sleep(millis(50)).await,
        }
    }
}
