#![expect(unsafe_code, reason = "a handle reaches the slot of the pinned routine that runs its body")]
//! The form without a macro, seen from the body: it yields through a handle, and may lend the
//! handle to functions of its own.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::airlock::FrameSlot;
use super::protocol::Next;

/// The right to yield from inside a [`routine`](super::routine): hands out `Y`, receives `A`.
///
/// `A` is [`Next`] for generators and [`Outcome<S, E>`](super::Outcome) for coroutines. The
/// lifetime `'g` is that of one running body and of no other. So the body can lend the handle to
/// functions that it calls, and the handle cannot leave the body.
///
/// # Examples
/// ```
/// use heist::generator::{Co, CoroutineExt, Outcome, Step, routine};
/// use std::pin::pin;
///
/// // Each value that is sent to `coro` reaches `step`, through the await.
/// async fn step(co: &mut Co<'_, u32, Outcome<&'static str>>) -> Outcome<&'static str> {
///     let mut number = 0;
///     while co.yield_(number).await? != "stop" {
///         number += 1;
///     }
///     Ok("stepped")
/// }
/// let coro = routine(async |mut co: Co<'_, u32, Outcome<&'static str>>| step(&mut co).await);
/// let mut coro = pin!(coro);
/// assert_eq!(coro.start(), Ok(Step::Yielded(0)));
/// assert_eq!(coro.send("first"), Ok(Step::Yielded(1)));
/// assert_eq!(coro.send("stop"), Ok(Step::Returned("stepped")));
/// ```
pub struct Co<'g, Y, A = Next> {
    slot: *const FrameSlot<Y, A>,
    /// Invariant, so that two bodies cannot exchange their handles.
    body: PhantomData<fn(&'g ()) -> &'g ()>,
}

// SAFETY: the handle reaches the slot only inside a poll of its routine, which is exclusive
// [scoped]; the values that pass may change threads, hence the bounds.
unsafe impl<Y: Send, A: Send> Send for Co<'_, Y, A> {}
// SAFETY: a shared reference to the handle gives access to nothing.
unsafe impl<Y: Send, A: Send> Sync for Co<'_, Y, A> {}

impl<'g, Y, A> Co<'g, Y, A> {
    /// Returns the handle of the body that exchanges its values through `slot`.
    ///
    /// # Safety
    /// While the body that gets the handle exists, the slot must too. While the body is polled or
    /// dropped, only the handle may use the slot.
    #[inline]
    pub(super) unsafe fn new(slot: *const FrameSlot<Y, A>) -> Self {
        Co { slot, body: PhantomData }
    }

    /// Hands out `value`; the future is ready with the argument of the next resumption.
    ///
    /// The future borrows the handle, so there is one yield at a time.
    ///
    /// # Cancel safety
    /// Dropping the future after it was polled does not take the value back: it was handed out. The
    /// argument of the next resumption is then lost.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Co, routine};
    /// use std::pin::pin;
    ///
    /// let mut numbers = pin!(routine(async |mut co: Co<'_, u32>| { co.yield_(7).await; }));
    /// assert_eq!(numbers.next(), Some(7));
    /// ```
    pub fn yield_<'co>(&'co mut self, value: Y) -> Yielding<'co, 'g, Y, A> {
        Yielding { co: self, value: Some(value) }
    }
}

impl<Y, A> fmt::Debug for Co<'_, Y, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Co")
    }
}

/// The future of [`Co::yield_`].
///
/// # Examples
/// ```
/// use heist::generator::{Co, Next, Yielding, routine};
/// use std::pin::pin;
///
/// fn shout<'co, 'g>(co: &'co mut Co<'g, String>, word: &str) -> Yielding<'co, 'g, String, Next> {
///     co.yield_(word.to_uppercase())
/// }
/// let body = async |mut co: Co<'_, String>| { shout(&mut co, "ready").await; };
/// assert_eq!(pin!(routine(body)).next(), Some("READY".to_owned()));
/// ```
#[must_use = "a yield does nothing until it is awaited"]
pub struct Yielding<'co, 'g, Y, A> {
    co: &'co mut Co<'g, Y, A>,
    value: Option<Y>,
}

impl<Y, A> Unpin for Yielding<'_, '_, Y, A> {}

impl<Y, A> Future for Yielding<'_, '_, Y, A> {
    type Output = A;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<A> {
        let value = self.value.take();
        // SAFETY: the handle exists only while its body does, and the body only inside its pinned
        // routine, so the slot is alive [scoped]; every poll of this happens within the routine's
        // poll (or the drop of its body), during which the routine does not touch the slot, and the
        // exclusive borrow of the handle excludes a second access.
        unsafe { &*self.co.slot }.with_mut(|frame| match value {
            Some(value) => {
                // An argument that a dropped yield never took does not belong to this yield.
                // SAFETY: as above.
                let frame = unsafe { &mut *frame };
                frame.set_argument(None);
                frame.put(value);
                Poll::Pending
            }
            // SAFETY: as above.
            None => match unsafe { &mut *frame }.take_argument() {
                Some(argument) => Poll::Ready(argument),
                None => Poll::Pending,
            },
        })
    }
}

mod sealed {
    pub trait SealedBody {}
}

/// The argument of [`routine`](super::routine): `async |mut co: Co<'_, Y, A>| ..`. Implemented for
/// every function of that form.
///
/// # Examples
/// ```
/// use heist::generator::{Body, Co, Next, routine};
/// use std::pin::pin;
///
/// fn sum(body: impl for<'g> Body<'g, u32, Next, Return = ()>) -> u32 {
///     pin!(routine(body)).sum()
/// }
/// let body = async |mut co: Co<'_, u32>| {
///     co.yield_(40).await;
///     co.yield_(2).await;
/// };
/// assert_eq!(sum(body), 42);
/// ```
pub trait Body<'g, Y, A>: sealed::SealedBody {
    /// The type of the value that the body returns.
    type Return;
    /// The running body.
    type Code: Future<Output = Self::Return>;
    /// Calls the function.
    ///
    /// # Examples
    /// ```
    /// use heist::generator::{Body, Co, Next, routine};
    /// use std::pin::pin;
    ///
    /// /// Hands out 0, and then what `body` hands out.
    /// async fn after_zero<'g>(mut co: Co<'g, u32>, body: impl Body<'g, u32, Next>) {
    ///     co.yield_(0).await;
    ///     body.begin(co).await;
    /// }
    /// let ones = async |mut co: Co<'_, u32>| { co.yield_(1).await; };
    /// let numbers = routine(async |co: Co<'_, u32>| after_zero(co, ones).await);
    /// assert_eq!(pin!(numbers).collect::<Vec<_>>(), [0, 1]);
    /// ```
    fn begin(self, co: Co<'g, Y, A>) -> Self::Code;
}

impl<F> sealed::SealedBody for F {}

impl<'g, Y, A, F, C> Body<'g, Y, A> for F
where
    F: FnOnce(Co<'g, Y, A>) -> C,
    C: Future,
{
    type Return = C::Output;
    type Code = C;

    #[inline]
    fn begin(self, co: Co<'g, Y, A>) -> C {
        self(co)
    }
}
