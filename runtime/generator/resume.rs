//! The object-safe core that every synchronous generator and coroutine implements.

use core::ops::DerefMut;
use core::pin::Pin;

use super::protocol::{State, Step};

/// A suspended body that can be resumed: the core under iterators, `send`, `throw`, `close` and
/// `yield from`.
///
/// It is object-safe: `Pin<Box<dyn Resume<Yield = .., Argument = .., Return = ..>>>` is the element
/// of a run queue. Callers rarely use it directly; see [`CoroutineExt`](super::CoroutineExt) and
/// `Iterator`.
///
/// # Examples
/// ```
/// use heist::generator::{Next, Resume, Step, generator};
/// use std::{collections::VecDeque, pin::Pin};
///
/// type Job = dyn Resume<Yield = &'static str, Argument = Next, Return = ()>;
/// let mut jobs: VecDeque<Pin<Box<Job>>> = VecDeque::new();
/// jobs.push_back(Box::pin(generator! { yield "a1"; yield "a2"; }));
/// jobs.push_back(Box::pin(generator! { yield "b1"; }));
///
/// let mut steps = Vec::new();
/// while let Some(mut job) = jobs.pop_front() {
///     if let Step::Yielded(step) = job.as_mut().resume(Some(Next)) {
///         steps.push(step);
///         jobs.push_back(job);
///     }
/// }
/// assert_eq!(steps, ["a1", "b1", "a2"]);
/// ```
pub trait Resume {
    /// The type of the values that each `yield` hands out.
    type Yield;
    /// The type that each `yield` evaluates to: [`Next`](super::Next), or
    /// [`Outcome<S, E>`](super::Outcome).
    type Argument;
    /// The type of the value that the body returns.
    type Return;

    /// Where the body stands.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Resume, State, generator};
    ///
    /// assert_eq!(Resume::state(&generator! { yield 1; }), State::Created);
    /// ```
    fn state(&self) -> State;

    /// Runs the body to its next `yield` or its end. A body that has not started drops the
    /// argument.
    ///
    /// # Panics
    /// Panics if the body is closed, if it is suspended at a `yield` and the argument is `None`, if
    /// it is synchronous and awaits a future that is not ready, or if the body panics. After the
    /// last two it is closed, and everything that it owned has been dropped.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Next, Resume, Step, generator};
    /// use std::pin::pin;
    ///
    /// let mut numbers = pin!(generator! { yield 1; "done" });
    /// assert_eq!(numbers.as_mut().resume(Some(Next)), Step::Yielded(1));
    /// assert_eq!(numbers.as_mut().resume(Some(Next)), Step::Returned("done"));
    /// ```
    fn resume(self: Pin<&mut Self>, argument: Option<Self::Argument>) -> Step<Self::Yield, Self::Return>;

    /// Drops the body in place, at the `yield` where it stands: the destructors of its locals are
    /// its `finally`. The body is closed afterwards. Does nothing if it was closed before.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Resume, State, generator};
    /// use std::pin::pin;
    ///
    /// let mut numbers = pin!(generator! { yield 1; });
    /// numbers.as_mut().abort();
    /// assert_eq!(Resume::state(&numbers), State::Closed);
    /// assert_eq!(numbers.next(), None);
    /// ```
    fn abort(self: Pin<&mut Self>);
}

/// A pinned handle of a body is a body, so `yield from g.as_mut()` and `yield from boxed` work.
impl<P> Resume for Pin<P>
where
    P: DerefMut + Unpin,
    P::Target: Resume,
{
    type Yield = <P::Target as Resume>::Yield;
    type Argument = <P::Target as Resume>::Argument;
    type Return = <P::Target as Resume>::Return;

    #[inline]
    fn state(&self) -> State {
        (**self).state()
    }

    #[inline]
    fn resume(self: Pin<&mut Self>, argument: Option<Self::Argument>) -> Step<Self::Yield, Self::Return> {
        self.get_mut().as_mut().resume(argument)
    }

    #[inline]
    fn abort(self: Pin<&mut Self>) {
        self.get_mut().as_mut().abort();
    }
}
