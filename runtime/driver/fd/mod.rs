//! Descriptors that belong to the program: their readiness as the kernel reports it, flag by flag.
//!
//! A socket of this crate is a `Source`: its calls are tried first, and its readiness is what the
//! calls have shown. A descriptor of the program starts as not ready, only events change that, and
//! only its owner takes flags off. The owner may close it at any time, so nothing of it may stay
//! with the kernel when its `FdWatch` is gone; an operation on a ring would keep the file open
//! until the ring's worker has reaped the cancel.
//!
//! Therefore each driver has one poller for all of these descriptors, edge-triggered, and that
//! poller is a source like any other: its descriptor is readable while it has events.
//!
//! - `flags.rs`: the flags of one descriptor, and its waiters.
//! - `slot.rs`: where a driver finds its watcher.
//! - `watcher.rs`: the poller of a driver with its table, and the waker that takes its events.
//! - `epoll.rs`, `portable.rs`: the pollers.

#[cfg(all(target_os = "linux", not(rt_portable)))]
mod epoll;
mod flags;
#[cfg(not(all(target_os = "linux", not(rt_portable))))]
mod portable;
mod slot;
mod watcher;

#[cfg(all(target_os = "linux", not(rt_portable)))]
use epoll::{FdEvents, FdPoller};
#[cfg(not(all(target_os = "linux", not(rt_portable))))]
use portable::{FdEvents, FdPoller};

pub(crate) use flags::{FdFlags, ReadyEvent};
pub(super) use slot::FdWatcherSlot;
pub(crate) use watcher::FdWatch;
