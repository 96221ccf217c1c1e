//! Generators and coroutines on stable Rust: Python's whole protocol, without an allocation and without a runtime.
//!
//! How it works inside stands in `DESIGN.md` of this room.

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
mod shared;
mod stream;

#[cfg(test)]
mod models;

#[doc(hidden)]
pub mod airlock;

/// What macro expansions call for `yield from`.
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
pub use co::{AsyncRoutine, Body, Co, Routine, Yielding, async_routine, routine};
pub use coroutine::{CoroutineExt, Primed, PrimedError};
pub use delegate::{ResumedWith, resumed_with};
pub use fallible::{Discard, GeneratorExt, TryIter};
pub use machine::{Code, Coroutine, Generator, Machine};
pub use protocol::{AlreadyExecuting, CloseError, Next, Outcome, Raise, SendError, StartError, State, Step};
pub use resume::Resume;
pub use shared::{Claim, Shared};
pub use stream::TryStream;

/// Writes a generator: an iterator whose body is code that yields.
///
/// The input is a body (an expression of type [`Machine`]) or function items.
///
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
///
/// `yield x` is an expression of type `()`; `return` and `?` are the body's own; a value that it returns comes back
/// from [`Resume::resume`] and from `yield from`. `yield from OPERAND` delegates to anything iterable and to other
/// generators (one that has ended has no value left: delegating to it panics); it is recognised where an operand follows `from`: an identifier, a literal, `(`, `[` or `&`.
/// A `yield` may stand in the arguments of other macros, but not in a closure, an async block or a nested item.
/// `.await` is an error here: see [`async_generator!`].
///
/// A body owns what it captures, as an `async move` block does: it can be returned, and it cannot yield borrows of what
/// it owns. Borrow before it where the local has to stay outside:
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
/// Attributes in a body mean what they mean in a function, `#[cfg(..)]` on a `yield` included; `#![..]` at its beginning
/// stands for all of it. A generator that delegates to itself is boxed there: `yield from Box::pin(walk(child))`. A trait
/// declares `fn items(&self) -> Generator<u32, impl Code>;`, which an item in the `impl` fulfils. One that returns a
/// `Result` has [`try_iter`](Machine::try_iter).
#[cfg(feature = "macros")]
pub use crate::__generator as generator;

/// Writes a coroutine: `yield x` hands `x` out and evaluates to what the caller passes in.
///
/// The header names what is sent, and what may be thrown: `|_: Sent|` or `|_: Sent, Thrown|`; without a header, `()`
/// is sent and nothing is thrown. `yield x` is an [`Outcome<Sent, Thrown>`](Outcome), and so is the body's result:
/// end it with `Ok(value)`.
///
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
/// The clauses of an item are `yields T`, `takes T`, `throws T` and `returns T`; only the first is required.
/// Delegation, closures and nested macros are as in [`generator!`].
#[cfg(feature = "macros")]
pub use crate::__coroutine as coroutine;

/// Writes an asynchronous generator: a `Stream` whose body awaits and yields.
///
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
/// `yield from` also takes streams and asynchronous generators. Dropping the stream drops the body where it stands.
#[cfg(feature = "macros")]
pub use crate::__async_generator as async_generator;

/// Writes an asynchronous coroutine; the header and the items are those of [`coroutine!`].
#[cfg(feature = "macros")]
pub use crate::__async_coroutine as async_coroutine;

/// `try` as an expression: `?` inside it leaves the block, not the function, and the block's value is the `Result`.
///
/// `return` still leaves the function around it; so do `break` and `continue` with the loop around it (outside of
/// generator bodies, label that loop).
///
/// ```
/// use heist::generator::attempt;
///
/// let sum: Result<i32, std::num::ParseIntError> = attempt! { "1".parse::<i32>()? + "two".parse::<i32>()? };
/// assert!(sum.is_err());
/// ```
#[cfg(feature = "macros")]
pub use heist_macros::attempt;
