//! Which branch of `select!`, `join!` and `try_join!` is polled first.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// The first branch, for a biased `select!`.
#[inline]
pub fn start_at_first(_: u32) -> u32 {
    0
}

/// Any of `count` branches, each as likely as the others.
pub fn start_anywhere(count: u32) -> u32 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
    }
    let random = STATE.with(|state| {
        // Marsaglia's xorshift64: never zero, because it starts with another number.
        let mut word = state.get();
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        state.set(word);
        word >> 32
    });
    // The range is scaled down instead of divided: the upper half of the product is below `count`.
    ((random * u64::from(count)) >> 32) as u32
}

/// Which of `COUNT` branches has the first turn in each poll.
pub trait FirstTurn: Default {
    /// The branch whose turn it is to be first, and the next one's in the next poll.
    fn advance(&mut self) -> u32;
}

/// Each branch in its turn, so that all get on even if one of them spends the budget of the task.
#[derive(Debug, Default)]
pub struct Rotating<const COUNT: u32> {
    next: u32,
}

/// Always the first branch.
#[derive(Debug, Default)]
pub struct Biased<const COUNT: u32>;

impl<const COUNT: u32> FirstTurn for Rotating<COUNT> {
    #[inline]
    fn advance(&mut self) -> u32 {
        let first = self.next;
        self.next = (first + 1) % COUNT;
        first
    }
}

impl<const COUNT: u32> FirstTurn for Biased<COUNT> {
    #[inline]
    fn advance(&mut self) -> u32 {
        0
    }
}
