//! Small readers and writers: the ends of others, and what is made of two.

mod chain;
mod empty;
mod join;
mod repeat;
mod sink;
mod take;

pub use chain::Chain;
pub use empty::{Empty, empty};
pub use join::{Join, join};
pub use repeat::{Repeat, repeat};
pub use sink::{Sink, sink};
pub use take::Take;
