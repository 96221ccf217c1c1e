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
//!
//! # The tour
//! Read the rooms in this order; each opens with its algorithm, its invariants and the ways not taken.
//!
//! 1. [`primitive`](self): the one door to atomics, cells, locks and threads, through which loom comes in.
//! 2. [`task`]: one heap cell per spawned future, and the state machine of its life.
//! 3. `queue`: where runnable tasks wait: a ring with its overflow and a LIFO slot per worker, one injector.
//! 4. `scheduler`: which worker runs what, where it looks when it has nothing, and how it sleeps and is woken.
//! 5. `driver`: the one door to the kernel: io_uring or poll, chosen once at start.
//! 6. [`time`]: a timer wheel per worker.
//! 7. [`net`], [`fs`], [`io`], [`signal`]: what programs read, write and wait for: TCP, UDP and Unix sockets, files, pipes,
//!    signals. `buf`: the buffers that they hand over.
//! 8. [`runtime`]: options, start and end, and the handle that programs spawn with. `blocking`: a pool for closures
//!    that block.
//! 9. [`generator`]: generators and coroutines; needs none of the above.
//! 10. [`asyncio`]: promises, gather, wait and what else programs that come from Python look for.
//!
//! # Architecture invariants
//! - Imports go one way: `primitive` ← { `task`, `queue`, `blocking`, `generator`, `buf` } ← { `time`, `driver` } ←
//!   { `scheduler` | `io`, `net`, `fs`, `signal` } ← { `builder`, `runtime`, `join_set` } ← `asyncio`. Rooms
//!   within braces do not know each other; the scheduler and the public I/O rooms do not either. Re-exports of the
//!   public API are doors, not imports.
//! - `cfg(target_os)` stands in `driver` only.
//! - No file but `primitive.rs` names std's atomics, `UnsafeCell` or loom; the ring's shared words are the exception.
//! - `unsafe` stands only in files that open with the reason why; the lint denies it elsewhere.
//! - `generator` depends on no runtime.
//!
//! `tests/tidy/` checks these.
//!
//! # What differs from tokio
//! Where the meaning is tokio's the name is too. What a port should know:
//!
//! | here | there |
//! |---|---|
//! | a worker in a long poll strands nothing: others take its tasks, completions and timers within 5 to 12 ms | its driver waits, if it holds it |
//! | workers that are all in polls that do not end stop nothing but their local tasks: see [`runtime::Builder::on_stall`] | stop everything |
//! | [`task::spawn_local`] works in any task; the future stays on that worker | needs a `LocalSet` or `LocalRuntime` |
//! | [`task::block_in_place`] may be called anywhere; local tasks of the thread wait meanwhile; on a current-thread runtime all tasks do, and `block_on` in it panics | panics on a current-thread runtime |
//! | [`task::spawn_blocking`] runs the closure on the caller if no thread can be had at all | panics |
//! | a runtime dropped inside a task ends in the background | panics |
//! | `worker_threads(0)` and other impossible options make `build` fail | panic |
//! | `enable_all`, `enable_io`, `enable_time` do nothing: both are always on | without them I/O and time panic |
//! | after its runtime has ended a sleep is over at its next poll | panics |
//! | [`net::TcpListener::accept`] out of descriptors waits some milliseconds before it says so | says so at once |
//! | [`net::TcpStream`] and `UnixStream` are one type, [`net::ByteStream`], of two families | two types |
//! | a `UnixStream::connect` to a listener whose queue is full waits for room | fails with `WouldBlock` |
//! | `UnixDatagram::send_to` waits for room in any queue | may spin, or hang |
//! | datagram sockets have `poll_*` and `try_*` with `&mut [u8]` | `ReadBuf`, `BufMut` |
//! | `send_with_fds`, `recv_with_fds`, `send_segments`, `recv_segments` | |
//! | streams read into and write from buffers that are handed over, several at once, and TCP without copying (`*_owned*`) | borrowed only |
//! | `recv_pooled` of streams and datagram sockets: connections that wait hold no buffer | |
//! | sockets and files implement `futures_io` by default, tokio's traits by feature | tokio's traits |
//! | a write of [`fs::File`] is ready when the kernel has the bytes | it is written behind, and `flush` waits |
//! | [`fs::File`] has reads and writes at places, and with owned buffers | at the cursor only |
//! | a dropped read or write of a file that can seek has not moved its cursor | it may have |
//! | [`fs::metadata`] gives a type of heist's, with the methods of std's | std's |
//! | [`fs::File::into_std`] does not wait, and may fail | waits |
//! | the end of a runtime does not wait for a read of [`io::stdin`] | waits |
//! | a socket that is dropped while it waits closes at its worker's next harvest | at once |
//! | [`runtime::Runtime::driver_name`], [`runtime::Builder::driver`], `HEIST_DRIVER` | one driver |
//! | no channels, locks or codecs: take `tokio::sync`, `futures`, `async-channel` | built in |
//!
//! # Which crates go with it
//! Channels, locks, codecs and combinators are not ours: `futures`, `tokio::sync` and `async-channel` work on heist as
//! they are, tokio-util's codecs with the feature `tokio-io`. But they take nothing from the budget of a heist task: a loop that
//! finds such a channel always ready does not let others run. Wrap what it awaits in [`task::coop::cooperative`], or await
//! [`task::consume_budget`] in each round:
//! ```
//! use futures::StreamExt;
//! use futures::channel::mpsc::unbounded;
//! use heist::task::coop::cooperative;
//!
//! # heist::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let (sender, mut receiver) = unbounded();
//! let greedy = heist::spawn(async move {
//!     loop {
//!         sender.unbounded_send(1).unwrap();
//!         cooperative(receiver.next()).await;
//!     }
//! });
//! // On this one thread nobody else would ever run again without `cooperative`.
//! heist::time::sleep(std::time::Duration::from_millis(1)).await;
//! greedy.abort();
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//! On a multi-thread runtime other threads stand in for workers whose polls do not end, see [`runtime::Builder::on_stall`];
//! on a current-thread runtime nothing can.
//!
//! Of tokio, only the features `io-util` and `sync` build no part of a runtime. Sockets and files implement the traits of
//! `futures-io`
//! (default), of tokio (feature `tokio-io`) and of hyper (feature `hyper`). `examples/ecosystem/` has a program to copy for
//! each of hyper, axum, h2, tonic, rustls, WebSockets, tokio-postgres and redis.

#[cfg(feature = "macros")]
pub use heist_macros::{main, test};
pub use runtime::spawn;

pub mod asyncio;
mod blocking;
mod buf;
mod builder;
mod driver;
pub mod fs;
pub mod generator;
pub mod io;
mod join_set;
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
