//! Programs that would be unsound, and that the compiler refuses. Only rustdoc can expect a compile
//! error, so they stand here as its tests; `tests/soundness.rs` asks the types themselves. Each has
//! a twin that compiles, so that it fails for the reason given and not for a slip.
//!
//! A spawned future that is not `Send` (an `Rc` lives across an await):
//! ```compile_fail,E0277
//! # async fn program() {
//! heist::spawn(async {
//!     let shared = std::rc::Rc::new(1);
//!     heist::task::yield_now().await;
//!     drop(shared);
//! });
//! # }
//! ```
//! ```
//! # async fn program() {
//! heist::spawn(async {
//!     let shared = std::sync::Arc::new(1);
//!     heist::task::yield_now().await;
//!     drop(shared);
//! });
//! # }
//! ```
//!
//! A spawned future that borrows from its spawner, which may be gone first:
//! ```compile_fail,E0597
//! # async fn program() {
//! let local = String::new();
//! let borrowed = &local;
//! heist::spawn(async move { println!("{borrowed}") });
//! # }
//! ```
//! ```
//! # async fn program() {
//! let local = String::new();
//! heist::spawn(async move { println!("{local}") });
//! # }
//! ```
//!
//! An output that is not `Send`, for its joiner may be on another thread:
//! ```compile_fail,E0277
//! # async fn program() {
//! heist::spawn(async { std::rc::Rc::new(1) });
//! # }
//! ```
//! ```
//! # async fn program() {
//! heist::spawn(async { *std::rc::Rc::new(1) });
//! # }
//! ```
//!
//! A blocking closure that borrows from its caller:
//! ```compile_fail,E0373
//! # async fn program() {
//! let mut count = 0;
//! heist::task::spawn_blocking(|| count += 1);
//! # }
//! ```
//! ```
//! # async fn program() {
//! let mut count = 0;
//! heist::task::spawn_blocking(move || count += 1);
//! # }
//! ```
//!
//! A context that is carried to another thread, fault C3:
//! ```compile_fail,E0277
//! # fn program(runtime: &heist::runtime::Runtime) {
//! let guard = runtime.enter();
//! std::thread::scope(|scope| drop(scope.spawn(move || drop(guard))));
//! # }
//! ```
//! ```
//! # fn program(runtime: &heist::runtime::Runtime) {
//! std::thread::scope(|scope| drop(scope.spawn(move || drop(runtime.enter()))));
//! # }
//! ```
//!
//! A context that outlives its runtime:
//! ```compile_fail,E0505
//! # fn program(runtime: heist::runtime::Runtime) {
//! let guard = runtime.enter();
//! drop(runtime);
//! drop(guard);
//! # }
//! ```
//! ```
//! # fn program(runtime: heist::runtime::Runtime) {
//! let guard = runtime.enter();
//! drop(guard);
//! drop(runtime);
//! # }
//! ```
//!
//! A buffer that is used while a read still holds it:
//! ```compile_fail,E0502
//! # async fn program(stream: &mut heist::net::TcpStream) -> std::io::Result<()> {
//! let mut buffer = [0; 8];
//! let read = stream.read(&mut buffer);
//! println!("{buffer:?}");
//! read.await?;
//! # Ok(())
//! # }
//! ```
//! ```
//! # async fn program(stream: &mut heist::net::TcpStream) -> std::io::Result<()> {
//! let mut buffer = [0; 8];
//! let read = stream.read(&mut buffer);
//! read.await?;
//! println!("{buffer:?}");
//! # Ok(())
//! # }
//! ```
