//! Operations on files and paths: on a ring if the back end and its kernel have the op-code.
//! Otherwise `ring_for` returns None, and the caller uses the blocking pool. It does so as well for
//! files on a server (`system/remote/`).
//!
//! A [`Flight`](flight::Flight) is one allocation that the waiting future and the ring share: the
//! request, as data, and the resources that the kernel accesses. The future returns the resources
//! with the result. If it is dropped, they stay until the terminal completion
//! [owned-until-terminal]. A descriptor that was opened and that no future fetches is closed.
//!
//! Read the files in this order:
//!
//! - `request.rs`: the requests, as data; `stat.rs`: a part of them.
//! - `flight.rs`: an operation in flight, and the future that awaits it; `start.rs`: a function per
//!   operation.
//! - `descriptor.rs`: an open file, and blocking calls with owned buffers; `pool.rs`: calls on the
//!   blocking pool.
//! - `opening/`: how a file is opened, without keeping a thread while it waits for a peer.
//!
//! The plain system calls, the options of an open and the list of files on a server are in
//! `system/`.

mod descriptor;
mod flight;
mod opening;
mod pool;
mod request;
mod start;
mod stat;
#[cfg(all(test, target_os = "linux", not(rt_loom)))]
mod tests;

pub(crate) use descriptor::Descriptor;
pub(super) use flight::AnyFlight;
pub(crate) use flight::{FileOp, Landed};
pub(crate) use opening::open;
pub(crate) use pool::{c_path, pool};
pub(crate) use request::{AT_CURSOR, OpKind, Way};
pub(super) use request::{Region, Request, StatTarget, Supported};
pub(crate) use start::{RingFor, ring_for_file, ring_for_path};
pub(crate) use stat::Stat;
#[cfg(target_os = "linux")]
pub(super) use stat::{MASK_BASIC, MASK_BIRTH};
