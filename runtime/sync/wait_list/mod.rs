//! The list of those who wait for something, under the lock of what they wait for.
//!
//! A [`WaitList`] is a lock around a state and the ends of a list. A [`Waiter`] is an entry of that
//! list and lies in the future that waits, so a wait allocates nothing. How a primitive uses them:
//!
//! 1. Its future has a pinned `Waiter`, made of a reference or an `Arc` of the primitive, which
//!    implements [`Home`]. The *wish* is what the primitive notes for each waiter, such as the
//!    number of permits; after the choice it is the outcome.
//! 2. A poll that has to wait clones the waker, takes the lock, looks again, and calls
//!    [`Waiter::enter`]. Later polls call [`Waiter::poll_chosen`].
//! 3. A thread that has something to give takes the lock and calls [`Locked::choose_first`], sets
//!    the outcome there, drops the lock and wakes what it got. [`Locked::wake_while`] does it for
//!    many, in batches.
//! 4. A future that is dropped calls [`Waiter::stage`]. If it is not idle, it takes the lock and
//!    calls [`Waiter::leave`]: it was chosen, and passes on what it got, or it was not. A waiter
//!    whose future does not do so leaves by itself.
//!
//! Turns: [`Locked::next_turn`] divides those who wait now from those who come later, so that a
//! call that wakes all in batches does not wake the later ones.
// Files in the order to read them: `entry.rs`, `list.rs`, `waiter.rs`.

mod entry;
mod list;
mod waiter;
mod wake_batch;

pub(crate) use entry::WaiterStage;
pub(crate) use list::{Locked, WaitList};
pub(crate) use waiter::{Home, HomeRef, Left, Waiter};
pub(crate) use wake_batch::Chosen;
