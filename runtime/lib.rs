//! A multi-threaded, work-stealing async runtime for Rust. It does I/O through io_uring on Linux,
//! and through readiness polling on other systems and where io_uring is refused. The same program
//! runs on both. Names, modules and signatures are tokio's wherever the meaning is the same.
//!
//! ```toml
//! [dependencies]
//! heist = "0.1"
//! ```
//!
//! A server that sends back what it receives, and a client:
//! ```
//! use heist::net::{TcpListener, TcpStream};
//!
//! #[heist::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     let server = heist::spawn(async move {
//!         let (mut stream, _peer) = listener.accept().await?;
//!         let mut buffer = [0; 64];
//!         let count = stream.read(&mut buffer).await?;
//!         stream.write_all(&buffer[..count]).await
//!     });
//!     let mut client = TcpStream::connect(address).await?;
//!     client.write_all(b"hello").await?;
//!     let mut echo = [0; 5];
//!     client.read_exact(&mut echo).await?;
//!     assert_eq!(&echo, b"hello");
//!     server.await.unwrap()
//! }
//! ```
//!
//! # Where to go next
//! - New here: the [guide](guide), beginning with [Getting started](guide::getting_started).
//! - From another world: [Coming from tokio](guide::coming_from_tokio) and the table
//!   [below](#what-differs-from-tokio), [Coming from Python](guide::coming_from_python).
//! - To look something up: [`task`] spawns, joins and aborts; [`time`] has sleeps, intervals and
//!   time-outs; [`net`] sockets; [`fs`] files; [`io`] buffers, pipes and the
//!   standard streams; [`signal`] Ctrl-C; [`generator`] generators and coroutines; [`asyncio`]
//!   promises and `gather`; [`runtime`] options, start and end;
//!   [`model`](mod@model) every order of a few tasks, for tests.
#![doc = include_str!("../docs/features.md")]
#![doc = include_str!("../docs/platforms.md")]
#![doc = include_str!("../docs/differences.md")]
#![doc = include_str!("../docs/crates.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// Runs an `async fn main` on a runtime. Needs the feature `macros` (on by default).
///
/// ```
/// #[heist::main(worker_threads = 2)]
/// async fn main() {
///     let answer = heist::spawn(async { 6 * 7 });
///     assert_eq!(answer.await.unwrap(), 42);
/// }
/// ```
#[cfg(feature = "macros")]
pub use heist_macros::main;
/// Runs an `async fn` as a test, on a runtime of its own. Needs the feature `macros` (on by
/// default).
///
/// ```test_harness
/// use heist::time::{Duration, Instant, sleep};
///
/// #[heist::test]
/// async fn a_task_returns_its_value() {
///     assert_eq!(heist::spawn(async { 42 }).await.unwrap(), 42);
/// }
///
/// #[heist::test(start_paused = true)]
/// async fn an_hour_takes_no_time() {
///     let start = Instant::now();
///     sleep(Duration::from_secs(3600)).await;
///     assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// }
/// ```
#[cfg(feature = "macros")]
pub use heist_macros::test;
/// Tests in simulated worlds: threads, time, network and disks from a seed. Needs the feature
/// `sim`; empty on systems other than Linux.
///
/// ```test_harness
/// use heist::time::{Duration, Instant, sleep};
///
/// #[heist::sim::test(seeds = 10)]
/// async fn an_hour_takes_no_time() {
///     let start = Instant::now();
///     sleep(Duration::from_secs(3600)).await;
///     assert!(start.elapsed() >= Duration::from_secs(3600));
/// }
/// ```
#[cfg(feature = "sim")]
pub use heist_sim as sim;
pub use model::model;
pub use runtime::spawn;

// First, because any room may ask by `cfg_if!` which calls the system has.
#[macro_use]
mod system;

pub mod asyncio;
mod blocking;
mod buf;
#[cfg(all(test, rt_count))]
mod coherence;
mod driver;
pub mod fs;
pub mod generator;
#[cfg(any(doc, doctest))]
pub mod guide;
pub mod io;
pub mod model;
#[cfg(doctest)]
mod must_not_compile;
pub mod net;
mod primitive;
pub mod process;
mod queue;
pub mod runtime;
#[cfg(all(test, rt_shuttle))]
mod scenarios;
mod scheduler;
pub mod signal;
pub mod sync;
pub mod task;
pub mod time;
