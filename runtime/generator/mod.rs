//! # What
//! Generators and coroutines on stable Rust: Python's whole protocol, without an allocation and without a runtime.
//!
//! ```
//! use heist::generator::{CoroutineExt, Step, coroutine, generator};
//! use std::pin::pin;
//!
//! // A generator is an iterator.
//! let squares = generator! { for n in 0_u64.. { yield n * n; } };
//! assert_eq!(squares.into_iter().skip(3).take(3).collect::<Vec<_>>(), [9, 16, 25]);
//!
//! // A coroutine is sent to, thrown into and closed.
//! let mut average = pin!(coroutine! { |_: f64|
//!     let (mut sum, mut count) = (0.0, 0.0);
//!     let mut average = None;
//!     loop {
//!         sum += (yield average)?;
//!         count += 1.0;
//!         average = Some(sum / count);
//!     }
//!     #[allow(unreachable_code)]
//!     Ok(())
//! });
//! assert_eq!(average.start(), Ok(Step::Yielded(None)));
//! assert_eq!(average.send(10.0), Ok(Step::Yielded(Some(10.0))));
//! assert_eq!(average.send(20.0), Ok(Step::Yielded(Some(15.0))));
//! assert_eq!(average.close(), Ok(None));
//! ```
//!
//! Five macros write the bodies; [`Co`] is the form without a macro, in which functions of their own may yield.
//!
//! | | plain: `yield x` is `()` | coroutine: `yield x` is `Result<Sent, Raise<Thrown>>` |
//! |---|---|---|
//! | synchronous | [`generator!`] → [`Generator`], an `Iterator` | [`coroutine!`] → [`Coroutine`], with [`CoroutineExt`] |
//! | asynchronous | [`async_generator!`] → [`AsyncGenerator`], a `Stream` | [`async_coroutine!`] → [`AsyncCoroutine`], with [`AsyncCoroutineExt`] |
//!
//! [`attempt!`] is `try`: a block whose value is the `Result` that `?` would have returned.
//!
//! # From Python
//!
//! | Python | heist |
//! |---|---|
//! | `def f(): yield x` | `fn f() -> Generator<X, impl Code> { generator! { yield x; } }`, or the item form `generator! { fn f() -> yields X { yield x; } }` |
//! | `for x in f():` | `for x in f()` (boxed), `for x in pin!(f())` (on the stack) |
//! | `next(g)`, `next(g, default)` | `g.next()`, `g.next().unwrap_or(default)` |
//! | `StopIteration` | `None`, for ever |
//! | `StopIteration.value`, `return v` | `Step::Returned(v)` |
//! | `x = yield y` | `let x = (yield y)?;` |
//! | `g.send(None)` on a new coroutine | `g.start()`, or `g.primed()` |
//! | `g.send(v)` | `g.send(v)` |
//! | `g.throw(e)` | `g.throw(e)` |
//! | `g.close()` | `g.close()`; for plain generators, drop |
//! | `GeneratorExit` at a `yield` | `Err(Raise::Exit)` |
//! | `TypeError: can't send non-None value to a just-started generator` | `SendError::NotStarted(v)`: the value comes back |
//! | `RuntimeError: generator ignored GeneratorExit` | `CloseError::IgnoredExit(y)` |
//! | `ValueError: generator already executing` | `AlreadyExecuting`, by [`Shared`]; else a borrow error |
//! | `inspect.getgeneratorstate(g)` | `g.state()` |
//! | `v = yield from sub()` | `let v = (yield from sub())?;` in coroutines, `let v = yield from sub();` in generators |
//! | `try: .. except E: .. finally: ..` | `let r = attempt! { .. }; cleanup; match r { Err(Raise::Error(e)) => .. }` |
//! | `with closing(g):` | `pin!(g)`: the end of the scope drops it |
//! | `async def f(): yield x` | [`async_generator!`] |
//! | `async for x in f():` | `while let Some(x) = stream.next().await` |
//! | `g.asend(v)`, `athrow`, `aclose` | the same names, by [`AsyncCoroutineExt`] |
//! | `async with aclosing(g):` | `aclosing(g, async \|g\| ..).await` |
//! | `@types.coroutine` under `await` | [`Co`]: `async fn step(co: &mut Co<'_, Y, A>)` yields through any chain of awaits |
//! | `raise StopIteration` inside (PEP 479) | cannot be written |
//!
//! # Generators that may fail
//! A body may use `?` if it returns a `Result`: `-> yields Y, returns Result<(), E>` and `Ok(())` at the end. A loop
//! sees what is yielded only, and would lose the error. So such a generator is no iterator; [`Machine::try_iter`] makes
//! one of it whose items are results, the error being the last. For pinned ones there is [`GeneratorExt::try_iter`],
//! for asynchronous ones [`AsyncMachine::into_try_stream`]. Other return values are lost by loops only if they are
//! [`Discard`].
//!
//! ```
//! use heist::generator::generator;
//!
//! generator! {
//!     fn squares(words: &[&str]) -> yields u32, returns Result<(), std::num::ParseIntError> {
//!         for word in words {
//!             yield word.parse::<u32>()?.pow(2);
//!         }
//!         Ok(())
//!     }
//! }
//! let mut sum = 0;
//! for square in squares(&["1", "2"]).try_iter() {
//!     sum += square?;
//! }
//! assert_eq!(sum, 5);
//! assert!(squares(&["1", "two"]).try_iter().any(|square| square.is_err()));
//! # Ok::<(), std::num::ParseIntError>(())
//! ```
//!
//! # From generator-coroutines to async/await
//! Code written as `@asyncio.coroutine` with `yield from` moves by substitution: the function becomes `async fn`,
//! `yield from` becomes `.await`, `return v` stays, priming disappears, and the loop that called `send` becomes
//! `block_on` or `spawn`. Keep a coroutine where values go both ways between two pieces of code in one thread
//! (producer and consumer, parsers, state machines); take async/await where the other side is I/O. `examples/generators`
//! has both sides of the substitution.
//!
//! # Algorithm
//! 1. A macro writes the body as an async block and each `yield x` as: put `x` into a frame, suspend once, take the
//!    argument out of the frame.
//! 2. Synchronous: the driver's frame is on its stack, and its address is the data pointer of the waker that the body
//!    is polled with. The body keeps no pointer across a suspension, so a loop over a generator compiles to the loop.
//! 3. Asynchronous: the same, and the frame also holds the caller's context. The macro writes each `.await` of the body
//!    so that what is awaited is polled with that context: it sees the task's own waker. `Pending` with a value in the
//!    frame is a yield, without one it is an `.await`. What a foreign macro polls by itself (the arms of `select!`) sees
//!    the frame's waker, which stands for the task's: waking it wakes the task, and a clone of it is the task's own.
//! 4. `yield from` is a loop in the body over a delegate's steps; what the body is resumed with goes to the delegate.
//!    At a closing (`Exit`) a delegate that returns does not end the exit. Each level of delegation costs its share
//!    per item.
//!
//! 5. Attributes stay on what replaces the code that they stand on, and an error of the macro takes the place of the
//!    code that is wrong: what is configured out is out. What the compiler says points to the user's expression: each
//!    operand is an argument of its own, and the result type is named before the first `return`.
//! 6. The macros that users call are `macro_rules` of this crate: they pass `$crate` to the procedural ones, so that
//!    heist is found under any name. `#[heist::main]` and `#[heist::test]` look it up.
//!
//! # Invariants
//! - `[tied]` A body and its machine agree on the frame's types: both come from one `tie`, invariant in them, and only
//!   macro expansions call it.
//! - `[direct]` Every exchange stands directly in the body: it holds a `break` to the body's label, which no closure,
//!   nested async block or constant can contain. So a suspension of ours is a suspension of the machine's body.
//! - `[argued]` A body is resumed at a `yield` only with an argument (`resume` and `poll_resume` assert it), and takes it
//!   before anything else.
//! - `[closed-is-empty]` A body that has returned or panicked owns nothing, and `Closed` is set before each poll; so
//!   `Closed` never needs a drop and every other state needs exactly one.
//! - `[in-place]` Machines are `!Unpin`, and a body never moves after its first poll.
//! - `[one-claim]` A body behind [`Shared`] handles is touched only by the one [`Claim`] that has set its word.
//! - `[scoped]` A [`Co`] cannot leave its body: its lifetime is invariant and unknown to the body's code.
//!
//! # Orderings
//!
//! | release | acquire | publishes |
//! |---|---|---|
//! | the end of a [`Claim`] stores the state | the next claim; [`Shared::state`] | what the step did to the body, `[one-claim]` |
//!
//! # Rejected
//! - A pointer to the frame kept in the body: 2.7 ns per item against 0.0, as the optimiser must assume that it is
//!   shared. A thread-local pointer: costs in real polls, and another crate's yields can find it by accident.
//! - The frame of an asynchronous body in its machine, its address told to the body at its first poll (until
//!   2026-11-21): 30 instructions per yield in a loop against 5 now, 46 against 30 through a box.
//! - 2026-11-21, instructions per yield of a boxed asynchronous generator, 30 now: fetching the frame by an await of its
//!   own, 32; one future that hands out and receives, told apart by the argument, 41, by an `Option` around the value, 35.
//! - A flag in each suspension that says whether it was resumed: the frame knows. 38 against 32 in a boxed generator.
//! - `Shared` by `Rc<RefCell>`: its handles could not leave their thread. By a mutex: it waits, and needs std.
//! - Recognising the frame by its address: an address is reused; three published crates are unsound by it.
//! - Wrapping the waker of all that an asynchronous body awaits: it defeats `will_wake`.
//! - Stackful coroutines: a stack each, never `Send`, and forgetting one is unsound with scoped threads.
//! - `#[generator] fn`: the compiler refuses `yield` in the input of an attribute macro.
//! - 2026-11-29, to warn of a `for` loop that loses an error: no lint sees an impl being used, and a machine type of its
//!   own for bodies that return a `Result` would change every signature that names one. Iterators for `()` only would
//!   refuse loops over every body that returns something else.
//!
//! # Cautions
//! - Time-outs and task groups around a `yield` (PEP 789). In the macros a time-out cannot surround one: its block is an
//!   async block, where a `yield` does not compile. With [`Co`] it can. Cancellation here is the drop of what is inside,
//!   so it never hits the consumer; but the consumer's time counts, and a time-out that ran out meanwhile ends the block
//!   at the first `.await` after the `yield`. A `JoinSet` held across a `yield` runs while the consumer has the item,
//!   and is aborted when the generator is dropped. (`tests/generator_threads.rs` shows each.)
//! - A stream that is not polled does no work: what a body has in flight stands still while its consumer awaits.
//! - A coroutine that holds a [`Shared`] handle of itself is a reference cycle.
//!
//! # Verified by
//! - `tests/GENERATORS.md`: 147 behaviours that CPython's own tests assert, each with its test; `tests/tidy` checks that
//!   they are there. `tests/generator_threads.rs`: shared handles, and bodies on the runtime.
//! - `models.rs`: `[one-claim]`, in every interleaving.
//! - `tests/generator_attributes.rs`, `tests/generator_fallible.rs`, `tests/macros_renamed.rs`: attributes, errors that
//!   no loop loses, heist under other names.
//! - `tests/compile_fail`: what must not compile, and with which error: `[direct]`, `[scoped]`, `[tied]`.
//! - `tests/generator_soundness.rs`: the holes of other crates. `ci/asan.sh`: all of these under the address sanitizer,
//!   for `[argued]`, `[closed-is-empty]` and `[in-place]`.
//! - `ci/no_std.sh`: the room compiles without std.
//! - `benches generators`, 2026-11-21: per yield 1.00 of a hand-written iterator's time (5 instructions each), 0.08 of
//!   genawaiter's; an asynchronous yield 0.33 of async-stream's (5 instructions against 8), through a box 0.77 to 0.92 (30
//!   against 47).

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
