//! The one door to the kernel. It reports when sockets are ready, completes operations, and is
//! where a worker sleeps.
//!
//! `DESIGN.md` in this directory has the algorithm, the invariants and the rejected designs. Read
//! the files in this order:
//!
//! - `options.rs`, `kind.rs`, `direction.rs`: how a driver is built, and the two directions of a
//!   socket.
//! - `slots.rs`, `ticket.rs`: the name of an operation in flight.
//! - `readiness.rs`, `side.rs`: the state of one direction of a socket, and its waiters.
//! - `source.rs`: a registered socket. `completion.rs`: what a future and its operation share.
//! - `op.rs`: the requests to the kernel. `inflight.rs`: their lives, and the table of those that
//!   the kernel has. `ring_op.rs`: what a ring has to know of one. `ring_notes.rs`: what is counted
//!   of them in runtimes that are observed.
//! - `leftover.rs`, `closers.rs`: where the remains of a finished operation are dropped.
//!   `closing.rs`: sockets that are dropped and not closed.
//! - `mailbox.rs`, `wake_up.rs`, `doorbell.rs`: requests from other threads, and how a worker wakes
//!   up.
//! - `uring/`, `poll/`, `fake/`: the back ends. `fake` exists for explorers and the counting build
//!   only. `no_uring.rs` stands for the rings on systems without io_uring.
//! - `backend.rs`: the choice between back ends. `dispatch.rs`: the driver of a runtime, and the
//!   branch between back ends.
//! - `asker.rs`, `context.rs`: the driver of the current thread.
//! - `submission.rs`: the future that awaits one completion. `registration.rs`: the right to use a
//!   socket, and the futures that wait for it. `confirm.rs`: what the kernel says of it.
//! - `interest.rs`, `ready.rs`: what a caller waits for, and what a descriptor is ready for. `fd/`:
//!   descriptors of the program.
//! - `file/`: operations on files and paths. `send/`: sends without a copy.
//! - `buffers.rs`, `registered.rs`: buffers. `errors.rs`: operations that were not performed.
//!
//! System calls that have nothing to do with waiting are in the room `system`.

mod asker;
mod backend;
mod buffers;
mod closers;
mod closing;
mod completion;
mod confirm;
mod context;
mod direction;
mod dispatch;
#[cfg(target_os = "linux")]
mod doorbell;
mod errors;
mod facade;
#[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
pub(crate) mod fake;
#[cfg(unix)]
pub(crate) mod fd;
pub(crate) mod file;
#[cfg(target_os = "linux")]
mod inflight;
mod interest;
mod kind;
mod leftover;
#[cfg(target_os = "linux")]
mod mailbox;
#[cfg(not(target_os = "linux"))]
mod no_uring;
mod op;
mod options;
mod poll;
mod readiness;
mod ready;
mod registered;
mod registration;
#[cfg(target_os = "linux")]
mod ring_notes;
#[cfg(target_os = "linux")]
mod ring_op;
pub(crate) mod send;
mod side;
mod slots;
mod source;
mod submission;
mod ticket;
#[cfg(target_os = "linux")]
mod uring;
mod wake_up;

// Half of them is about rings.
#[cfg(all(test, target_os = "linux"))]
mod models;
#[cfg(test)]
mod tests;

pub(crate) use buffers::BufferLimits;
pub(crate) use buffers::Contents;
pub(crate) use closing::{CLOSING_LIMIT, ClosingSockets};
#[cfg(test)]
use context::try_current;
pub(crate) use context::{
    DriverGuard, allowed, check_open, close_dropped_here, in_runtime, is_entered, pinned,
};
pub(crate) use direction::Direction;
pub(crate) use dispatch::Driver;
use errors::{closed, is_undone, is_unthreaded};
pub(crate) use errors::{is_closed, of_pool};
pub use facade::Allowed;
pub use interest::Interest;
pub use kind::{DriverKind, UnknownKind};
pub(crate) use leftover::{Harvest, Leftover, clear_away};
#[cfg(not(target_os = "linux"))]
use no_uring::Rings;
pub(crate) use options::Options;
pub use ready::Ready;
pub(crate) use registration::{Moved, Registration};
#[cfg(target_os = "linux")]
use uring::Rings;
