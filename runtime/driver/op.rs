//! The requests to the kernel, as plain data. `inflight.rs` has their lives, `ring_op.rs` what a
//! ring asks of them.

use std::sync::Arc;

use socket2::SockAddr;

use super::completion::Completion;
use super::direction::Direction;
use super::file::{AnyFlight, Region};
use super::readiness::Order;
use super::send::AnyLoan;
use super::source::Source;

/// An operation. It owns everything that must stay alive until the kernel has finished with it
/// [owned-until-terminal].
#[derive(Debug)]
pub(super) enum Op {
    /// Report when the socket may be ready in this direction, or has failed.
    Ready { source: Arc<Source>, direction: Direction, order: Order },
    /// Connect the socket to the address.
    Connect { source: Arc<Source>, address: Box<SockAddr>, completion: Arc<Completion> },
    /// An operation on a file or a path; `file/request.rs` lists them.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings look into it"))]
    File(Arc<dyn AnyFlight>),
    /// Send these lent bytes without copying them. The writing side was claimed for it.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings look into it"))]
    Send { source: Arc<Source>, bytes: Region, completion: Arc<Completion>, loan: Arc<dyn AnyLoan> },
}
