//! What a task does.

use std::fmt;

/// What a task does, in a [`Dump`](crate::runtime::Dump).
///
/// # Examples
/// ```
/// use heist::runtime::TaskActivity;
///
/// # #[heist::main]
/// # async fn main() {
/// let task = heist::spawn(std::future::pending::<()>());
/// let id = task.id();
/// let has_been_polled = async || {
///     let dump = heist::runtime::Handle::current().dump().await;
///     dump.task(id).expect("it is alive").activity() == TaskActivity::Waiting
/// };
/// while !has_been_polled().await {}
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskActivity {
    /// A thread polls it.
    Running,
    /// It is due, and waits for a thread.
    Runnable,
    /// It waits for something.
    Waiting,
}

impl fmt::Display for TaskActivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TaskActivity::Running => "running",
            TaskActivity::Runnable => "runnable",
            TaskActivity::Waiting => "waiting",
        })
    }
}
