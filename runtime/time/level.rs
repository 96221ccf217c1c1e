//! One level of the wheel: 64 slots, each a ring of nodes in order of arrival.
//!
//! A slot stores the index of its first node; the `previous` link of the first node is the last
//! one. Links are indices into the slab, so a stale index gives a wrong result that tests would
//! notice, never a wild pointer.
use super::slab::{NIL, Slab};

/// The number of bits of a tick that one level covers.
pub(super) const LEVEL_BITS: u32 = 6;
pub(super) const SLOT_COUNT: usize = 1 << LEVEL_BITS;

#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// Bit `n` is set while slot `n` holds a node.
    occupied: u64,
    first: [u32; SLOT_COUNT],
}

const _: () = assert!(SLOT_COUNT == u64::BITS as usize, "one bit of `occupied` for each slot");

impl Level {
    pub(super) const fn new() -> Self {
        Level { occupied: 0, first: [NIL; SLOT_COUNT] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// Returns the lowest slot that holds a node. The level must not be empty.
    pub(super) fn first_slot(&self) -> usize {
        debug_assert!(!self.is_empty());
        self.occupied.trailing_zeros() as usize
    }

    pub(super) fn is_slot_empty(&self, slot: usize) -> bool {
        self.occupied & (1 << slot) == 0
    }

    /// Returns the node that entered `slot` first, or `NIL`.
    pub(super) fn first(&self, slot: usize) -> u32 {
        self.first[slot]
    }

    /// Appends the node to `slot`.
    #[inline]
    pub(super) fn push_back(&mut self, slot: usize, index: u32, slab: &mut Slab) {
        let first = self.first[slot];
        if first == NIL {
            slab.set_links(index, index, index);
            self.first[slot] = index;
            self.occupied |= 1 << slot;
            return;
        }
        let last = slab.previous(first);
        slab.set_links(index, last, first);
        slab.set_next(last, index);
        slab.set_previous(first, index);
    }

    /// Takes the node out of `slot`, which must hold it. Returns `true` if no node is left there.
    #[inline]
    pub(super) fn unlink(&mut self, slot: usize, index: u32, slab: &mut Slab) -> bool {
        debug_assert!(!self.is_slot_empty(slot));
        let (previous, next) = slab.links(index);
        if next == index {
            debug_assert_eq!(self.first[slot], index);
            self.first[slot] = NIL;
            self.occupied &= !(1 << slot);
            return true;
        }
        slab.set_next(previous, next);
        slab.set_previous(next, previous);
        if self.first[slot] == index {
            self.first[slot] = next;
        }
        false
    }
}
