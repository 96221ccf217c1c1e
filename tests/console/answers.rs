//! Each request, against programs whose truth is known.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use heist::runtime::{Handle, RuntimeFlavor};
use heist::sync::{Barrier, Mutex};
use heist::task::TaskBuilder;
use serde_json::{Value, json};

use crate::support::{Counter, Gate};
use crate::{Client, Opener, on_each};

#[test]
fn the_greeting_names_the_process_and_the_runtime() {
    on_each(|runtime, path| {
        let first = Client::connect(path).greeting;
        let handle = runtime.handle();
        let flavor = match handle.runtime_flavor() {
            RuntimeFlavor::CurrentThread => "current_thread",
            _ => "multi_thread",
        };
        assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(first["pid"], std::process::id());
        assert_eq!(first["observed"], false);
        let id: u64 = handle.id().to_string().parse().unwrap();
        let expected = json!({
            "id": id, "name": "main", "flavor": flavor, "driver": runtime.driver_name(),
            "workers": runtime.workers(),
        });
        assert_eq!(first["runtime"], expected);
        let uptime = |greeting: &Value| greeting["uptime_ms"].as_u64().unwrap();
        crate::support::eventually("time passes", || {
            uptime(&Client::connect(path).greeting) > uptime(&first)
        });
    });
}

#[test]
fn tasks_are_listed_with_name_kind_place_and_activity() {
    on_each(|runtime, path| {
        let gate = Gate::default();
        let (opened, waits) = (gate.clone(), gate.clone());
        let gate = Opener(gate);
        let handle = runtime.handle().clone();
        let line = line!() + 2;
        let ids = runtime.spawn(async move {
            let shared = TaskBuilder::new().name("shared one").spawn(pending::<()>());
            let local = TaskBuilder::new().name("local one").spawn_local(pending::<()>());
            let blocking = handle.spawn_blocking(move || opened.wait());
            drop(handle.spawn_blocking(move || waits.wait()));
            [shared.id(), local.id(), blocking.id()].map(|id| id.to_string().parse::<u64>().unwrap())
        });
        let mut client = Client::connect(path);
        let waiting = |task: &Value| task["activity"] == "waiting";
        let shared = client.task_when("tasks", "shared one", waiting);
        let local = client.task_when("tasks", "local one", waiting);
        let ids = Handle::block_on(runtime.handle(), ids).unwrap();
        assert_eq!((&shared["id"], &local["id"]), (&json!(ids[0]), &json!(ids[1])));
        assert_eq!((&shared["kind"], &local["kind"]), (&json!("shared"), &json!("local")));
        assert_eq!(shared["location"]["file"], file!());
        assert_eq!(shared["location"]["line"], line);
        assert!(shared["location"]["column"].as_u64().unwrap() > 0);
        assert!(shared.get("reasons").is_none(), "{shared}");
        crate::support::eventually("the first closure runs and the second one waits", || {
            let answer = Client::connect(path).ask("tasks");
            assert_eq!(answer.count(), answer.lines.len() as u64);
            let of = |activity: &str| {
                let is_one = |task: &&Value| task["kind"] == "blocking" && task["activity"] == activity;
                answer.lines.iter().filter(is_one).count()
            };
            // The task that has spawned them is over.
            answer.lines.len() == 4 && (of("running"), of("runnable")) == (1, 1)
        });
        gate.open();
    });
}

/// Mutant: `Question::Reasons` in `presence`.
#[test]
fn a_list_polls_no_task_and_a_dump_does() {
    on_each(|runtime, path| {
        let polls = Counter::default();
        let counted = polls.clone();
        let watched = poll_fn(move |_| {
            counted.bump();
            Poll::<()>::Pending
        });
        let task = TaskBuilder::new().name("counted").spawn_on(watched, runtime.handle());
        let mut client = Client::connect(path);
        client.task_when("tasks", "counted", |task| task["activity"] == "waiting");
        for _ in 0..100 {
            client.ask("tasks");
        }
        assert_eq!(polls.get(), 1);
        client.ask("dump");
        assert_eq!(polls.get(), 2);
        task.abort();
    });
}

#[test]
fn a_dump_has_reasons_with_the_tasks_that_are_awaited() {
    on_each(|runtime, path| {
        let mutex = Arc::new(Mutex::new(()));
        let (held, wanted) = (mutex.clone(), mutex);
        let holds = async move {
            let _held = held.lock().await;
            heist::time::sleep(Duration::from_secs(3600)).await;
        };
        let holder = TaskBuilder::new().name("holder").spawn_on(holds, runtime.handle());
        let mut client = Client::connect(path);
        let has_reason = |task: &Value| task["reasons"].as_array().is_some_and(|reasons| reasons.len() == 1);
        let nap = client.task_when("dump", "holder", has_reason);
        let text = nap["reasons"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("for a timer, due in 3"), "{text}");
        assert_eq!(nap["reasons"][0]["awaits"], Value::Null);
        let wants = async move { drop(wanted.lock().await) };
        let waiter = TaskBuilder::new().name("waiter").spawn_on(wants, runtime.handle());
        let stuck = client.task_when("dump", "waiter", has_reason);
        assert_eq!(stuck["reasons"][0]["awaits"], nap["id"]);
        let text = stuck["reasons"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("for Mutex 0x"), "{text}");
        assert!(text.ends_with(&format!(", which task {} has", holder.id())), "{text}");
        let joins = async move { drop(waiter.await) };
        drop(TaskBuilder::new().name("joiner").spawn_on(joins, runtime.handle()));
        let joins = client.task_when("dump", "joiner", has_reason);
        assert_eq!(joins["reasons"][0]["awaits"], stuck["id"]);
        assert_eq!(client.ask("dump").end, json!({"count": 3, "deadlocks": []}));
    });
}

#[test]
fn deadlocks_stand_at_the_end_of_a_dump_and_in_the_text() {
    on_each(|runtime, path| {
        let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let both = Arc::new(Barrier::new(2));
        let mut ids: Vec<u64> = [(left.clone(), right.clone()), (right, left)]
            .map(|(first, second)| {
                let both = both.clone();
                let task = runtime.spawn(async move {
                    let _first = first.lock().await;
                    both.wait().await;
                    let _second = second.lock().await;
                });
                task.id().to_string().parse().unwrap()
            })
            .into();
        ids.sort_unstable();
        crate::support::eventually("the deadlock is found", || {
            let end = Client::connect(path).ask("dump").end;
            end == json!({"count": 2, "deadlocks": [ids]})
        });
        let deadlock = format!("deadlock: task {0} waits for task {1} waits for task {0}", ids[0], ids[1]);
        crate::support::eventually("the text has it", || {
            let answer = Client::connect(path).ask("text");
            assert_eq!((answer.lines.len(), &answer.end), (1, &json!({})));
            let text = answer.lines[0]["text"].as_str().unwrap();
            text.starts_with("2 tasks: ") && text.contains(&deadlock)
        });
    });
}

#[test]
fn metrics_are_those_of_the_runtime() {
    on_each(|runtime, path| {
        let gate = Gate::default();
        for _ in 0..3 {
            let gate = gate.clone();
            drop(runtime.spawn_blocking(move || gate.wait()));
        }
        let gate = Opener(gate);
        let busy = runtime.spawn(async {
            for _ in 0..100 {
                heist::task::yield_now().await;
            }
            pending::<()>().await;
        });
        let polls = |answer: &Value| -> u64 {
            let workers = answer["workers"].as_array().unwrap();
            assert_eq!(workers.len(), runtime.workers());
            for (index, worker) in workers.iter().enumerate() {
                assert_eq!(worker["index"], index);
                for field in ["steals", "parks", "busy_us", "queue_depth"] {
                    assert!(worker[field].is_u64(), "{worker}");
                }
            }
            workers.iter().map(|worker| worker["polls"].as_u64().unwrap()).sum()
        };
        let mut client = Client::connect(path);
        let start = std::time::Instant::now();
        let (metrics, first) = loop {
            let answer = client.ask("metrics");
            assert_eq!(answer.lines.len(), 1);
            let metrics = answer.lines[0]["metrics"].clone();
            if polls(&metrics) >= 101 && metrics["blocking_queue_depth"] == 2 {
                break (metrics, answer.end);
            }
            assert!(start.elapsed() < crate::support::PATIENCE / 2, "waited in vain: {metrics}");
        };
        assert_eq!(
            (&metrics["live_tasks"], &metrics["blocking_threads"]),
            (&json!(1), &json!(1)),
            "{metrics}"
        );
        for field in ["injector_depth", "slow_polls", "stalls"] {
            assert!(metrics[field].is_u64(), "{metrics}");
        }
        let now = |end: &Value| end["now_us"].as_u64().unwrap();
        assert!(now(&client.ask("metrics").end) > now(&first));
        gate.open();
        busy.abort();
    });
}

#[test]
fn a_hundred_thousand_tasks_are_listed_each_once() {
    on_each(|runtime, path| {
        const COUNT: usize = 100_000;
        let handle = runtime.handle().clone();
        let spawned = runtime.spawn(async move {
            for _ in 0..COUNT {
                drop(handle.spawn(pending::<()>()));
            }
        });
        Handle::block_on(runtime.handle(), spawned).unwrap();
        let mut client = Client::connect(path);
        for request in ["tasks", "dump"] {
            let answer = client.ask(request);
            assert_eq!((answer.lines.len(), answer.count()), (COUNT, COUNT as u64));
            let mut ids: Vec<u64> = answer.lines.iter().map(|line| line["id"].as_u64().unwrap()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), COUNT);
        }
    });
}
