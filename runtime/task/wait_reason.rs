//! What a task waits for, as a dump reports it.

use std::fmt;
use std::time::Instant;

use super::id::Id;

/// What a task waits for, in a [`Dump`](crate::runtime::Dump).
///
/// # Examples
/// ```
/// use heist::runtime::WaitReason;
///
/// # #[heist::main]
/// # async fn main() {
/// let worker = heist::spawn(std::future::pending::<()>());
/// let id = worker.id();
/// let boss = heist::spawn(async move { worker.await.is_ok() });
/// let reasons = loop {
///     let dump = heist::runtime::Handle::current().dump().await;
///     let reasons = dump.task(boss.id()).expect("it is alive").reasons().to_vec();
///     if !reasons.is_empty() {
///         break reasons;
///     }
/// };
/// assert!(matches!(reasons[..], [WaitReason::Task { id: awaited }] if awaited == id));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// A socket, a pipe or another descriptor is to become ready.
    Readiness {
        /// `"read"` or `"write"`.
        operation: &'static str,
        /// What it is, for example `TCP 127.0.0.1:8080 -> 127.0.0.1:40000`.
        object: String,
    },
    /// The system is to carry out an operation, for example on a file.
    Operation {
        /// For example `"read"` or `"open"`.
        operation: &'static str,
        /// What is known of the file: a path, or its descriptor. It may be empty.
        object: String,
    },
    /// A deadline of a sleep, a time-out or an interval.
    Timer {
        /// When it is over, by the clock of the system: a paused clock counts as it moves.
        deadline: Instant,
    },
    /// Another task is to end, which its [`JoinHandle`](crate::task::JoinHandle) waits for.
    Task {
        /// The other task.
        id: Id,
    },
    /// Something of [`heist::sync`](crate::sync).
    Sync {
        /// Its type, for example `"Mutex"`.
        primitive: &'static str,
        /// Its address in memory, by which those who wait for the same one are known.
        address: usize,
        /// The task that has the lock, if it is a lock and a task has it.
        holder: Option<Id>,
    },
}

impl WaitReason {
    /// A descriptor of the program.
    #[cfg(unix)]
    pub(crate) fn of_descriptor(operation: &'static str) -> WaitReason {
        WaitReason::Readiness { operation, object: String::from("a descriptor (AsyncFd)") }
    }

    /// The end of a child process.
    pub(crate) fn of_process(id: u32) -> WaitReason {
        WaitReason::Operation { operation: "wait", object: format!("process {id}") }
    }

    /// Something of the room `sync` that nobody holds.
    pub(crate) fn of_sync<T: ?Sized>(primitive: &'static str, place: &T) -> WaitReason {
        let address = std::ptr::from_ref(place).cast::<()>().addr();
        WaitReason::Sync { primitive, address, holder: None }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitReason::Readiness { operation, object } => write!(f, "to {operation}: {object}"),
            WaitReason::Operation { operation, object } if object.is_empty() => {
                write!(f, "for the system: {operation}")
            }
            WaitReason::Operation { operation, object } => write!(f, "for the system: {operation} {object}"),
            WaitReason::Timer { deadline } => {
                let left = deadline.saturating_duration_since(Instant::now());
                write!(f, "for a timer, {left:.1?} from now")
            }
            WaitReason::Task { id } => write!(f, "for the end of task {id}"),
            WaitReason::Sync { primitive, address, holder: Some(holder) } => {
                write!(f, "for {primitive} {address:#x}, which task {holder} has")
            }
            WaitReason::Sync { primitive, address, holder: None } => {
                write!(f, "for {primitive} {address:#x}")
            }
        }
    }
}
