//! Where runnable tasks wait: a bounded ring per worker with an overflow, a LIFO slot per worker, and one injector for
//! everybody.
//! The room knows no task: it is generic over what waits.
//!
//! How it works inside stands in `DESIGN.md` of this room.

pub(crate) mod deque;
pub(crate) mod injector;
pub(crate) mod slot;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;
