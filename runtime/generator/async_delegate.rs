//! `yield from` in asynchronous bodies: as in synchronous ones, with delegates whose steps may take
//! time.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::stream::Stream;
use pin_project_lite::pin_project;

use super::airlock::AsyncYieldGate;
use super::async_machine::AsyncResume;
use super::delegate::{Delegate, Items, Plain, Sub, Via, after};
use super::protocol::{Next, Outcome, Raise, State, Step};
use super::resume::Resume;

/// Something an asynchronous body can delegate to. The argument is `None` for the first step; the
/// delegate takes it when it receives it.
pub trait AsyncDelegate<A> {
    /// The type of the values that it hands out.
    type Yield;
    /// The type that the `yield from` expression evaluates to.
    type Return;
    /// Polls for the next step.
    fn poll_step(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<A>,
    ) -> Poll<Step<Self::Yield, Self::Return>>;
}

impl<Y, A> AsyncYieldGate<Y, A> {
    /// Wraps the operand of a `yield from`.
    #[inline(always)]
    pub fn via<T>(&self, operand: T) -> Via<T, A> {
        Via::new(operand)
    }

    /// The delegate's first step, its items tied to the body's.
    #[inline]
    pub fn start<D>(&self, delegate: Pin<&mut D>) -> impl Future<Output = Step<Y, D::Return>>
    where
        D: AsyncDelegate<A, Yield = Y>,
    {
        step(delegate, None)
    }

    /// The delegate's next step.
    #[inline]
    pub fn resume<D>(&self, delegate: Pin<&mut D>, argument: A) -> impl Future<Output = Step<Y, D::Return>>
    where
        D: AsyncDelegate<A, Yield = Y>,
    {
        step(delegate, Some(argument))
    }
}

async fn step<D: AsyncDelegate<A>, A>(
    mut delegate: Pin<&mut D>,
    mut argument: Option<A>,
) -> Step<D::Yield, D::Return> {
    poll_fn(|cx| delegate.as_mut().poll_step(cx, &mut argument)).await
}

/// First choice: an asynchronous generator or coroutine that takes the same resume argument.
pub trait AsyncViaResume {
    /// The delegate.
    type Delegate;
    /// Chooses it.
    fn via(&self) -> Self::Delegate;
}

impl<G: AsyncResume<Argument = A>, A> AsyncViaResume for &&&&Via<G, A> {
    type Delegate = AsyncSub<G>;

    #[inline(always)]
    fn via(&self) -> AsyncSub<G> {
        AsyncSub { body: self.operand(), is_exiting: false }
    }
}

/// Second choice: a synchronous one that takes the same resume argument.
pub trait AsyncViaSync {
    /// The delegate.
    type Delegate;
    /// Chooses it.
    fn via(&self) -> Self::Delegate;
}

impl<G: Resume<Argument = A>, A> AsyncViaSync for &&&Via<G, A> {
    type Delegate = ReadyDelegate<Sub<G>>;

    #[inline(always)]
    fn via(&self) -> ReadyDelegate<Sub<G>> {
        ReadyDelegate { delegate: Sub { body: self.operand() } }
    }
}

/// Third choice: a plain synchronous generator inside an asynchronous coroutine.
pub trait AsyncViaPlain {
    /// The delegate.
    type Delegate;
    /// Chooses it.
    fn via(&self) -> Self::Delegate;
}

impl<G: Resume<Argument = Next>, A> AsyncViaPlain for &&Via<G, A> {
    type Delegate = ReadyDelegate<Plain<G>>;

    #[inline(always)]
    fn via(&self) -> ReadyDelegate<Plain<G>> {
        ReadyDelegate { delegate: Plain { body: self.operand() } }
    }
}

/// Fourth choice: a stream.
pub trait ViaStream {
    /// The delegate.
    type Delegate;
    /// Chooses it.
    fn via(&self) -> Self::Delegate;
}

impl<T: Stream, A> ViaStream for &Via<T, A> {
    type Delegate = StreamItems<T>;

    #[inline(always)]
    fn via(&self) -> StreamItems<T> {
        StreamItems { stream: self.operand() }
    }
}

/// Last choice: anything iterable.
pub trait AsyncViaIterator {
    /// The operand.
    type Operand;
    /// Chooses its iterator.
    fn via(&self) -> ReadyDelegate<Items<<Self::Operand as IntoIterator>::IntoIter>>
    where
        Self::Operand: IntoIterator;
}

impl<T, A> AsyncViaIterator for Via<T, A> {
    type Operand = T;

    #[inline(always)]
    fn via(&self) -> ReadyDelegate<Items<T::IntoIter>>
    where
        T: IntoIterator,
    {
        ReadyDelegate { delegate: Items(self.operand().into_iter()) }
    }
}

pin_project! {
    /// An asynchronous body that takes the same argument as the outer body.
    pub struct AsyncSub<G> {
        #[pin]
        body: G,
        is_exiting: bool,
    }
}

impl<G: AsyncResume<Argument = Next>> AsyncDelegate<Next> for AsyncSub<G> {
    type Yield = G::Yield;
    type Return = G::Return;

    #[inline]
    fn poll_step(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: &mut Option<Next>,
    ) -> Poll<Step<G::Yield, G::Return>> {
        self.project().body.poll_resume(cx, &mut Some(Next))
    }
}

impl<G, S, R, E> AsyncDelegate<Outcome<S, E>> for AsyncSub<G>
where
    G: AsyncResume<Argument = Outcome<S, E>, Return = Outcome<R, E>>,
{
    type Yield = G::Yield;
    type Return = Outcome<R, E>;

    #[inline]
    fn poll_step(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<Outcome<S, E>>,
    ) -> Poll<Step<G::Yield, Self::Return>> {
        let sub = self.project();
        if let Some(argument) = argument {
            // Noted for the whole step, because the body takes the argument at its first poll.
            *sub.is_exiting = matches!(argument, Err(Raise::Exit));
        } else if sub.body.state() == State::Suspended {
            panic!("`yield from` an asynchronous coroutine that was started before: delegate to a new one");
        }
        Poll::Ready(after(*sub.is_exiting, ready!(sub.body.poll_resume(cx, argument))))
    }
}

pin_project! {
    /// A synchronous delegate: each step is ready.
    pub struct ReadyDelegate<D> {
        #[pin]
        delegate: D,
    }
}

impl<A, D: Delegate<A>> AsyncDelegate<A> for ReadyDelegate<D> {
    type Yield = D::Yield;
    type Return = D::Return;

    #[inline]
    fn poll_step(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        argument: &mut Option<A>,
    ) -> Poll<Step<D::Yield, D::Return>> {
        let delegate = self.project().delegate;
        Poll::Ready(match argument.take() {
            None => delegate.start(),
            Some(argument) => delegate.resume(argument),
        })
    }
}

pin_project! {
    /// The items of a stream. A value that is sent to it is ignored; an exception is raised at the
    /// `yield from`.
    pub struct StreamItems<T> {
        #[pin]
        stream: T,
    }
}

impl<T: Stream> AsyncDelegate<Next> for StreamItems<T> {
    type Yield = T::Item;
    type Return = ();

    #[inline]
    fn poll_step(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: &mut Option<Next>,
    ) -> Poll<Step<T::Item, ()>> {
        let item = ready!(self.project().stream.poll_next(cx));
        Poll::Ready(item.map_or(Step::Returned(()), Step::Yielded))
    }
}

impl<T: Stream, S, E> AsyncDelegate<Outcome<S, E>> for StreamItems<T> {
    type Yield = T::Item;
    type Return = Outcome<(), E>;

    #[inline]
    fn poll_step(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<Outcome<S, E>>,
    ) -> Poll<Step<T::Item, Self::Return>> {
        if let Some(Err(raise)) = argument.take() {
            return Poll::Ready(Step::Returned(Err(raise)));
        }
        let item = ready!(self.project().stream.poll_next(cx));
        Poll::Ready(item.map_or(Step::Returned(Ok(())), Step::Yielded))
    }
}
