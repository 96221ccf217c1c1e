//! Unix sockets and pipes.

mod address;
pub(crate) mod datagram;
pub(crate) mod listener;
pub mod pipe;
pub(crate) mod socket;
mod split;
mod split_owned;
pub(crate) mod stream;

pub use address::SocketAddr;
pub use heist::net::unix::UCred;
pub use split::{ReadHalf, WriteHalf};
pub use split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};

/// The number of a user.
#[expect(non_camel_case_types, reason = "the name of C")]
pub type uid_t = u32;

/// The number of a group.
#[expect(non_camel_case_types, reason = "the name of C")]
pub type gid_t = u32;

/// The number of a process.
#[expect(non_camel_case_types, reason = "the name of C")]
pub type pid_t = i32;
