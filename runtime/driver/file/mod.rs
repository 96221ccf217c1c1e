//! Operations on files and paths. A request is plain data. One place chooses where it is performed
//! (`door.rs`): on a ring, if the back end and its kernel have the op-code and no server may delay
//! it (`system/remote/`), or else on the blocking pool. Callers see no difference.
//!
//! A [`Flight`](flight::Flight) is one allocation that the waiting future shares with the ring or
//! with a thread of the pool: the request, and the resources whose memory it names. Both ways end
//! it in the same way. The future returns the resources with the result. If it is dropped, they
//! stay until the terminal completion [owned-until-terminal]. A descriptor that was opened and that
//! no future fetches is closed.
//!
//! Read the files in this order:
//!
//! - `request.rs`: the requests, as data; `stat.rs`, or `no_stat.rs`: a part of
//!   them; `ring_request.rs`: what a ring
//!   has to know of one.
//! - `door.rs`: the choice; `../uring/encode_file.rs`: requests as entries of a ring; `perform.rs`:
//!   requests as system calls.
//! - `flight.rs`: an operation in flight, and the future that awaits it; `any_flight.rs`: as a ring
//!   and the pool see it; `start.rs`: how one is started; `pool.rs`: calls on the blocking pool.
//! - `descriptor.rs`: an open file; `cached_range.rs`: what of it is in the page cache.
//! - `opening/`: how a file is opened, without keeping a thread while it waits for a peer.
//!
//! The plain system calls, the options of an open and the list of files on a server are in
//! `system/`.

mod any_flight;
mod cached_range;
mod descriptor;
mod door;
mod flight;
#[cfg(not(unix))]
mod no_stat;
mod opening;
mod perform;
mod pool;
mod request;
#[cfg(target_os = "linux")]
mod ring_request;
mod start;
#[cfg(unix)]
mod stat;
#[cfg(all(test, target_os = "linux", not(rt_loom)))]
mod tests;

pub(super) use any_flight::AnyFlight;
#[cfg(all(test, target_os = "linux"))]
pub(super) use any_flight::RequestGuard;
pub(crate) use descriptor::{AT_CURSOR, Descriptor};
pub(crate) use flight::{FileOp, Landed, given_back};
#[cfg(not(unix))]
pub(crate) use no_stat::Stat;
pub(crate) use opening::{ReadCached, metadata_cached, open, open_tried, poll_read_cached};
pub(crate) use perform::Found;
#[cfg(all(test, target_os = "linux"))]
pub(super) use pool::PoolCall;
pub(crate) use pool::pool;
pub(super) use request::Region;
pub(crate) use request::{OpKind, Request, StatTarget};
pub(crate) use start::{
    read, read_on_other_thread, read_vectored, start, start_holding, stat, write, write_vectored,
};
#[cfg(unix)]
pub(crate) use stat::Stat;
#[cfg(target_os = "linux")]
pub(super) use {
    request::Way,
    stat::{MASK_BASIC, MASK_BIRTH},
};
