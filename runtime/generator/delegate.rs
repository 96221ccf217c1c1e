//! `yield from` in synchronous bodies: the operands that can be delegated to, and how send, throw
//! and close pass through.
//!
//! The macro writes the loop into the body, so that each `yield` of the loop stands directly there.
//! The loop asks a [`Delegate`] for one step at a time. Method resolution chooses the delegate of
//! an operand: the macro calls `via` on a triple reference to a [`Via`], and each reference that
//! resolution strips off is the next choice.

use core::cell::Cell;
use core::marker::PhantomData;
use core::pin::Pin;

use pin_project_lite::pin_project;

use super::airlock::YieldGate;
use super::protocol::{Next, Outcome, Raise, State, Step};
use super::resume::Resume;

/// Something a body can delegate to, seen from a body whose resume argument is `A`.
pub trait Delegate<A> {
    /// The type of the values that it hands out.
    type Yield;
    /// The type that the `yield from` expression evaluates to.
    type Return;
    /// The first step: nothing was sent yet.
    fn start(self: Pin<&mut Self>) -> Step<Self::Yield, Self::Return>;
    /// Passes on the argument that the outer body was resumed with.
    fn resume(self: Pin<&mut Self>, argument: A) -> Step<Self::Yield, Self::Return>;
}

/// The operand of a `yield from` in a body whose resume argument is `A`.
pub struct Via<T, A>(Cell<Option<T>>, PhantomData<fn(A)>);

impl<T, A> Via<T, A> {
    #[inline(always)]
    pub(super) fn new(operand: T) -> Self {
        Via(Cell::new(Some(operand)), PhantomData)
    }

    #[inline(always)]
    pub(super) fn operand(&self) -> T {
        self.0.take().expect("the expansion takes the operand once")
    }
}

impl<Y, A> YieldGate<Y, A> {
    /// Wraps the operand of a `yield from`.
    #[inline(always)]
    pub fn via<T>(&self, operand: T) -> Via<T, A> {
        Via::new(operand)
    }

    /// The delegate's first step, its items tied to the body's.
    #[inline(always)]
    pub fn start<D: Delegate<A, Yield = Y>>(&self, delegate: Pin<&mut D>) -> Step<Y, D::Return> {
        delegate.start()
    }

    /// The delegate's next step.
    #[inline(always)]
    pub fn resume<D: Delegate<A, Yield = Y>>(
        &self,
        delegate: Pin<&mut D>,
        argument: A,
    ) -> Step<Y, D::Return> {
        delegate.resume(argument)
    }
}

/// First choice: a generator or coroutine that takes the same resume argument.
pub trait ViaResume {
    /// The delegate.
    type Delegate;
    /// Chooses it.
    fn via(&self) -> Self::Delegate;
}

impl<G: Resume<Argument = A>, A> ViaResume for &&Via<G, A> {
    type Delegate = Sub<G>;

    #[inline(always)]
    fn via(&self) -> Sub<G> {
        Sub { body: self.operand() }
    }
}

/// Second choice: a plain generator inside a coroutine. It cannot be sent to; its return value
/// comes back.
pub trait ViaPlain {
    /// The delegate.
    type Delegate;
    /// Chooses it.
    fn via(&self) -> Self::Delegate;
}

impl<G: Resume<Argument = Next>, A> ViaPlain for &Via<G, A> {
    type Delegate = Plain<G>;

    #[inline(always)]
    fn via(&self) -> Plain<G> {
        Plain { body: self.operand() }
    }
}

/// Last choice: anything iterable. The bound stands on the method, so that the error for other
/// operands names it.
pub trait ViaIterator {
    /// The operand.
    type Operand;
    /// Chooses its iterator.
    fn via(&self) -> Items<<Self::Operand as IntoIterator>::IntoIter>
    where
        Self::Operand: IntoIterator;
}

impl<T, A> ViaIterator for Via<T, A> {
    type Operand = T;

    #[inline(always)]
    fn via(&self) -> Items<T::IntoIter>
    where
        T: IntoIterator,
    {
        Items(self.operand().into_iter())
    }
}

pin_project! {
    /// A body that takes the same argument as the outer body.
    pub struct Sub<G> {
        #[pin]
        pub(super) body: G,
    }
}

impl<G: Resume<Argument = Next>> Delegate<Next> for Sub<G> {
    type Yield = G::Yield;
    type Return = G::Return;

    #[inline]
    fn start(self: Pin<&mut Self>) -> Step<G::Yield, G::Return> {
        self.project().body.resume(Some(Next))
    }

    #[inline]
    fn resume(self: Pin<&mut Self>, argument: Next) -> Step<G::Yield, G::Return> {
        self.project().body.resume(Some(argument))
    }
}

impl<G, S, R, E> Delegate<Outcome<S, E>> for Sub<G>
where
    G: Resume<Argument = Outcome<S, E>, Return = Outcome<R, E>>,
{
    type Yield = G::Yield;
    type Return = Outcome<R, E>;

    #[inline]
    fn start(self: Pin<&mut Self>) -> Step<G::Yield, Self::Return> {
        let body = self.project().body;
        assert!(
            body.state() != State::Suspended,
            "`yield from` a coroutine that was started before: give it `resumed_with(value)`, the value of its yield"
        );
        body.resume(None)
    }

    #[inline]
    fn resume(self: Pin<&mut Self>, argument: Outcome<S, E>) -> Step<G::Yield, Self::Return> {
        let exit = matches!(argument, Err(Raise::Exit));
        after(exit, self.project().body.resume(Some(argument)))
    }
}

/// PEP 380: while the outer body is being closed, a sub-body that returns does not end the exit:
/// the exit goes on in the outer body. If the sub-body yields, the value is handed on, and the
/// outermost `close` reports `IgnoredExit`.
#[inline(always)]
pub(super) fn after<Y, R, E>(exit: bool, step: Step<Y, Outcome<R, E>>) -> Step<Y, Outcome<R, E>> {
    match step {
        Step::Returned(Ok(_)) if exit => Step::Returned(Err(Raise::Exit)),
        step => step,
    }
}

pin_project! {
    /// A plain generator inside a coroutine.
    pub struct Plain<G> {
        #[pin]
        pub(super) body: G,
    }
}

impl<G: Resume<Argument = Next>, S, E> Delegate<Outcome<S, E>> for Plain<G> {
    type Yield = G::Yield;
    type Return = Outcome<G::Return, E>;

    #[inline]
    fn start(self: Pin<&mut Self>) -> Step<G::Yield, Self::Return> {
        match self.project().body.resume(Some(Next)) {
            Step::Yielded(value) => Step::Yielded(value),
            Step::Returned(value) => Step::Returned(Ok(value)),
        }
    }

    #[inline]
    fn resume(self: Pin<&mut Self>, argument: Outcome<S, E>) -> Step<G::Yield, Self::Return> {
        match argument {
            Ok(_) => Delegate::<Outcome<S, E>>::start(self),
            Err(raise) => {
                self.project().body.abort();
                Step::Returned(Err(raise))
            }
        }
    }
}

/// The items of an iterator. A value that is sent to it is ignored; an exception is raised at the
/// `yield from`.
pub struct Items<I>(pub(super) I);

impl<I> Unpin for Items<I> {}

impl<I: Iterator> Delegate<Next> for Items<I> {
    type Yield = I::Item;
    type Return = ();

    #[inline]
    fn start(mut self: Pin<&mut Self>) -> Step<I::Item, ()> {
        self.0.next().map_or(Step::Returned(()), Step::Yielded)
    }

    #[inline]
    fn resume(mut self: Pin<&mut Self>, _: Next) -> Step<I::Item, ()> {
        self.0.next().map_or(Step::Returned(()), Step::Yielded)
    }
}

impl<I: Iterator, S, E> Delegate<Outcome<S, E>> for Items<I> {
    type Yield = I::Item;
    type Return = Outcome<(), E>;

    #[inline]
    fn start(mut self: Pin<&mut Self>) -> Step<I::Item, Self::Return> {
        self.0.next().map_or(Step::Returned(Ok(())), Step::Yielded)
    }

    #[inline]
    fn resume(mut self: Pin<&mut Self>, argument: Outcome<S, E>) -> Step<I::Item, Self::Return> {
        match argument {
            Ok(_) => self.0.next().map_or(Step::Returned(Ok(())), Step::Yielded),
            Err(raise) => Step::Returned(Err(raise)),
        }
    }
}

/// A body whose first argument is already chosen; [`resumed_with`] returns it.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Resume, State, coroutine, resumed_with};
///
/// let mut inner = Box::pin(coroutine! { |_: u32| let got = (yield 0)?; (yield got)?; Ok(()) });
/// inner.start().unwrap();
/// // For the body that delegates to it, it is new.
/// assert_eq!(resumed_with(inner, 7).state(), State::Created);
/// ```
#[derive(Debug)]
pub struct ResumedWith<G, S> {
    body: G,
    first: Option<S>,
}

/// Prepares a coroutine that was started elsewhere for `yield from`: its pending `yield` receives
/// `value`.
///
/// Python sends `None` there; a typed coroutine needs a value.
///
/// # Examples
/// ```
/// use heist::generator::{CoroutineExt, Step, coroutine, resumed_with};
/// use std::pin::pin;
///
/// let mut inner = Box::pin(coroutine! { |_: &'static str|
///     let got = (yield "a")?;
///     (yield got)?;
///     Ok(())
/// });
/// assert_eq!(inner.start(), Ok(Step::Yielded("a")));
/// let mut outer = pin!(coroutine! { |_: &'static str| yield from resumed_with(inner, "b") });
/// assert_eq!(outer.start(), Ok(Step::Yielded("b")));
/// ```
pub fn resumed_with<G, S, E>(body: G, value: S) -> ResumedWith<G, S>
where
    G: Resume<Argument = Outcome<S, E>> + Unpin,
{
    ResumedWith { body, first: Some(value) }
}

impl<G: Unpin, S> Unpin for ResumedWith<G, S> {}

impl<G, S, E> Resume for ResumedWith<G, S>
where
    G: Resume<Argument = Outcome<S, E>> + Unpin,
{
    type Yield = G::Yield;
    type Argument = Outcome<S, E>;
    type Return = G::Return;

    fn state(&self) -> State {
        match (self.body.state(), &self.first) {
            (State::Suspended, Some(_)) => State::Created,
            (state, _) => state,
        }
    }

    fn resume(mut self: Pin<&mut Self>, argument: Option<Outcome<S, E>>) -> Step<G::Yield, G::Return> {
        let argument = match self.first.take() {
            Some(value) => Some(Ok(value)),
            None => argument,
        };
        Pin::new(&mut self.body).resume(argument)
    }

    fn abort(mut self: Pin<&mut Self>) {
        Pin::new(&mut self.body).abort();
    }
}
