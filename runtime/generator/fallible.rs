//! Bodies that end with a `Result`: the values that a loop may drop, and the iterator that drops no
//! error.

use core::convert::Infallible;
use core::future::Future;
use core::iter::FusedIterator;
use core::ops::DerefMut;
use core::pin::Pin;
use core::time::Duration;

use super::alloc::borrow::{Cow, ToOwned};
use super::alloc::boxed::Box;
use super::alloc::rc::Rc;
use super::alloc::string::String;
use super::alloc::sync::Arc;
use super::alloc::vec::Vec;
use super::machine::Machine;
use super::protocol::{Next, State, Step};
use super::resume::Resume;

/// A return value that a loop may drop.
///
/// A `for` loop, and every other consumer of an iterator or a stream, takes the values that a
/// generator yields and drops the value that it returns. So a generator is an iterator only if its
/// return value may be dropped. `Result` is not `Discard`, neither alone nor inside of another
/// type, because its error would be lost silently. Use [`Machine::try_iter`] or `into_try_stream`
/// there.
///
/// Implement it for return types of your own that a loop may drop.
///
/// # Examples
/// ```
/// use heist::generator::{Discard, generator};
///
/// struct Summary { lines: usize }
/// impl Discard for Summary {}
///
/// let read = generator! { yield "one"; yield "two"; Summary { lines: 2 } };
/// assert_eq!(read.into_iter().count(), 2);
/// ```
///
/// A loop over a generator that may fail does not compile:
/// ```compile_fail,E0277
/// use heist::generator::generator;
///
/// let numbers = generator! { yield "x".parse::<i32>()?; Ok::<(), std::num::ParseIntError>(()) };
/// for number in numbers {}
/// ```
pub trait Discard {}

/// The function type of a body that a loop may run over: it returns a value that may be dropped, or
/// never returns. (On the function type, because stable Rust can write `!` only there.)
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a loop over this generator would lose what it returns",
    label = "its body is a `{Self}`, whose value is no `Discard`",
    note = "take its items as results, the error of a returned `Result` as the last of them: `.try_iter()` in front of \
            a loop, `.into_try_stream()` if it is asynchronous",
    note = "or drive it by `resume`, whose last step is the value; or `impl Discard` for a type that may be dropped"
)]
pub trait LosesNothing {}

impl<R: Discard> LosesNothing for fn() -> R {}
impl LosesNothing for fn() -> ! {}

impl Discard for () {}
impl Discard for Infallible {}
impl Discard for bool {}
impl Discard for char {}
impl Discard for str {}
impl Discard for String {}
impl Discard for u8 {}
impl Discard for u16 {}
impl Discard for u32 {}
impl Discard for u64 {}
impl Discard for u128 {}
impl Discard for usize {}
impl Discard for i8 {}
impl Discard for i16 {}
impl Discard for i32 {}
impl Discard for i64 {}
impl Discard for i128 {}
impl Discard for isize {}
impl Discard for f32 {}
impl Discard for f64 {}
impl Discard for Duration {}
impl<A: Discard> Discard for (A,) {}
impl<A: Discard, B: Discard> Discard for (A, B) {}
impl<A: Discard, B: Discard, C: Discard> Discard for (A, B, C) {}
impl<A: Discard, B: Discard, C: Discard, D: Discard> Discard for (A, B, C, D) {}
impl<T: ?Sized> Discard for &T {}
impl<T: ?Sized> Discard for &mut T {}
impl<T: Discard> Discard for Option<T> {}
impl<T: Discard> Discard for [T] {}
impl<T: Discard, const N: usize> Discard for [T; N] {}
impl<T: Discard> Discard for Vec<T> {}
impl<T: Discard + ?Sized> Discard for Box<T> {}
impl<T: ?Sized> Discard for Rc<T> {}
impl<T: ?Sized> Discard for Arc<T> {}
impl<T: ToOwned<Owned: Discard> + ?Sized> Discard for Cow<'_, T> {}

/// The items of a generator that returns a `Result`: each as `Ok`, then the error, if the generator
/// returned one, as `Err`; `None` at every later call.
///
/// [`Machine::try_iter`] and [`GeneratorExt::try_iter`] make it.
///
/// # Examples
/// ```
/// use heist::generator::generator;
///
/// let mut items = generator! { yield 1; Err::<(), _>("torn") }.try_iter();
/// assert_eq!((items.next(), items.next()), (Some(Ok(1)), Some(Err("torn"))));
/// assert_eq!(items.next(), None);
/// ```
#[derive(Debug)]
#[must_use = "an iterator runs nothing until it is iterated over"]
pub struct TryIter<P> {
    body: P,
}

impl<P, R, E> Iterator for TryIter<P>
where
    P: Resume<Argument = Next, Return = Result<R, E>> + Unpin,
    R: Discard,
{
    type Item = Result<P::Yield, E>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.body.state() == State::Closed {
            return None;
        }
        match Pin::new(&mut self.body).resume(Some(Next)) {
            Step::Yielded(item) => Some(Ok(item)),
            Step::Returned(Ok(_)) => None,
            Step::Returned(Err(error)) => Some(Err(error)),
        }
    }
}

impl<P, R, E> FusedIterator for TryIter<P>
where
    P: Resume<Argument = Next, Return = Result<R, E>> + Unpin,
    R: Discard,
{
}

impl<C, Y, R, E> Machine<C, Y, Next>
where
    C: Future<Output = Result<R, E>>,
    R: Discard,
{
    /// Returns an iterator of results over a generator that returns a `Result`: each item as `Ok`,
    /// then the error, if the generator returned one, as the last item.
    ///
    /// It boxes the generator; a pinned one has [`GeneratorExt::try_iter`].
    ///
    /// # Examples
    /// ```
    /// use heist::generator::generator;
    /// use std::num::ParseIntError;
    ///
    /// generator! {
    ///     fn numbers(text: &str) -> yields i32, returns Result<(), ParseIntError> {
    ///         for word in text.split(' ') {
    ///             yield word.parse()?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// fn sum(text: &str) -> Result<i32, ParseIntError> {
    ///     let mut sum = 0;
    ///     for number in numbers(text).try_iter() {
    ///         sum += number?;
    ///     }
    ///     Ok(sum)
    /// }
    /// assert_eq!(sum("1 2 3"), Ok(6));
    /// assert!(sum("1 x 3").is_err());
    /// // All items, or the first error:
    /// assert!(numbers("1 x 3").try_iter().collect::<Result<Vec<_>, _>>().is_err());
    /// ```
    pub fn try_iter(self) -> TryIter<Pin<Box<Self>>> {
        TryIter { body: Box::pin(self) }
    }
}

/// Methods of a pinned handle of a generator that `Iterator` does not have.
///
/// # Examples
/// ```
/// use heist::generator::{GeneratorExt, generator};
///
/// let numbers = Box::pin(generator! { yield 1; yield 2; Ok::<_, String>(()) });
/// assert_eq!(numbers.try_iter().collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2]));
/// ```
pub trait GeneratorExt<R, E>: Resume<Argument = Next, Return = Result<R, E>> + Sized {
    /// As [`Machine::try_iter`], for generators that are pinned or boxed already: `Pin<&mut _>`,
    /// `Pin<Box<_>>`, `Pin<Box<dyn Resume<..>>>`.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{GeneratorExt, generator};
    /// use std::pin::pin;
    ///
    /// let mut failing = pin!(generator! { yield 1; Err::<(), _>("torn") });
    /// let mut items = failing.as_mut().try_iter();
    /// assert_eq!(items.next(), Some(Ok(1)));
    /// assert_eq!(items.next(), Some(Err("torn")));
    /// assert_eq!(items.next(), None);
    /// ```
    fn try_iter(self) -> TryIter<Self>;
}

impl<P, R, E> GeneratorExt<R, E> for Pin<P>
where
    P: DerefMut + Unpin,
    P::Target: Resume<Argument = Next, Return = Result<R, E>>,
{
    fn try_iter(self) -> TryIter<Self> {
        TryIter { body: self }
    }
}

/// Implemented by nothing: it bounds the method that a generator has before it is pinned.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a generator has to be pinned before it runs",
    label = "not pinned",
    note = "pin it on the stack, `let mut g = std::pin::pin!(g);`, or box it, `let mut g = Box::pin(g);`; a `for` loop \
            does that by itself"
)]
pub trait Pinned {}

impl<C, Y> Machine<C, Y, Next> {
    /// It exists only for its error message: it can never be called.
    #[doc(hidden)]
    #[expect(clippy::should_implement_trait, reason = "the name is the one that users write by mistake")]
    pub fn next(&mut self) -> Option<Y>
    where
        Self: Pinned,
    {
        None
    }
}
