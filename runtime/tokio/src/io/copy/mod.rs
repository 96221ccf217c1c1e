//! Copies all that a reader has to a writer.

mod both_ways;
mod buffered;
mod through;

pub use both_ways::{copy_bidirectional, copy_bidirectional_with_sizes};
pub use buffered::copy_buf;
pub use through::copy;
