//! heist: a multi-threaded, work-stealing async runtime, native on io_uring, with a readiness-poll fallback, timers,
//! futures and generators.
//!
//! ```
//! #[heist::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     let server = heist::spawn(async move {
//!         let (mut stream, _peer) = listener.accept().await?;
//!         let mut buffer = [0; 64];
//!         let length = stream.read(&mut buffer).await?;
//!         stream.write_all(&buffer[..length]).await
//!     });
//!     let mut client = heist::net::TcpStream::connect(address).await?;
//!     client.write_all(b"hello").await?;
//!     let mut echo = [0; 5];
//!     client.read_exact(&mut echo).await?;
//!     assert_eq!(&echo, b"hello");
//!     server.await.unwrap()
//! }
//! ```
//!
//! Names, modules and signatures are tokio's wherever the meaning is the same, so that a port is a change of imports.
#![doc = include_str!("../docs/differences.md")]
#![doc = include_str!("../docs/crates.md")]

#[cfg(feature = "macros")]
pub use heist_macros::{main, test};
pub use runtime::spawn;

pub mod asyncio;
mod blocking;
mod buf;
mod driver;
pub mod fs;
pub mod generator;
pub mod io;
#[cfg(doctest)]
mod must_not_compile;
pub mod net;
mod primitive;
mod queue;
pub mod runtime;
#[cfg(all(test, rt_shuttle))]
mod scenarios;
mod scheduler;
pub mod signal;
pub mod task;
pub mod time;
