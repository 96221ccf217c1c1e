//! The object-safe core that every synchronous generator and coroutine implements.

use core::ops::DerefMut;
use core::pin::Pin;

use super::protocol::{State, Step};

/// A suspended body that can be resumed: the core under iterators, `send`, `throw`, `close` and `yield from`.
///
/// It is object-safe: `Pin<Box<dyn Resume<Yield = .., Argument = .., Return = ..>>>` is the element of a run queue.
/// Callers rarely use it directly; see [`CoroutineExt`](super::CoroutineExt) and `Iterator`.
pub trait Resume {
    /// What each `yield` hands out.
    type Yield;
    /// What each `yield` evaluates to: [`Next`](super::Next), or [`Outcome<S, E>`](super::Outcome).
    type Argument;
    /// What the body ends with.
    type Return;

    /// Where the body stands.
    fn state(&self) -> State;

    /// Runs the body to its next `yield` or its end. A body that has not started drops the argument.
    ///
    /// # Panics
    /// If the body is closed, if it is suspended at a `yield` and the argument is `None`, or if the body panics
    /// (then it is closed, and everything it owned has been dropped).
    fn resume(self: Pin<&mut Self>, argument: Option<Self::Argument>) -> Step<Self::Yield, Self::Return>;

    /// Drops the body in place, at whatever `yield` it stands: its locals' destructors are its `finally`. Closed
    /// afterwards; does nothing if it already was.
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
