//! A subscriber that writes down what it is told.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::{self, ThreadId};

use heist::task::Id as TaskId;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// What happened to a span, in order, with the thread.
type History = Vec<(&'static str, ThreadId)>;

/// A span, and what was recorded of it.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) number: u64,
    pub(crate) is_root: bool,
    /// The span that it was made in.
    pub(crate) parent: Option<u64>,
    /// Each value begins with the type that it was recorded with.
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) history: History,
    /// Events of resources in it: the target and the fields.
    pub(crate) events: Vec<(&'static str, BTreeMap<&'static str, String>)>,
    handles_count: usize,
}

impl Recorded {
    /// What happened, without the threads.
    pub(crate) fn steps(&self) -> Vec<&'static str> {
        self.history.iter().map(|(step, _)| *step).collect()
    }
}

thread_local! {
    /// The spans that this thread is in, outermost first.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

static SPANS: Mutex<Option<HashMap<u64, Recorded>>> = Mutex::new(None);

fn with_spans<R>(f: impl FnOnce(&mut HashMap<u64, Recorded>) -> R) -> R {
    let mut spans: MutexGuard<'_, _> = SPANS.lock().unwrap_or_else(PoisonError::into_inner);
    f(spans.get_or_insert_with(HashMap::new))
}

/// Records every span of this process from the first call on.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Recorder).expect("nobody else sets one"));
}

/// The spans that `wanted` accepts.
pub(crate) fn find(wanted: impl Fn(&Recorded) -> bool) -> Vec<Recorded> {
    with_spans(|spans| spans.values().filter(|span| wanted(span)).cloned().collect())
}

/// The span of a task.
pub(crate) fn of_task(task: TaskId) -> Option<Recorded> {
    let number = format!("u64:{task}");
    find(|span| span.name == "runtime.spawn" && span.fields.get("task.id") == Some(&number)).pop()
}

/// What happened to the span of a task.
pub(crate) fn steps(task: TaskId) -> Vec<&'static str> {
    of_task(task).expect("the task has a span").steps()
}

struct Recorder;

impl Recorder {
    fn note(id: &Id, step: &'static str) {
        with_spans(|spans| {
            if let Some(span) = spans.get_mut(&id.into_u64()) {
                span.history.push((step, thread::current().id()));
            }
        });
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        with_spans(|spans| {
            let number = spans.len() as u64 + 1;
            let recorded = Recorded {
                name: metadata.name(),
                target: metadata.target(),
                number,
                is_root: attributes.is_root(),
                parent: ENTERED.with_borrow(|entered| entered.last().copied()),
                fields: fields.0,
                history: vec![("new", thread::current().id())],
                events: Vec::new(),
                handles_count: 1,
            };
            spans.insert(number, recorded);
            Id::from_u64(number)
        })
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let target = event.metadata().target();
        if target.starts_with("runtime::resource::") {
            let entered =
                ENTERED.with_borrow(|entered| entered.last().copied()).expect("it is within a span");
            with_spans(|spans| {
                let span = spans.get_mut(&entered).expect("it was made before");
                span.events.push((target, fields.0));
            });
            return;
        }
        if target != "tokio::task::waker" {
            return;
        }
        assert_eq!(fields.0.len(), 2, "{fields:?}");
        let id = fields.0["task.id"].strip_prefix("u64:").and_then(|number| number.parse().ok());
        let step = match fields.0["op"].as_str() {
            "str:waker.clone" => "clone",
            "str:waker.wake" => "wake",
            "str:waker.wake_by_ref" => "wake_by_ref",
            "str:waker.drop" => "drop",
            other => panic!("unknown {other}"),
        };
        Recorder::note(&Id::from_u64(id.expect("a number")), step);
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
        Recorder::note(span, "enter");
    }

    fn exit(&self, span: &Id) {
        Recorder::note(span, "exit");
        let last = ENTERED.with_borrow_mut(Vec::pop);
        assert_eq!(last, Some(span.into_u64()), "spans are left in the order in which they stand");
    }

    fn clone_span(&self, id: &Id) -> Id {
        with_spans(|spans| {
            if let Some(span) = spans.get_mut(&id.into_u64()) {
                span.handles_count += 1;
            }
        });
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let is_closed = with_spans(|spans| {
            spans.get_mut(&id.into_u64()).is_some_and(|span| {
                span.handles_count -= 1;
                span.handles_count == 0
            })
        });
        if is_closed {
            Recorder::note(&id, "close");
        }
        is_closed
    }
}

#[derive(Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("debug:{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), format!("str:{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), format!("bool:{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), format!("u64:{value}"));
    }
}
