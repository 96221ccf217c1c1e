//! Connections that carry bytes: one implementation for every family. `byte_stream.rs` has the
//! type, `read_write.rs` its reads and writes.

pub(super) mod byte_stream;
pub(super) mod family;
pub(super) mod halves;
mod owned_buffers;
mod poll;
mod pooled;
mod read_write;
mod readiness;
mod send_file;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "hyper")]
mod traits_hyper;
#[cfg(unix)]
mod traits_splice;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
mod transfer;
mod uninit;
mod zero_copy;
