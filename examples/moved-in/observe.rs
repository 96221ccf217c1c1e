//! tracing across awaits, and console-subscriber: spans stay with their tasks, and a console that connects over gRPC
//! (on a Unix socket) sees the tasks, those of its own server among them.
//!
//! tokio reports its tasks to the console with its feature `tracing`, for which console-subscriber asks, and only in its
//! unstable part (`--cfg tokio_unstable`). Here the feature is enough.
//!
//! ```text
//! $ cargo run --bin observe
//! driver: io_uring
//! 400 events of 20 tasks, each in the span of its own task
//! the console sees 5 tasks that wait, each polled once
//! ```

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use console_api::instrument::InstrumentRequest;
use console_api::instrument::instrument_client::InstrumentClient;
use console_subscriber::ConsoleLayer;
use moved_in::{Failure, check, soon};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::Endpoint;
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Subscriber, info, info_span, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Tasks of one place that the console is to see.
const TASKS_COUNT: usize = 5;

/// The number that a span or an event carries.
struct Number(u64);

impl Visit for Number {
    fn record_u64(&mut self, _field: &Field, value: u64) {
        self.0 = value;
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn Debug) {}
}

/// Notes for each event of this program the number of its span beside its own.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(u64, u64)>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut number = Number(u64::MAX);
        attributes.record(&mut number);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(number);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "observe" {
            return;
        }
        let mut number = Number(u64::MAX);
        event.record(&mut number);
        let of_span = context.event_span(event).and_then(|span| Some(span.extensions().get::<Number>()?.0));
        self.0.lock().unwrap().push((of_span.unwrap_or(u64::MAX), number.0));
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("console");
    let console = ConsoleLayer::builder()
        .server_addr(socket.clone())
        .publish_interval(Duration::from_millis(20))
        .build();
    let (layer, server) = console;
    let notes = Notes::default();
    tracing_subscriber::registry().with(layer).with(notes.clone()).try_init()?;
    let serving = tokio::spawn(server.serve());
    spans(&notes).await?;
    tokio::select! {
        seen = seen_by_console(&socket) => seen,
        end = serving => Err(format!("the console's server ended: {end:?}").into()),
    }
}

async fn spans(notes: &Notes) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for number in 0..20_u64 {
        let work = async move {
            for _ in 0..20 {
                tokio::task::yield_now().await;
                info!(target: "observe", number);
            }
        };
        tasks.spawn(work.instrument(info_span!("work", number)));
    }
    soon("the tasks", tasks.join_all()).await?;
    let notes = notes.0.lock().unwrap();
    check!(notes.len() == 400, "{} events", notes.len());
    check!(notes.iter().all(|(of_span, number)| of_span == number), "an event in another task's span");
    println!("400 events of 20 tasks, each in the span of its own task");
    Ok(())
}

async fn seen_by_console(socket: &Path) -> Result<(), Failure> {
    let (_alive, end) = watch::channel(());
    let wait = |mut end: watch::Receiver<()>| async move { _ = end.changed().await };
    let line = line!() + 1;
    (0..TASKS_COUNT).for_each(|_| drop(tokio::spawn(wait(end.clone()))));
    let endpoint = Endpoint::from_shared(format!("unix:{}", socket.display()))?;
    let connecting = async {
        loop {
            match endpoint.connect().await {
                Ok(channel) => return channel,
                // The server has not bound its socket yet.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    let mut client = InstrumentClient::new(soon("the console's server", connecting).await?);
    let mut updates = soon("the console", client.watch_updates(InstrumentRequest {})).await??.into_inner();
    let (mut seen, mut polls) = (HashSet::new(), HashMap::new());
    while seen.len() < TASKS_COUNT || seen.iter().any(|id| polls.get(id) != Some(&1)) {
        let update = soon("an update", updates.message()).await??.ok_or("the updates ended")?;
        let Some(tasks) = update.task_update else { continue };
        for task in tasks.new_tasks {
            let location = task.location.ok_or("a task without a location")?;
            if location.file.as_deref() == Some(file!()) && location.line == Some(line) {
                seen.insert(task.id.ok_or("a task without an id")?.id);
            }
        }
        for (id, stats) in tasks.stats_update {
            polls.insert(id, stats.poll_stats.map_or(0, |stats| stats.polls));
        }
        check!(seen.len() <= TASKS_COUNT, "the console sees {} tasks", seen.len());
    }
    println!("the console sees {TASKS_COUNT} tasks that wait, each polled once");
    Ok(())
}
