//! The tool against real runtimes of this process, whose truth is known, while every worker is
//! stuck.

#![cfg(unix)]

mod support;

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use heist::runtime::{Builder, DriverKind, Runtime};
use heist::sync::{Barrier, Mutex, oneshot};
use heist::task::{JoinHandle, TaskBuilder, yield_now};
use serde_json::Value;
use support::heist;
use tempfile::TempDir;

/// What a machine that is busy with other work may need.
const PATIENCE: Duration = Duration::from_secs(60);

const WORKERS: usize = 2;

/// An observed runtime with a console.
struct Real {
    runtime: Runtime,
    name: String,
    path: String,
    _directory: TempDir,
}

/// Workers in polls that do not end until this is dropped.
struct Stuck {
    _holds: Vec<mpsc::Sender<()>>,
}

/// Runs `test` with io_uring, if the machine has it, and with polling. The name is of this test
/// only.
fn on_each_driver(name: &str, test: impl Fn(&Real)) {
    for kind in [DriverKind::Uring, DriverKind::Poll] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("console");
        let name = format!("{name}-{kind}");
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(WORKERS).driver(kind).name(&*name).observe(true).console(&path);
        let runtime = match builder.build() {
            Ok(runtime) => runtime,
            Err(error) if kind == DriverKind::Uring => {
                let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
                assert!(!is_required, "HEIST_REQUIRE_URING=1, yet io_uring is refused here: {error}");
                eprintln!("SKIPPED: io_uring is refused here: {error}");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let path = path.to_str().expect("UTF-8").to_owned();
        test(&Real { runtime, name, path, _directory: directory });
    }
}

impl Real {
    fn spawn(&self, name: &str, future: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        TaskBuilder::new().name(name).spawn_on(future, self.runtime.handle())
    }

    /// Keeps each worker in a poll of a task `stuck-N`.
    fn stick(&self) -> Stuck {
        let stick = |index| {
            let (hold, held) = mpsc::channel::<()>();
            let (begin, begun) = mpsc::channel();
            let poll = async move {
                begin.send(()).expect("the test waits");
                let _ = held.recv();
            };
            drop(self.spawn(&format!("stuck-{index}"), poll));
            begun.recv().expect("a worker runs it");
            hold
        };
        Stuck { _holds: (0..WORKERS).map(stick).collect() }
    }

    /// A task `parent` that has spawned `child`, which is polled ten times.
    fn start_family(&self) {
        let (send, done) = oneshot::channel();
        let parent = async move {
            let child = async move {
                for _ in 0..9 {
                    yield_now().await;
                }
                send.send(()).expect("the test waits");
                pending::<()>().await;
            };
            drop(TaskBuilder::new().name("child").spawn(child));
            pending::<()>().await;
        };
        drop(self.spawn("parent", parent));
        self.runtime.block_on(done).expect("it does not panic");
    }

    /// Tasks `ledger` and `audit`, each of which has the lock that the other one waits for.
    fn start_deadlock(&self) -> [u64; 2] {
        let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let both = Arc::new(Barrier::new(2));
        let halves = [("ledger", left.clone(), right.clone()), ("audit", right, left)];
        let ids = halves.map(|(name, first, second)| {
            let both = both.clone();
            let half = async move {
                let _first = first.lock().await;
                both.wait().await;
                let _second = second.lock().await;
            };
            self.spawn(name, half).id().to_string().parse().expect("a number")
        });
        eventually("the deadlock is there", || {
            self.runtime.block_on(self.runtime.handle().dump()).deadlocks().len() == 1
        });
        ids
    }

    /// What the tool prints of this runtime, which it is to find by its path.
    #[track_caller]
    fn ask(&self, command: &str, options: &[&str]) -> String {
        heist(&[&[command, &self.path], options].concat()).success()
    }
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[track_caller]
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The rows of a table without spaces in its cells, by their headings.
fn rows(table: &str) -> Vec<HashMap<&str, &str>> {
    let mut lines = table.lines();
    let headings: Vec<&str> = lines.next().expect("headings").split_whitespace().collect();
    let row = |line: &'_ str| line.split_whitespace().count() == headings.len();
    lines
        .filter(|line| row(line))
        .map(|line| headings.iter().copied().zip(line.split_whitespace()).collect())
        .collect()
}

#[track_caller]
fn named<'a>(rows: &'a [HashMap<&'a str, &'a str>], name: &str) -> &'a HashMap<&'a str, &'a str> {
    rows.iter().find(|row| row["NAME"] == name).unwrap_or_else(|| panic!("no {name} in {rows:?}"))
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn ps_shows_what_the_tasks_have_done() {
    on_each_driver("ps", |real| {
        real.start_family();
        let _stuck = real.stick();
        let pid = std::process::id().to_string();
        let mut tables = vec![real.ask("ps", &[])];
        if cfg!(target_os = "linux") {
            // Other tests have runtimes in this process.
            tables.push(heist(&["ps", &pid, "--runtime", &real.name]).success());
            let programs = heist(&["ps"]).output;
            let programs = rows(&programs);
            let own = named(&programs, &real.name);
            assert_eq!((own["PID"], own["SOCKET"], own["OBSERVED"]), (&*pid, &*real.path, "yes"));
            assert_eq!((own["FLAVOR"], own["DRIVER"]), ("multi_thread", real.runtime.driver_name()));
        }
        for table in &tables {
            let rows = rows(table);
            assert_eq!(rows.len(), 2 + WORKERS, "{table}");
            let child = named(&rows, "child");
            assert_eq!(
                (child["KIND"], child["STATE"], child["POLLS"]),
                ("shared", "waiting", "10"),
                "{table}"
            );
            assert!(["0", "1"].contains(&child["WORKER"]), "{table}");
            assert!(child["LOCATION"].starts_with(file!()), "{table}");
            let parent = named(&rows, "parent");
            assert_eq!((parent["STATE"], parent["POLLS"], parent["MOVES"]), ("waiting", "1", "0"), "{table}");
            let stuck = [named(&rows, "stuck-0"), named(&rows, "stuck-1")];
            assert!(stuck.iter().all(|row| row["STATE"] == "running" && row["POLLS"] == "1"), "{table}");
            assert_ne!(stuck[0]["WORKER"], stuck[1]["WORKER"], "{table}");
        }
    });
}

#[test]
fn ps_sorts_by_the_time_in_polls() {
    on_each_driver("sort", |real| {
        let (send, spun) = oneshot::channel();
        drop(real.spawn("hot", async {
            spin(Duration::from_millis(50));
            send.send(()).expect("the test waits");
            pending::<()>().await;
        }));
        drop(real.spawn("idle", pending()));
        real.runtime.block_on(spun).expect("it does not panic");
        let _stuck = real.stick();
        let sorted = || objects(&real.ask("ps", &["--sort", "busy", "--json"]));
        let names = |lines: &[Value]| -> Vec<String> {
            lines.iter().map(|line| line["name"].as_str().expect("all have names").to_owned()).collect()
        };
        let hot = sorted().into_iter().find(|line| line["name"] == "hot").expect("it is alive");
        assert!(hot["busy_us"].as_u64() >= Some(50_000), "{hot}");
        // Their polls go on, and become longer than the one that is over. They began at nearly the
        // same time, and the service reads one after the other.
        eventually("the stuck ones lead", || {
            let names = names(&sorted());
            names[..2].iter().all(|name| name.starts_with("stuck-")) && names[2..] == ["hot", "idle"]
        });
        let table = real.ask("ps", &["--sort", "busy", "--limit", "3"]);
        assert!(table.ends_with("and 1 more; --limit 0 shows all\n"), "{table}");
        let last = rows(&table).last().map(|row| (row["NAME"].to_owned(), row["BUSY"].to_owned()));
        assert_eq!(last.as_ref().map(|(name, _)| &**name), Some("hot"), "{table}");
        assert!(last.is_some_and(|(_, busy)| busy.ends_with("ms")), "{table}");
    });
}

#[test]
fn pstree_shows_who_spawned_whom() {
    on_each_driver("family", |real| {
        real.start_family();
        let _stuck = real.stick();
        let tree = real.ask("pstree", &["--spawned"]);
        let lines: Vec<&str> = tree.lines().collect();
        let parent = lines.iter().position(|line| line.contains(" \"parent\" ")).expect("a line");
        assert!(lines[parent + 1].starts_with('\u{2514}'), "{tree}");
        assert!(lines[parent + 1].contains(" \"child\" "), "{tree}");
        // The test has spawned all others.
        assert_eq!(lines.iter().filter(|line| line.starts_with('\u{2514}')).count(), 1, "{tree}");
    });
}

#[test]
fn pstree_and_dump_name_a_deadlock() {
    on_each_driver("deadlock", |real| {
        let [ledger, audit] = real.start_deadlock();
        let _stuck = real.stick();
        let tree = real.ask("pstree", &[]);
        let pid = std::process::id();
        let heading = format!("process {pid}, runtime ");
        assert!(tree.starts_with(&heading), "{tree}");
        let circles = [(ledger, "ledger", audit, "audit"), (audit, "audit", ledger, "ledger")].map(
            |(first, name, second, other)| {
                format!(
                    "\ndeadlock: {first} \"{name}\" waits for {second} \"{other}\" waits for {first} \"{name}\"\n"
                )
            },
        );
        assert!(circles.iter().any(|circle| tree.contains(circle)), "{tree}");
        // Both, and the first one again below the second.
        assert_eq!(tree.lines().filter(|line| line.ends_with("[deadlock]")).count(), 3, "{tree}");
        let dump = real.ask("dump", &[]);
        assert!(dump.starts_with(&format!("{} tasks: {WORKERS} running, ", 2 + WORKERS)), "{dump}");
        assert!(dump.contains("\ndeadlock: task "), "{dump}");
        assert!(dump.contains(", which task "), "{dump}");
        let lines = objects(&real.ask("dump", &["--json"]));
        let end = &lines.last().expect("the end")["end"];
        let mut circle: Vec<u64> = serde_json::from_value(end["deadlocks"][0].clone()).expect("numbers");
        circle.sort_unstable();
        assert_eq!(circle, [ledger.min(audit), ledger.max(audit)]);
        assert_eq!(end["count"], lines.len() - 1);
    });
}

#[test]
fn stalls_has_the_polls_that_were_long_and_those_that_go_on() {
    on_each_driver("stalls", |real| {
        let is_over = |row: &HashMap<&str, &str>| row["NAME"] == "blocks" && row["STATE"] == "over";
        eventually("a poll that blocks is seen", || {
            // A machine that is busy otherwise may not have looked in time.
            let blocks = real.spawn("blocks", async { std::thread::sleep(Duration::from_millis(50)) });
            real.runtime.block_on(blocks).expect("it does not panic");
            rows(&real.ask("stalls", &[])).iter().any(is_over)
        });
        let _stuck = real.stick();
        eventually("those that go on are seen", || {
            let table = real.ask("stalls", &[]);
            let rows = rows(&table);
            let goes_on = |name: &str| {
                table.lines().any(|line| line.contains(&format!(" {name} ")) && line.contains(" goes on "))
            };
            let over = rows.iter().find(|row| is_over(row)).unwrap_or_else(|| panic!("{table}"));
            assert!(over["LOCATION"].starts_with(file!()), "{table}");
            assert!(["0", "1"].contains(&over["WORKER"]), "{table}");
            goes_on("stuck-0") && goes_on("stuck-1")
        });
        let lines = objects(&real.ask("stalls", &["--json"]));
        let over = lines.iter().find(|line| line["name"] == "blocks" && line["is_over"] == true);
        assert!(over.expect("it is kept")["duration_us"].as_u64() >= Some(50_000), "{lines:?}");
    });
}

/// The shares of the workers in the last screen of `top --plain`.
fn shares(screens: &str) -> Vec<f64> {
    let screen = &screens[screens.rfind("heist top: ").expect("a screen")..];
    let percents = |line: &'_ str| -> Vec<f64> {
        let words = line.split_whitespace().filter_map(|word| word.strip_suffix('%'));
        words.map(|word| word.parse().expect("a number")).collect()
    };
    screen.lines().filter(|line| line.contains('[')).flat_map(percents).collect()
}

const LOOKS: [&str; 5] = ["--plain", "--iterations", "2", "--interval", "300"];

/// Mutant: the busy time of a worker lacks the poll that goes on.
#[test]
fn top_shows_that_workers_which_are_stuck_are_busy() {
    on_each_driver("top", |real| {
        real.start_family();
        let _stuck = real.stick();
        let screens = real.ask("top", &LOOKS);
        assert_eq!(screens.matches("heist top: process ").count(), 2, "{screens}");
        assert!(screens.contains(&format!("\ntasks {}, injector ", 2 + WORKERS)), "{screens}");
        let shares = shares(&screens);
        assert_eq!(shares.len(), WORKERS, "{screens}");
        assert!(shares.iter().all(|share| *share >= 70.0), "{screens}");
        let stuck = screens.lines().rev().find(|line| line.contains(" stuck-1 ")).expect("a group");
        let words: Vec<&str> = stuck.split_whitespace().collect();
        assert_eq!(words[..4], ["1", "1", "0", "0"], "{screens}");
        assert!(words[4].trim_end_matches('%').parse::<f64>().expect("a share") >= 70.0, "{screens}");
    });
}

/// Mutant: `count_busy` counts nothing.
#[test]
fn top_shows_that_a_worker_which_never_sleeps_is_busy() {
    on_each_driver("awake", |real| {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let yields = real.spawn("yields", async move {
            begin.send(()).expect("the test waits");
            while stopped.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty) {
                yield_now().await;
            }
        });
        begun.recv().expect("a worker runs it");
        let screens = real.ask("top", &LOOKS);
        drop(stop);
        real.runtime.block_on(yields).expect("it does not panic");
        // The task may have moved to the other worker.
        let sum: f64 = shares(&screens).iter().sum();
        assert!(sum >= 70.0, "{screens}");
    });
}

#[test]
fn trace_writes_the_polls_of_each_worker_the_wakes_between_tasks_and_the_operations_of_rings() {
    on_each_driver("trace", |real| {
        let notify = Arc::new(heist::sync::Notify::new());
        let waits = Arc::clone(&notify);
        let woken = real.spawn("woken", async move {
            loop {
                waits.notified().await;
            }
        });
        let wakes = real.spawn("wakes", async move {
            loop {
                notify.notify_one();
                heist::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let directory = tempfile::tempdir().expect("a directory");
        let made = directory.path().join("made");
        let operates = real.spawn("operates", async move {
            loop {
                heist::fs::create_dir(&made).await.expect("there is none");
                heist::fs::remove_dir(&made).await.expect("it is there");
            }
        });
        let file = directory.path().join("trace.json");
        let output = file.to_str().expect("UTF-8");
        let said = real.ask("trace", &["--for", "200ms", "--output", output]);
        let is_said = |word| said.contains(word);
        assert!([" polls, ", " wakes and ", " operations of ", output].into_iter().all(is_said), "{said}");
        [woken, wakes, operates].iter().for_each(JoinHandle::abort);
        let trace: Value = serde_json::from_slice(&std::fs::read(&file).expect("it is there")).expect("JSON");
        let events = trace["traceEvents"].as_array().expect("events");
        let of = |phase: &str, name: &str| {
            events.iter().filter(|event| event["ph"] == phase && event["name"] == name).count()
        };
        assert!(of("X", "woken") > 1 && of("X", "wakes") > 1, "{said}");
        assert_eq!((of("M", "process_name"), of("M", "thread_name")), (1, WORKERS));
        assert!(of("s", "wake") > 1 && of("s", "wake") == of("f", "wake"), "{said}");
        let is_ring = real.runtime.driver_name() == "io_uring";
        for kind in ["create_dir", "remove"] {
            assert_eq!(of("b", kind) > 1, is_ring, "{said}");
            assert_eq!(of("b", kind), of("e", kind), "{said}");
        }
        let whole = objects(&real.ask("trace", &["--for", "1ms", "--json"]));
        assert!(whole.last().expect("the end")["end"]["length_ns"].as_u64() >= Some(1_000_000), "{whole:?}");
    });
}
