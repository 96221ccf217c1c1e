//! Plain asynchronous generators as streams.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::async_machine::{AsyncMachine, AsyncResume};
use super::co::Body;
use super::fallible::LosesNothing;
use super::iterator::ended;
use super::protocol::{Next, State, Step};
use super::routines::AsyncRoutine;

impl<C: Future, Y> Stream for AsyncMachine<C, Y, Next>
where
    fn() -> C::Output: LosesNothing,
{
    type Item = Y;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Y>> {
        if AsyncMachine::state(&self) == State::Closed {
            ended();
            return Poll::Ready(None);
        }
        self.poll_resume(cx, &mut Some(Next)).map(Step::yielded)
    }
}

impl<C: Future, Y> FusedStream for AsyncMachine<C, Y, Next>
where
    fn() -> C::Output: LosesNothing,
{
    fn is_terminated(&self) -> bool {
        AsyncMachine::state(self) == State::Closed
    }
}

impl<C, Y, E> AsyncMachine<C, Y, Next>
where
    C: Future<Output = Result<(), E>>,
{
    /// Returns a stream of results: the items as `Ok`, and, if the body ends with an error, that
    /// error as the last item.
    ///
    /// # Examples
    /// ```
    /// use futures::StreamExt;
    /// use heist::generator::async_generator;
    /// use std::num::ParseIntError;
    ///
    /// async_generator! {
    ///     fn numbers(text: &'static str) -> yields i32, returns Result<(), ParseIntError> {
    ///         for word in text.split(' ') {
    ///             yield word.parse()?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// let numbers = numbers("1 2 x 4").into_try_stream();
    /// let all: Vec<_> = futures::executor::block_on(numbers.collect());
    /// assert_eq!(all[..2], [Ok(1), Ok(2)]);
    /// assert!(all[2].is_err() && all.len() == 3);
    /// ```
    pub fn into_try_stream(self) -> TryStream<Self> {
        TryStream { generator: self }
    }
}

impl<F, C, Y, E> AsyncRoutine<F, C, Y, Next>
where
    F: Body<'static, Y, Next, Code = C>,
    C: Future<Output = Result<(), E>>,
{
    /// As [`AsyncMachine::into_try_stream`], whose example shows it.
    ///
    /// # Examples
    /// ```
    /// use futures::StreamExt;
    /// use heist::generator::{Co, async_routine};
    ///
    /// let items = async_routine(async |mut co: Co<'_, u32>| {
    ///     co.yield_(1).await;
    ///     Err::<(), _>("torn")
    /// });
    /// let items: Vec<_> = futures::executor::block_on(items.into_try_stream().collect());
    /// assert_eq!(items, [Ok(1), Err("torn")]);
    /// ```
    pub fn into_try_stream(self) -> TryStream<Self> {
        TryStream { generator: self }
    }
}

pin_project! {
    /// The stream of results that [`AsyncMachine::into_try_stream`] makes: it ends after the error.
    ///
    /// # Examples
    /// ```
    /// use futures::StreamExt;
    /// use heist::generator::async_generator;
    ///
    /// let items = async_generator! { yield 1; Err::<(), _>("torn") }.into_try_stream();
    /// let items: Vec<_> = futures::executor::block_on(items.collect());
    /// assert_eq!(items, [Ok(1), Err("torn")]);
    /// ```
    #[must_use = "a stream runs nothing until it is polled"]
    pub struct TryStream<G> {
        #[pin]
        generator: G,
    }
}

impl<G, E> Stream for TryStream<G>
where
    G: AsyncResume<Argument = Next, Return = Result<(), E>>,
{
    type Item = Result<G::Yield, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let generator = self.project().generator;
        if generator.state() == State::Closed {
            return Poll::Ready(None);
        }
        generator.poll_resume(cx, &mut Some(Next)).map(|step| match step {
            Step::Yielded(item) => Some(Ok(item)),
            Step::Returned(Ok(())) => None,
            Step::Returned(Err(error)) => Some(Err(error)),
        })
    }
}

impl<G, E> FusedStream for TryStream<G>
where
    G: AsyncResume<Argument = Next, Return = Result<(), E>>,
{
    fn is_terminated(&self) -> bool {
        self.generator.state() == State::Closed
    }
}
