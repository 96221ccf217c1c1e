//! A cluster in a box: five nodes of the replicated log on five hosts, with crashes, partitions and
//! disks that forget what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use heist::sim::{self, Host};
use heist::time::{Duration, sleep, timeout};
use simulated::{Config, log_of, propose, serve};

const NAMES: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];

/// Starts a node on a host of its own, as its program would.
fn start(name: &'static str, syncs_ballots: bool) -> Host {
    sim::host(name).start(move || {
        let others = NAMES.iter().filter(|other| **other != name).map(|other| (*other).to_owned());
        let config = Config {
            name: name.to_owned(),
            others: others.collect(),
            folder: "/var/log-of-node".into(),
            syncs_ballots,
        };
        let runtime = heist::runtime::Runtime::new().expect("a host has a runtime");
        runtime.block_on(serve(config)).expect("a node serves until its host crashes");
    })
}

/// What no run may ever show: two leaders in one term, or a committed command that changes.
#[derive(Default)]
struct Witness {
    leaders: BTreeMap<u64, &'static str>,
    longest: Vec<String>,
}

impl Witness {
    async fn look(&mut self) {
        for name in NAMES {
            let Ok(Ok((commands, leads_in))) = timeout(Duration::from_millis(50), log_of(name)).await else {
                continue;
            };
            if let Some(term) = leads_in {
                let leader = *self.leaders.entry(term).or_insert(name);
                assert_eq!(leader, name, "two leaders in term {term}");
            }
            let shared = commands.len().min(self.longest.len());
            assert_eq!(commands[..shared], self.longest[..shared], "{name} has another history");
            if commands.len() > shared {
                self.longest = commands;
            }
        }
    }
}

fn draw(below: u64) -> u64 {
    sim::random() % below
}

/// Disturbs the cluster: a partition, or a crash of one or two nodes, for a while.
async fn disturb(hosts: &[Host]) {
    match draw(3) {
        0 => {
            let count = 1 + draw(2) as usize;
            let first = draw(5) as usize;
            let (ones, others): (Vec<_>, Vec<_>) = (0..5).partition(|at| (at + first) % 5 < count);
            let names = |group: &[usize]| group.iter().map(|at| NAMES[*at]).collect::<Vec<_>>();
            let (ones, others) = (names(&ones), names(&others));
            sim::partition(&ones, &others);
            sleep(Duration::from_millis(200 + draw(800))).await;
            sim::rejoin(&ones, &others);
        }
        _ => {
            let first = draw(5) as usize;
            let down: BTreeSet<usize> = (0..=draw(2) as usize).map(|more| (first + more) % 5).collect();
            down.iter().for_each(|at| hosts[*at].crash());
            sleep(Duration::from_millis(draw(400))).await;
            down.iter().for_each(|at| hosts[*at].restart());
        }
    }
    sleep(Duration::from_millis(draw(300))).await;
}

/// Commands go in while the cluster is disturbed; in the end all nodes have all of them.
async fn disturbed(rounds: usize, syncs_ballots: bool) {
    let hosts: Vec<Host> = NAMES.iter().map(|name| start(name, syncs_ballots)).collect();
    let witness = Arc::new(Mutex::new(Some(Witness::default())));
    let there = witness.clone();
    let watcher = heist::spawn(async move {
        loop {
            let mut own = there.lock().unwrap().take().expect("nobody else takes it");
            own.look().await;
            *there.lock().unwrap() = Some(own);
            sleep(Duration::from_millis(20)).await;
        }
    });
    let proposer = heist::spawn(async move {
        for number in 0..rounds {
            propose(&NAMES, &format!("command {number}")).await;
        }
    });
    for _ in 0..rounds {
        disturb(&hosts).await;
    }
    proposer.await.unwrap();
    propose(&NAMES, "the last").await;
    for name in NAMES {
        let has_all = async {
            loop {
                match log_of(name).await {
                    Ok((commands, _)) if commands.iter().any(|command| command == "the last") => {
                        return commands;
                    }
                    _ => sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let commands = timeout(Duration::from_secs(60), has_all).await.expect("a node catches up");
        for number in 0..rounds {
            let wanted = format!("command {number}");
            assert!(commands.contains(&wanted), "{name} has lost {wanted}, which was confirmed");
        }
    }
    if watcher.is_finished() {
        watcher.await.unwrap();
    }
    watcher.abort();
}

#[heist::sim::test(seeds = 10, twice = true)]
async fn a_quiet_cluster_agrees() {
    disturbed(0, true).await;
}

#[heist::sim::test(seeds = 20, twice = true)]
async fn a_disturbed_cluster_loses_nothing_and_has_one_leader_per_term() {
    disturbed(6, true).await;
}

/// The planted fault: a vote that is not durable before the candidate hears it.
#[test]
fn a_vote_that_a_crash_forgets_is_found() {
    fn forgetful() {
        heist::runtime::Runtime::new().unwrap().block_on(disturbed(20, false));
    }
    let case = sim::TestCase::new(module_path!(), "a_vote_that_a_crash_forgets_is_found", file!());
    let began = std::time::Instant::now();
    let seed = sim::find_failure(&case.seeds(2000), forgetful);
    println!("the fault was found with seed {seed:?} after {:?}", began.elapsed());
    assert!(seed.is_some(), "two thousand worlds do not show the fault");
}
