//! Operations on files and paths: on a ring where the back end and its kernel have the op-code. Where they have not,
//! `ring_for` says so, and the caller takes the blocking pool; it does so as well for files that a server keeps (`remote/`).
//!
//! A [`Flight`](flight::Flight) is one allocation that the waiting future and the ring share: the request, as data, and
//! the resources that the kernel touches. The future gives the resources back with the result; if it is dropped, they
//! stay until the terminal completion [owned-until-terminal]. A descriptor that was opened for nobody is closed.

mod advice;
mod descriptor;
mod flight;
mod open;
mod opening;
mod pool;
mod remote;
mod request;
mod start;
mod stat;
#[cfg(all(test, target_os = "linux", not(rt_loom)))]
mod tests;

pub use advice::Advice;
pub(crate) use descriptor::Descriptor;
pub(super) use flight::AnyFlight;
pub(crate) use flight::{Landed, Submission};
pub(crate) use open::OpenHow;
pub(crate) use opening::open;
pub(crate) use pool::{c_path, pool};
#[cfg(target_os = "linux")]
pub(crate) use request::Attempt;
pub(crate) use request::{AT_CURSOR, Code, Way};
pub(super) use request::{Offered, Region, Request, StatTarget};
#[cfg(target_os = "linux")]
pub(crate) use start::RingFor;
pub(crate) use start::{ring_for_file, ring_for_path};
pub(crate) use stat::Stat;
#[cfg(target_os = "linux")]
pub(super) use stat::{MASK_BASIC, MASK_BIRTH};
