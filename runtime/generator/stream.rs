//! Plain asynchronous generators as streams.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::async_machine::{AsyncMachine, AsyncResume};
use super::iterator::ended;
use super::protocol::{Next, State, Step};

impl<C: Future, Y> Stream for AsyncMachine<C, Y, Next> {
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

impl<C: Future, Y> FusedStream for AsyncMachine<C, Y, Next> {
    fn is_terminated(&self) -> bool {
        AsyncMachine::state(self) == State::Closed
    }
}

impl<C, Y, E> AsyncMachine<C, Y, Next>
where
    C: Future<Output = Result<(), E>>,
{
    /// A stream of results: the items as `Ok`, and, if the body ends with an error, that error as the last item.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use heist::generator::async_generator;
    ///
    /// async_generator! {
    ///     fn numbers(text: &'static str) -> yields i32, returns Result<(), std::num::ParseIntError> {
    ///         for word in text.split(' ') {
    ///             yield word.parse()?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// let all: Vec<_> = futures::executor::block_on(numbers("1 2 x 4").into_try_stream().collect());
    /// assert_eq!(all[..2], [Ok(1), Ok(2)]);
    /// assert!(all[2].is_err() && all.len() == 3);
    /// ```
    pub fn into_try_stream(self) -> TryStream<C, Y> {
        TryStream { generator: self }
    }
}

pin_project! {
    /// The stream of results that [`AsyncMachine::into_try_stream`] makes.
    #[must_use = "a stream runs nothing until it is polled"]
    pub struct TryStream<C, Y> {
        #[pin]
        generator: AsyncMachine<C, Y, Next>,
    }
}

impl<C, Y, E> Stream for TryStream<C, Y>
where
    C: Future<Output = Result<(), E>>,
{
    type Item = Result<Y, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Y, E>>> {
        let generator = self.project().generator;
        if AsyncMachine::state(&generator) == State::Closed {
            return Poll::Ready(None);
        }
        generator.poll_resume(cx, &mut Some(Next)).map(|step| match step {
            Step::Yielded(item) => Some(Ok(item)),
            Step::Returned(Ok(())) => None,
            Step::Returned(Err(error)) => Some(Err(error)),
        })
    }
}
