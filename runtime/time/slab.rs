//! The nodes of one wheel, in one growing vector with a free list.
//!
//! An armed sleep costs one node of 40 bytes and no allocation of its own. A freed node is reused
//! first. When the last of many nodes is freed, the vector is freed too, so that a burst of timers
//! leaves no memory behind.
use std::num::NonZeroU32;
use std::task::Waker;

/// The index that stands for "no node".
pub(super) const NIL: u32 = u32::MAX;

/// A slab that becomes empty frees its vector if it has more nodes than this.
const KEPT_NODE_COUNT: usize = 4096;

/// Identifies one stay of a node in a wheel.
///
/// Every stay gets a new stamp, so a key that outlives its node finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    stamp: NonZeroU32,
}

impl Key {
    pub(super) fn index(self) -> u32 {
        self.index
    }
}

#[derive(Debug)]
struct Node {
    tick: u64,
    /// `None` while the node is free.
    waker: Option<Waker>,
    previous: u32,
    /// In a free node: the index of the next free one.
    next: u32,
    stamp: NonZeroU32,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Node>() == 40);

#[derive(Debug)]
pub(super) struct Slab {
    nodes: Vec<Node>,
    free: u32,
    live_count: usize,
    stamp: NonZeroU32,
}

impl Slab {
    pub(super) const fn new() -> Self {
        Slab { nodes: Vec::new(), free: NIL, live_count: 0, stamp: NonZeroU32::MIN }
    }

    /// Returns how many nodes are in use.
    pub(super) fn live_count(&self) -> usize {
        self.live_count
    }

    /// Takes a free node, or adds one. The node is in no list yet.
    #[inline]
    pub(super) fn insert(&mut self, tick: u64, waker: Waker) -> Key {
        self.stamp = self.stamp.checked_add(1).unwrap_or(NonZeroU32::MIN);
        let node = Node { tick, waker: Some(waker), previous: NIL, next: NIL, stamp: self.stamp };
        let index = self.free;
        let index = if index == NIL {
            self.push(node)
        } else {
            let place = &mut self.nodes[index as usize];
            self.free = place.next;
            *place = node;
            index
        };
        self.live_count += 1;
        Key { index, stamp: self.stamp }
    }

    /// Adds a node to the vector.
    #[inline(never)]
    fn push(&mut self, node: Node) -> u32 {
        assert!(self.nodes.len() < NIL as usize, "one worker cannot hold more than 4 billion timers");
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    /// Frees a node that is in no list any more, and returns its waker.
    #[inline]
    pub(super) fn remove(&mut self, index: u32) -> Option<Waker> {
        let node = &mut self.nodes[index as usize];
        let waker = node.waker.take();
        debug_assert!(waker.is_some(), "a free node was freed again");
        node.next = self.free;
        self.free = index;
        self.live_count -= 1;
        if self.live_count == 0 && self.nodes.len() > KEPT_NODE_COUNT {
            self.give_back();
        }
        waker
    }

    #[cold]
    fn give_back(&mut self) {
        self.nodes = Vec::new();
        self.free = NIL;
    }

    /// Returns the tick of the stay that `key` identifies, if that stay has not ended.
    #[inline]
    pub(super) fn live_tick(&self, key: Key) -> Option<u64> {
        let node = self.nodes.get(key.index as usize)?;
        let is_live = node.waker.is_some() && node.stamp == key.stamp;
        is_live.then_some(node.tick)
    }

    /// Moves every waker into `wakers` and drops all nodes.
    pub(super) fn clear(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.nodes.drain(..).filter_map(|node| node.waker));
        self.nodes = Vec::new();
        self.free = NIL;
        self.live_count = 0;
    }

    /// Replaces the waker of a live node and returns the old one.
    pub(super) fn replace_waker(&mut self, index: u32, waker: Waker) -> Option<Waker> {
        self.nodes[index as usize].waker.replace(waker)
    }

    pub(super) fn tick(&self, index: u32) -> u64 {
        self.nodes[index as usize].tick
    }

    pub(super) fn set_tick(&mut self, index: u32, tick: u64) {
        self.nodes[index as usize].tick = tick;
    }

    pub(super) fn previous(&self, index: u32) -> u32 {
        self.nodes[index as usize].previous
    }

    /// Returns the previous node and the next one.
    pub(super) fn links(&self, index: u32) -> (u32, u32) {
        let node = &self.nodes[index as usize];
        (node.previous, node.next)
    }

    pub(super) fn next(&self, index: u32) -> u32 {
        self.nodes[index as usize].next
    }

    pub(super) fn set_links(&mut self, index: u32, previous: u32, next: u32) {
        let node = &mut self.nodes[index as usize];
        node.previous = previous;
        node.next = next;
    }

    pub(super) fn set_previous(&mut self, index: u32, previous: u32) {
        self.nodes[index as usize].previous = previous;
    }

    pub(super) fn set_next(&mut self, index: u32, next: u32) {
        self.nodes[index as usize].next = next;
    }
}
