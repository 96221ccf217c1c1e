//! The halves of a `ByteStream`: `borrowed.rs` for two futures of one task, `owned.rs` for two
//! tasks.

pub(in crate::net) mod borrowed;
pub(in crate::net) mod owned;
mod readiness;
