//! The operations that a worker's tasks have submitted since its last turn, and what a drop has
//! left for its next one.

use std::mem;
use std::task::Waker;

use crate::driver::leftover::Leftover;
use crate::driver::op::Op;

/// This many operations that bypass the page cache form a group, which is begun at once: a disk
/// that receives them late is idle in the meantime.
const DIRECT_GROUP: usize = 4;

/// Operations that are not begun. If the worker computes for long, others take them from here:
/// nobody else may submit what is already in the submission queue.
#[derive(Debug)]
pub(super) struct Outbox {
    ops: Vec<Op>,
    /// How many of these bypass the page cache.
    direct_count: usize,
}

impl Outbox {
    pub(super) const fn new() -> Outbox {
        Outbox { ops: Vec::new(), direct_count: 0 }
    }

    pub(super) fn push(&mut self, op: Op) {
        self.direct_count += usize::from(op.is_direct());
        self.ops.push(op);
    }

    pub(super) fn take(&mut self) -> Vec<Op> {
        self.direct_count = 0;
        mem::take(&mut self.ops)
    }

    /// Takes those that bypass the page cache, as soon as they form a group.
    pub(super) fn take_direct_group(&mut self) -> Vec<Op> {
        if self.direct_count < DIRECT_GROUP {
            return Vec::new();
        }
        let (direct, others) = self.take().into_iter().partition(Op::is_direct);
        self.ops = others;
        direct
    }

    /// Takes those whose socket was dropped since.
    pub(super) fn take_closing(&mut self) -> Vec<Op> {
        let (closing, others) = mem::take(&mut self.ops).into_iter().partition(Op::is_closing);
        self.ops = others;
        closing
    }

    /// Takes the memory back, for the next operations.
    pub(super) fn reuse(&mut self, ops: Vec<Op>) {
        debug_assert!(
            ops.is_empty() && self.ops.is_empty(),
            "an outbox is given back when all of it has begun"
        );
        self.ops = ops;
    }

    pub(super) fn len(&self) -> usize {
        self.ops.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter()
    }
}

/// What a drop has reaped beside its own operation. It waits for the worker's next turn, which
/// calls wakers, and drops what may take long [slow-close-is-alone].
#[derive(Debug)]
pub(super) struct KeptResults {
    wakers: Vec<Waker>,
    leftovers: Vec<Leftover>,
}

impl KeptResults {
    pub(super) const fn new() -> KeptResults {
        KeptResults { wakers: Vec::new(), leftovers: Vec::new() }
    }

    pub(super) fn add(&mut self, mut wakers: Vec<Waker>, mut leftovers: Vec<Leftover>) {
        self.wakers.append(&mut wakers);
        self.leftovers.append(&mut leftovers);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wakers.is_empty() && self.leftovers.is_empty()
    }

    pub(super) fn move_to(&mut self, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) {
        wakers.append(&mut self.wakers);
        leftovers.append(&mut self.leftovers);
    }
}
