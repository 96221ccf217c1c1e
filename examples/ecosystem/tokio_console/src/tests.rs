//! What the console is sent, read by the client that it uses itself.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::task::{Poll, Waker};
use std::time::Duration;

use console_api::async_ops::AsyncOp;
use console_api::field::{Name, Value};
use console_api::instrument::InstrumentRequest;
use console_api::instrument::instrument_client::InstrumentClient;
use console_api::resources::Resource;
use console_api::resources::resource::kind::{Kind, Known};
use console_api::tasks::{Stats, Task};
use console_subscriber::ConsoleLayer;
use heist::runtime::{Builder, DriverKind, Runtime};
use heist::sync::mpsc;
use heist::task::{AbortOnDropHandle, TaskBuilder};

/// After so long without the expected update the server has lost something.
const PATIENCE: Duration = Duration::from_secs(120);
const HOUR: Duration = Duration::from_secs(3600);
const YIELDS_COUNT: u64 = 10;
const WAKES_COUNT: u64 = 3;

/// All that the console knows of the tasks.
#[derive(Default)]
struct Console {
    tasks: HashMap<u64, Task>,
    stats: HashMap<u64, Stats>,
    resources: Vec<Resource>,
    operations: Vec<AsyncOp>,
    /// The task that polls each operation.
    pollers: HashMap<u64, u64>,
    dropped_events_count: u64,
}

/// A task as the console shows it.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    kind: String,
    line: u32,
    polls: u64,
    wakes: u64,
    self_wakes: u64,
    wakers_alive: u64,
    is_alive: bool,
}

impl Console {
    /// The tasks with this name, if the console knows so many and their statistics.
    fn rows(&self, name: &str) -> Vec<Row> {
        let named = self.tasks.iter().filter(|(_, task)| field(task, "task.name") == name);
        let mut rows: Vec<Row> = named.filter_map(|(id, task)| row(task, self.stats.get(id)?)).collect();
        rows.sort_by_key(|row| row.line);
        rows
    }

    /// The names of the tasks that sleep, or have slept, in a sleep of this line.
    fn sleepers(&self, line: u32) -> Vec<String> {
        let is_wanted = |resource: &&Resource| {
            let kind = resource.kind.as_ref().and_then(|kind| kind.kind.as_ref());
            resource.concrete_type == "Sleep"
                && kind == Some(&Kind::Known(Known::Timer as i32))
                && resource.location.as_ref().is_some_and(|location| location.line == Some(line))
        };
        let sleeper = |resource: &Resource| {
            let is_of_it = |op: &&AsyncOp| op.resource_id == resource.id && op.source == "Sleep::new_timeout";
            let operation = self.operations.iter().find(is_of_it)?.id?.id;
            Some(field(self.tasks.get(self.pollers.get(&operation)?)?, "task.name"))
        };
        self.resources.iter().filter(is_wanted).filter_map(sleeper).collect()
    }
}

fn field(task: &Task, wanted: &str) -> String {
    let is_wanted = |name: &Option<Name>| matches!(name, Some(Name::StrName(name)) if name == wanted);
    let found = task.fields.iter().find(|field| is_wanted(&field.name));
    match found.and_then(|field| field.value.clone()) {
        Some(Value::DebugVal(text) | Value::StrVal(text)) => text,
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

fn row(task: &Task, stats: &Stats) -> Option<Row> {
    let location = task.location.as_ref()?;
    assert_eq!(location.file.as_deref(), Some(file!()), "{task:?}");
    Some(Row {
        kind: field(task, "kind"),
        line: location.line?,
        polls: stats.poll_stats.as_ref()?.polls,
        wakes: stats.wakes,
        self_wakes: stats.self_wakes,
        wakers_alive: stats.waker_clones.saturating_sub(stats.waker_drops),
        is_alive: stats.dropped_at.is_none(),
    })
}

/// Follows the server until `is_complete`.
async fn watch(address: SocketAddr, is_complete: impl Fn(&Console) -> bool) -> Console {
    let mut client = loop {
        match InstrumentClient::connect(format!("http://{address}")).await {
            Ok(client) => break client,
            // The thread of the server has not come so far.
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let answer = client.watch_updates(InstrumentRequest {}).await.expect("it is served");
    let (mut updates, mut console) = (answer.into_inner(), Console::default());
    while !is_complete(&console) {
        let update = updates.message().await.expect("no error").expect("it does not end");
        if let Some(tasks) = update.task_update {
            console.tasks.extend(tasks.new_tasks.into_iter().filter_map(|task| Some((task.id?.id, task))));
            console.stats.extend(tasks.stats_update);
            console.dropped_events_count += tasks.dropped_events;
        }
        if let Some(resources) = update.resource_update {
            console.resources.extend(resources.new_resources);
        }
        if let Some(operations) = update.async_op_update {
            console.operations.extend(operations.new_async_ops);
            let polled =
                operations.stats_update.into_iter().filter_map(|(id, stats)| Some((id, stats.task_id?.id)));
            console.pollers.extend(polled);
        }
    }
    console
}

/// A future that is pending so many times, and sends a waker each time.
async fn send_wakers(sender: mpsc::UnboundedSender<Waker>) {
    let mut left = WAKES_COUNT;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        sender.send(cx.waker().clone()).expect("somebody receives");
        Poll::Pending
    })
    .await;
}

const SLEEP_LINE: u32 = line!() + 4;
/// Sends once, and sleeps in the line that is named above.
async fn send_and_sleep(sender: mpsc::UnboundedSender<()>) {
    sender.send(()).expect("somebody receives");
    heist::time::sleep(HOUR).await;
}

/// Runs tasks of which everything is known. Returns what the console should show, by line, and the
/// one task that is still alive.
async fn run(name: &str) -> (Vec<Row>, AbortOnDropHandle<()>) {
    let named = TaskBuilder::new().name(name);
    let row = |kind: &str, line| Row {
        kind: kind.to_owned(),
        line,
        polls: 1,
        wakes: 0,
        self_wakes: 0,
        wakers_alive: 0,
        is_alive: false,
    };

    let line = line!() + 1;
    let yielding = named.spawn(async {
        for _ in 0..YIELDS_COUNT {
            heist::task::yield_now().await;
        }
    });
    let (polls, wakes, self_wakes) = (YIELDS_COUNT + 1, YIELDS_COUNT, YIELDS_COUNT);
    let mut expected = vec![Row { polls, wakes, self_wakes, ..row("task", line) }];

    let (sender, mut wakers) = mpsc::unbounded_channel();
    let line = line!() + 1;
    let woken = named.spawn(send_wakers(sender));
    expected.push(Row { polls: WAKES_COUNT + 1, wakes: WAKES_COUNT, ..row("task", line) });
    while let Some(waker) = wakers.recv().await {
        waker.wake();
    }

    let line = line!() + 1;
    let closure = named.spawn_blocking(|| ());
    expected.push(row("blocking", line));

    let (sender, mut is_polled) = mpsc::unbounded_channel();
    let line = line!() + 1;
    let aborted = named.spawn(send_and_sleep(sender.clone()));
    expected.push(row("task", line));
    is_polled.recv().await.expect("the sender is alive");
    aborted.abort();

    let line = line!() + 1;
    let alive = named.spawn(send_and_sleep(sender));
    // Its timer has a waker.
    expected.push(Row { is_alive: true, wakers_alive: 1, ..row("task", line) });
    is_polled.recv().await.expect("the sender is alive");

    yielding.await.expect("no panic");
    woken.await.expect("no panic");
    closure.await.expect("no panic");
    assert!(aborted.await.expect_err("it was aborted").is_cancelled());
    (expected, AbortOnDropHandle::new(alive))
}

/// Both flavors on each driver that this machine has.
fn runtimes() -> Vec<Runtime> {
    let mut runtimes = Vec::new();
    for kind in [DriverKind::Uring, DriverKind::Poll] {
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            match builder.driver(kind).build() {
                Ok(runtime) => runtimes.push(runtime),
                Err(error) if kind == DriverKind::Uring => {
                    let is_required = std::env::var("HEIST_REQUIRE_URING").is_ok_and(|value| value == "1");
                    assert!(!is_required, "io_uring is refused here: {error}");
                    eprintln!("SKIPPED: io_uring refused here: {error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    runtimes
}

/// An address where nobody listens, and where nobody is likely to listen soon.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it is bound")
}

#[test]
#[cfg_attr(not(console_without_tokio_unstable), ignore = "needs a flag: run ci/tokio_console.sh")]
fn the_console_is_sent_what_tasks_do() {
    let address = free_address();
    let console = ConsoleLayer::builder().server_addr(address).publish_interval(Duration::from_millis(20));
    crate::install(console).expect("the flag is set");
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (number, runtime) in runtimes().into_iter().enumerate() {
        let name = format!("of runtime {number}");
        let (expected, alive) = runtime.block_on(run(&name));
        let is_complete = |console: &Console| {
            let rows = console.rows(&name);
            // Of the one that is alive the poll may not be over.
            let has_waker = rows.iter().any(|row| row.is_alive && row.wakers_alive == 1);
            rows.len() == expected.len() && has_waker && console.sleepers(SLEEP_LINE).contains(&name)
        };
        let watched = client.block_on(async {
            tokio::time::timeout(PATIENCE, watch(address, is_complete)).await.expect("it is sent")
        });
        assert_eq!(watched.rows(&name), expected);
        assert_eq!(watched.dropped_events_count, 0);
        assert!(watched.tasks.values().any(|task| field(task, "kind") == "block_on"));
        drop(alive);
    }
}
