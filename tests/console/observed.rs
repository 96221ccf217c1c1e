//! The counts and times of tasks, in runtimes that are observed, and none of them in others.

use std::future::{pending, poll_fn};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use heist::runtime::{Handle, Runtime, worker_index};
use heist::sync::oneshot;
use heist::task::{TaskBuilder, yield_now};
use serde_json::{Value, json};

use crate::support::eventually;
use crate::{Client, on_each_built};

const FIELDS: [&str; 8] =
    ["parent", "polls", "busy_us", "scheduled_us", "idle_us", "age_ms", "worker", "moves"];

const TIME: Duration = Duration::from_millis(30);

fn on_each_observed(test: impl Fn(&Runtime, &Path) + Sync) {
    on_each_built(
        |builder| {
            builder.observe(true);
        },
        test,
    );
}

fn number(task: &Value, field: &str) -> u64 {
    task[field].as_u64().unwrap_or_else(|| panic!("no number {field}: {task}"))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap()
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Mutants in `add_stats`: another parent, one poll more, the age as the idle time.
#[test]
fn a_task_that_is_observed_has_its_parent_its_polls_and_its_times() {
    on_each_observed(|runtime, path| {
        let (send, slept) = oneshot::channel();
        let parent = TaskBuilder::new().name("parent").spawn_on(
            async move {
                let child = async move {
                    spin(TIME);
                    for _ in 0..8 {
                        yield_now().await;
                    }
                    heist::time::sleep(TIME).await;
                    send.send(()).expect("the test waits");
                    pending::<()>().await;
                };
                drop(TaskBuilder::new().name("child").spawn(child));
                pending::<()>().await;
            },
            runtime.handle(),
        );
        Handle::block_on(runtime.handle(), slept).expect("it does not panic");
        let mut client = Client::connect(path);
        assert_eq!(client.greeting["observed"], true);
        let waiting = |task: &Value| task["activity"] == "waiting";
        let child = client.task_when("tasks", "child", waiting);
        assert_eq!(child["parent"], json!(parent.id().to_string().parse::<u64>().unwrap()), "{child}");
        // The first one, one after each of the eight yields, and the one after the sleep.
        assert_eq!(child["polls"], 10, "{child}");
        let of = |field| number(&child, field);
        assert!(of("busy_us") >= micros(TIME) && of("idle_us") >= micros(TIME) / 2, "{child}");
        let sum = of("busy_us") + of("scheduled_us") + of("idle_us");
        // The age has no fractions of its unit.
        assert!(sum <= (of("age_ms") + 1) * 1000, "{child}");
        assert!(of("age_ms") >= 60, "{child}");
        assert!(of("worker") < runtime.workers() as u64, "{child}");
        let first = client.task_when("tasks", "parent", waiting);
        assert_eq!((&first["parent"], &first["polls"]), (&Value::Null, &json!(1)), "{first}");
        // A dump has the same fields, and polls each task once to ask, and once more after that.
        let answer = client.ask("dump");
        let dumped = answer.named("child").expect("it is alive");
        assert_eq!(dumped["parent"], child["parent"]);
        assert!(FIELDS.iter().all(|field| dumped.get(field).is_some()), "{dumped}");
        eventually("the polls of the dump are counted", || {
            let answer = Client::connect(path).ask("tasks");
            let polls = number(answer.named("child").unwrap(), "polls");
            assert!((10..=12).contains(&polls), "{polls}");
            polls > 10
        });
        parent.abort();
    });
}

/// Writes down which worker polls it, or none if that is a stand-in, until it has moved twice, or
/// `polls_max` times. Each time it leaves work for another worker to take.
async fn wander(polls_max: usize, seen: Arc<Mutex<Vec<Option<usize>>>>) {
    poll_fn(|cx| {
        let mut seen = seen.lock().unwrap();
        seen.push(worker_index());
        if moves(&seen) >= 2 || seen.len() >= polls_max {
            return Poll::Ready(());
        }
        drop(heist::spawn(async { spin(Duration::from_millis(1)) }));
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn moves(seen: &[Option<usize>]) -> usize {
    let workers: Vec<usize> = seen.iter().flatten().copied().collect();
    workers.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Mutants in `add_stats`: the polls as the moves, always the first worker.
#[test]
fn the_worker_of_a_task_is_the_one_that_polled_it_last_and_its_moves_are_counted() {
    on_each_observed(|runtime, path| {
        let has_one_worker = runtime.workers() == 1;
        let polls_max = if has_one_worker { 20 } else { usize::MAX };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let theirs = seen.clone();
        let wanders = async move {
            wander(polls_max, theirs).await;
            pending::<()>().await;
        };
        let task = TaskBuilder::new().name("wanders").spawn_on(wanders, runtime.handle());
        let mut client = Client::connect(path);
        let line = client.task_when("tasks", "wanders", |task| task["activity"] == "waiting");
        let seen = seen.lock().unwrap();
        assert_eq!(number(&line, "polls"), seen.len() as u64, "{line}");
        assert_eq!(number(&line, "moves"), moves(&seen) as u64, "{line}");
        let last = seen.iter().flatten().next_back().expect("workers have polled it");
        assert_eq!(number(&line, "worker"), *last as u64, "{line}");
        assert_eq!(moves(&seen), if has_one_worker { 0 } else { 2 });
        task.abort();
    });
}

/// Mutant: `Record::stats` leaves out the poll that goes on.
#[test]
fn the_busy_time_of_a_task_grows_while_its_poll_goes_on() {
    on_each_observed(|runtime, path| {
        let gate = crate::Opener(crate::support::Gate::default());
        let opened = gate.0.clone();
        let task = TaskBuilder::new().name("stuck").spawn_on(async move { opened.wait() }, runtime.handle());
        let mut client = Client::connect(path);
        let running = |task: &Value| task["activity"] == "running";
        let first = client.task_when("tasks", "stuck", running);
        let later = client.task_when("tasks", "stuck", |task| {
            number(task, "busy_us") >= number(&first, "busy_us") + micros(TIME)
        });
        assert_eq!((&later["polls"], &later["activity"]), (&json!(1), &json!("running")), "{later}");
        gate.open();
        Handle::block_on(runtime.handle(), task).expect("it does not panic");
    });
}

#[test]
fn without_observation_no_line_has_counts_or_times() {
    on_each_built(
        |builder| {
            builder.observe(false);
        },
        |runtime, path| {
            let task = TaskBuilder::new().name("plain").spawn_on(pending::<()>(), runtime.handle());
            let mut client = Client::connect(path);
            assert_eq!(client.greeting["observed"], false);
            for request in ["tasks", "dump"] {
                let line = client.task_when(request, "plain", |task| task["activity"] == "waiting");
                assert!(FIELDS.iter().all(|field| line.get(field).is_none()), "{line}");
            }
            task.abort();
        },
    );
}
