//! Generators and coroutines on stable Rust: Python's whole protocol, without a runtime.
//!
//! A generator is a function that hands out values one by one and keeps its place between them. A
//! coroutine also receives values, can be thrown into and be closed. Both have asynchronous forms.
//!
//! ```
//! use heist::generator::{CoroutineExt, Step, coroutine, generator};
//! use std::pin::pin;
//!
//! // A generator is an iterator.
//! let squares = generator! { for n in 0_u64.. { yield n * n; } };
//! assert_eq!(squares.into_iter().skip(3).take(3).collect::<Vec<_>>(), [9, 16, 25]);
//!
//! // A coroutine also receives values.
//! let mut sum = pin!(coroutine! { |_: u32|
//!     let mut sum = 0;
//!     while sum < 100 { sum += (yield sum)?; }
//!     Ok("full")
//! });
//! assert_eq!(sum.start(), Ok(Step::Yielded(0)));
//! assert_eq!(sum.send(42), Ok(Step::Yielded(42)));
//! assert_eq!(sum.send(58), Ok(Step::Returned("full")));
//! ```
//!
//! # Which one when
//! | | `yield x` is `()` | `yield x` is `Result<Sent, Raise<Thrown>>` |
//! |---|---|---|
//! | synchronous | [`generator!`] → [`Generator`], an `Iterator` | [`coroutine!`] → [`Coroutine`], with [`CoroutineExt`] |
//! | asynchronous | [`async_generator!`] → [`AsyncGenerator`], a `Stream` | [`async_coroutine!`] → [`AsyncCoroutine`], with [`AsyncCoroutineExt`] |
//!
//! - [`routine`] and [`async_routine`]: the same without a macro. The body holds a [`Co`], which it
//!   may lend to functions that yield for it.
//! - [`Machine::try_iter`]: a loop over a generator that returns a `Result`.
//! - [`Shared`]: a handle that several owners hold, on one thread or on many.
//! - [`attempt!`]: `try` as a block, whose value is the `Result` that `?` would have returned.
//!
//! A generator runs after it is pinned: `for x in g` boxes it, `pin!(g)` keeps it on the stack.
//!
//! # Errors
//! [`SendError`] gives back a value that was not delivered. [`StartError`], [`CloseError`],
//! [`PrimedError`] and [`AlreadyExecuting`] say why a call was refused, and [`Raise`] is the
//! exception that ended the body.
//!
//! # Panics
//! Nothing here needs a runtime. [`Resume::resume`] panics if the body has ended, and if a
//! synchronous body awaits a future that is not ready. A body that panics is closed.
//!
//! # Cancel safety
//! Dropping a generator drops its body where it stands; destructors of the body's locals run. If a
//! future of `next`, `asend` or another asynchronous step is dropped, the step stays in flight: the
//! next poll of the stream continues it, [`asettle`](AsyncCoroutineExt::asettle) waits for it.
//!
//! # Limits
//! The macros need the feature `macros` (on by default). A body is one async block: no `yield` in a
//! closure, in an async block or in a nested item of it.
#![doc = include_str!("../../docs/generator.md")]

// How it works inside stands in `DESIGN.md` of this room.

extern crate alloc;

mod async_coroutine;
mod async_delegate;
mod async_machine;
#[cfg(feature = "macros")]
mod at_home;
mod co;
mod coroutine;
mod delegate;
mod fallible;
mod iterator;
mod machine;
mod protocol;
mod resume;
mod routines;
mod shared;
mod stream;

#[cfg(test)]
mod models;

#[doc(hidden)]
pub mod airlock;

/// The names that the macros' expansions use.
#[doc(hidden)]
pub mod expansion {
    #[cfg(feature = "macros")]
    pub use heist_macros::{async_coroutine, async_generator, coroutine, generator};

    pub use super::async_delegate::{
        AsyncDelegate, AsyncViaIterator, AsyncViaPlain, AsyncViaResume, AsyncViaSync, ViaStream,
    };
    pub use super::delegate::{Delegate, ViaIterator, ViaPlain, ViaResume};
}

pub use async_coroutine::{AsyncCoroutineExt, aclosing};
pub use async_machine::{AsyncCoroutine, AsyncGenerator, AsyncMachine, AsyncResume};
pub use co::{Body, Co, Yielding};
pub use coroutine::{CoroutineExt, Primed, PrimedError};
pub use delegate::{ResumedWith, resumed_with};
pub use fallible::{Discard, GeneratorExt, TryIter};
pub use machine::{Code, Coroutine, Generator, Machine};
pub use protocol::{AlreadyExecuting, CloseError, Next, Outcome, Raise, SendError, StartError, State, Step};
pub use resume::Resume;
pub use routines::{AsyncRoutine, Routine, async_routine, routine};
pub use shared::{Claim, Shared};
pub use stream::TryStream;

/// Writes a generator: an iterator whose body is code that yields.
///
/// The input is a body (an expression of type [`Machine`]) or function items. Needs the feature
/// `macros` (on by default).
///
/// # The body
/// - `yield x` is an expression of type `()`. It may stand in the arguments of other macros, but
///   not in a closure, an async block or a nested item.
/// - `return` and `?` leave the body. A value that the body returns comes back from
///   [`Resume::resume`] and from `yield from`. A generator that returns a `Result` has
///   [`try_iter`](Machine::try_iter).
/// - `yield from OPERAND` delegates to anything iterable and to other generators. The macro
///   recognises it by what follows `from`: an identifier, a literal, `(`, `[` or `&`. Delegating to
///   a generator that has ended panics, because it has no value left to return.
/// - A generator that delegates to itself is boxed there: `yield from Box::pin(walk(child))`.
/// - `.await` is an error here: see [`async_generator!`].
/// - Attributes mean what they mean in a function, also `#[cfg(..)]` on a `yield`; `#![..]` at the
///   beginning of the body applies to all of it.
/// - A trait declares `fn items(&self) -> Generator<u32, impl Code>;`, and an item in the `impl`
///   fulfils it.
///
/// A body owns what it captures, as an `async move` block does. So it can be returned, and it
/// cannot yield borrows of what it owns. Borrow before the body if a local has to stay outside of
/// it:
///
/// ```
/// use heist::generator::generator;
///
/// let names = vec![String::from("a"), String::from("b")];
/// let borrowed = &names;
/// let each = generator! { for name in borrowed { yield name.as_str(); } };
/// assert_eq!(each.into_iter().collect::<String>(), "ab");
/// assert_eq!(names.len(), 2);
/// ```
///
/// # Examples
/// ```
/// use heist::generator::generator;
/// use std::pin::pin;
///
/// let evens = generator! { let mut n = 0; loop { yield n; n += 2; } };
/// assert_eq!(pin!(evens).take(3).sum::<i32>(), 6);
///
/// generator! {
///     /// All words of all lines.
///     pub fn words<'a>(lines: &'a [&'a str]) -> yields &'a str {
///         for line in lines {
///             yield from line.split_whitespace();
///         }
///     }
/// }
/// assert_eq!(words(&["to be", "or not"]).into_iter().count(), 4);
/// ```
#[cfg(feature = "macros")]
#[doc(inline)]
pub use crate::__generator as generator;

/// Writes a coroutine: `yield x` hands `x` out and evaluates to what the caller passes in.
///
/// The header names the type that is sent, and the type that may be thrown: `|_: Sent|` or
/// `|_: Sent, Thrown|`. Without a header, `()` is sent and nothing is thrown. `yield x` is an
/// [`Outcome<Sent, Thrown>`](Outcome), and so is the body's result: end it with `Ok(value)`. Needs
/// the feature `macros` (on by default).
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Step, coroutine};
/// use std::pin::pin;
///
/// coroutine! {
///     fn dialogue() -> yields &'static str, takes &'static str, returns String {
///         let received = (yield "Please send something")?;
///         (yield "Goodbye")?;
///         Ok(format!("received {received}"))
///     }
/// }
/// let mut dialogue = pin!(dialogue());
/// assert_eq!(dialogue.start(), Ok(Step::Yielded("Please send something")));
/// assert_eq!(dialogue.send("Hello"), Ok(Step::Yielded("Goodbye")));
/// assert_eq!(dialogue.send(""), Ok(Step::Returned("received Hello".to_string())));
/// ```
///
/// The clauses of an item are `yields T`, `takes T`, `throws T` and `returns T`; only the first is
/// required. Delegation, closures and nested macros work as in [`generator!`].
#[cfg(feature = "macros")]
#[doc(inline)]
pub use crate::__coroutine as coroutine;

/// Writes an asynchronous generator: a `Stream` whose body awaits and yields. Needs the feature
/// `macros` (on by default).
///
/// # Examples
/// ```
/// use futures::StreamExt;
/// use heist::generator::async_generator;
///
/// async_generator! {
///     fn chunks(limit: u32) -> yields String {
///         for number in 1..=limit {
///             std::future::ready(()).await;
///             yield format!("[chunk {number}]");
///         }
///     }
/// }
/// let read: Vec<String> = futures::executor::block_on(chunks(2).collect());
/// assert_eq!(read, ["[chunk 1]", "[chunk 2]"]);
/// ```
///
/// `yield from` also takes streams and asynchronous generators. Dropping the stream drops the body
/// where it stands.
#[cfg(feature = "macros")]
#[doc(inline)]
pub use crate::__async_generator as async_generator;

/// Writes an asynchronous coroutine; its header and its items are those of [`coroutine!`]. Needs
/// the feature `macros` (on by default).
///
/// # Examples
/// ```
/// use heist::generator::{AsyncCoroutineExt, Step, async_coroutine};
/// use std::pin::pin;
///
/// async_coroutine! {
///     fn doubled() -> yields u32, takes u32, returns () {
///         let first = (yield 0)?;
///         std::future::ready(()).await;
///         (yield 2 * first)?;
///         Ok(())
///     }
/// }
/// futures::executor::block_on(async {
///     let mut doubled = pin!(doubled());
///     assert_eq!(doubled.astart().await, Ok(Step::Yielded(0)));
///     assert_eq!(doubled.asend(21).await, Ok(Step::Yielded(42)));
///     assert_eq!(doubled.aclose().await, Ok(None));
/// });
/// ```
#[cfg(feature = "macros")]
#[doc(inline)]
pub use crate::__async_coroutine as async_coroutine;

/// `try` as an expression: `?` inside of it leaves the block, not the function, and the block's
/// value is the `Result`. Needs the feature `macros` (on by default).
///
/// `return` still leaves the function around it; so do `break` and `continue` with the loop around
/// it (outside of generator bodies, label that loop).
///
/// # Examples
/// ```
/// use heist::generator::attempt;
///
/// let sum: Result<i32, std::num::ParseIntError> =
///     attempt! { "1".parse::<i32>()? + "two".parse::<i32>()? };
/// assert!(sum.is_err());
/// ```
#[cfg(feature = "macros")]
pub use heist_macros::attempt;
