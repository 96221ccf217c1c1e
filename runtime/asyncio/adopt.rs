//! Generators that the runtime closes if their owner does not (the hooks of PEP 525).

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use futures_task::FutureObj;

use super::handler::{Origin, caught, report};
use crate::generator::{AsyncResume, Outcome, Raise, State, Step};
use crate::primitive::sync::Mutex;
use crate::runtime::Handle;
use crate::scheduler::shutdown_hooks::{CleanUp, ShutdownHook};

/// A generator that its runtime closes if its owner does not. Created by [`adopt`].
///
/// It is resumed like any other generator: `adopted.astart().await`, `asend`, `athrow`, `aclose`.
/// If it is dropped at a `yield`, a task is spawned that runs `aclose`. If its runtime ends first,
/// the runtime runs `aclose`. A body with a step in flight is dropped at its `.await`, which is
/// cancellation.
///
/// A runtime that ends cancels its tasks first. When they are gone it closes the generators that
/// are left, as `asyncio.run` does: those that the tasks owned, and those that other code still
/// holds. Meanwhile a clean-up may spawn, sleep and use sockets. The error of a clean-up, or its
/// panic, goes to the exception handler
/// ([`set_exception_handler`](super::set_exception_handler)); the other generators are closed all
/// the same.
///
/// A clean-up that never ends keeps its runtime from ending, unless the runtime is shut down with a
/// time-out: a clean-up that has not ended by then is dropped at its `.await`. A runtime that ends
/// without waiting closes no generators.
///
/// # Examples
/// The owner may close it as well:
/// ```
/// use heist::asyncio::adopt;
/// use heist::generator::{AsyncCoroutineExt, async_coroutine};
///
/// # heist::asyncio::run(async {
/// let mut ones = adopt(async_coroutine! { |_: ()|
///     while (yield 1).is_ok() {}
///     Ok("closed")
/// });
/// ones.astart().await.unwrap();
/// assert!(ones.aclose().await.is_ok());
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Adopted<G: Close> {
    ward: Arc<Ward<G>>,
    handle: Handle,
    /// The place where it was adopted.
    location: &'static Location<'static>,
}

/// The place where owner and runtime both reach the body. The body is polled and dropped elsewhere,
/// so that no user code runs under the lock `[unlocked]`.
struct Ward<G> {
    stage: Mutex<WardState<G>>,
}

/// | stage | owner's step | its end | owner's drop | `on_shutdown` |
/// |---|---|---|---|---|
/// | open | busy | – | gone | gone, closed by the runtime |
/// | busy | – | open | – | wanted |
/// | wanted | – | gone, closed | – | – |
/// | gone | panic | – | – | – |
enum WardState<G> {
    /// Its owner has it, in this state.
    Open(Pin<Box<G>>, State),
    /// Its owner has taken it out for a step.
    Busy,
    /// The same, and its runtime is ending: the owner hands it over.
    Wanted,
    /// Nothing is left to do.
    Gone,
}

/// The generators that can be adopted: every asynchronous coroutine that is `Send` and whose error
/// can be printed.
pub trait Close: AsyncResume + Send + Sized + 'static {
    /// Polls the closing: `exit` is raised first. The result is the text of the error if the
    /// clean-up failed or yielded.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>, exit: &mut bool) -> Poll<Result<(), String>>;
}

impl<G, S, R, E> Close for G
where
    G: AsyncResume<Argument = Outcome<S, E>, Return = Outcome<R, E>> + Send + 'static,
    E: fmt::Debug,
{
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>, exit: &mut bool) -> Poll<Result<(), String>> {
        let mut argument = std::mem::take(exit).then_some(Err(Raise::Exit));
        self.poll_resume(cx, &mut argument).map(|step| match step {
            Step::Yielded(_) => Err("it yielded again instead of returning".to_string()),
            Step::Returned(Ok(_) | Err(Raise::Exit)) => Ok(()),
            Step::Returned(Err(Raise::Error(error))) => Err(format!("{error:?}")),
        })
    }
}

/// Hands a generator to the current runtime, which closes it if its owner does not.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// use heist::asyncio::adopt;
/// use heist::generator::{AsyncCoroutineExt, async_coroutine};
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// static CLEAN: AtomicBool = AtomicBool::new(false);
/// heist::asyncio::run(async {
///     let mut numbers = adopt(async_coroutine! { |_: ()|
///         let mut n = 0;
///         while (yield n).is_ok() { n += 1; }
///         heist::task::yield_now().await;
///         CLEAN.store(true, Ordering::SeqCst);
///         Ok(())
///     });
///     numbers.astart().await.unwrap();
///     // Neither closed nor finished: `run` does not return before the clean-up has run.
/// })?;
/// assert!(CLEAN.load(Ordering::SeqCst));
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn adopt<G: Close>(generator: G) -> Pin<Box<Adopted<G>>> {
    let handle = Handle::current();
    let state = generator.state();
    let ward = Arc::new(Ward { stage: Mutex::new(WardState::Open(Box::pin(generator), state)) });
    let hook: Weak<Ward<G>> = Arc::downgrade(&ward);
    handle.add_shutdown_hook(hook);
    Box::pin(Adopted { ward, handle, location: Location::caller() })
}

impl<G: Close> Ward<G> {
    fn take(&self) -> WardState<G> {
        std::mem::replace(&mut *self.stage.lock(), WardState::Gone)
    }

    /// Takes the body out for a step of its owner.
    fn lend(&self) -> Option<Pin<Box<G>>> {
        let mut stage = self.stage.lock();
        match std::mem::replace(&mut *stage, WardState::Busy) {
            WardState::Open(body, _) => Some(body),
            other => {
                *stage = other;
                None
            }
        }
    }

    /// Takes the body back after the step. If its runtime wants it, returns it to the caller to be
    /// closed.
    fn take_back(&self, body: Pin<Box<G>>, state: State) -> Option<Closing<G>> {
        let mut stage = self.stage.lock();
        if let WardState::Wanted = *stage {
            *stage = WardState::Gone;
            return Some(Closing::new(body, state));
        }
        *stage = WardState::Open(body, state);
        None
    }
}

/// Closes a body and reports errors.
struct Closing<G: Close> {
    body: Option<Pin<Box<G>>>,
    exit: bool,
    /// If false there is nothing to run, and the body is dropped.
    is_suspended: bool,
}

impl<G: Close> Closing<G> {
    fn new(body: Pin<Box<G>>, state: State) -> Closing<G> {
        Closing { body: Some(body), exit: true, is_suspended: state == State::Suspended }
    }

    fn clean_up(self) -> CleanUp {
        FutureObj::new(Box::new(self))
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        match &mut self.body {
            Some(body) if self.is_suspended => body.as_mut().poll_close(cx, &mut self.exit),
            Some(_) | None => Poll::Ready(Ok(())),
        }
    }

    /// Drops the body, if it is still there. Its locals are user data.
    fn drop_body(&mut self) {
        if let Err(text) = caught(|| self.body = None) {
            report(Origin::Generator, text);
        }
    }
}

impl<G: Close> Unpin for Closing<G> {}

impl<G: Close> Future for Closing<G> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let closed = match caught(|| self.poll_closed(cx)) {
            Ok(polled) => ready!(polled),
            Err(text) => Err(text),
        };
        if let Err(error) = closed {
            report(Origin::Generator, error);
        }
        self.drop_body();
        Poll::Ready(())
    }
}

impl<G: Close> Drop for Closing<G> {
    fn drop(&mut self) {
        self.drop_body();
    }
}

impl<G: Close> ShutdownHook for Ward<G> {
    fn on_shutdown(&self) -> Option<CleanUp> {
        let mut stage = self.stage.lock();
        let next = if let WardState::Busy = *stage { WardState::Wanted } else { WardState::Gone };
        let left = std::mem::replace(&mut *stage, next);
        drop(stage);
        match left {
            WardState::Open(body, state) => Some(Closing::new(body, state).clean_up()),
            WardState::Busy | WardState::Wanted | WardState::Gone => None,
        }
    }
}

impl<G: Close> Drop for Adopted<G> {
    fn drop(&mut self) {
        // Before the body is taken: a runtime that is ending finds either the body or the delay.
        let delay = self.handle.delay_shutdown();
        match self.ward.take() {
            WardState::Open(body, State::Suspended) => {
                delay.run(Closing::new(body, State::Suspended).clean_up(), self.location);
            }
            // A body that is new, in flight or finished is dropped.
            left => {
                drop(delay);
                drop(left);
            }
        }
    }
}

/// A body that its owner has taken out for a step. It goes back even if the step panics.
struct Lent<'a, G: Close> {
    body: Option<Pin<Box<G>>>,
    owner: &'a Adopted<G>,
}

impl<G: Close> Drop for Lent<'_, G> {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        let state = body.state();
        if let Some(closing) = self.owner.ward.take_back(body, state) {
            self.owner.handle.delay_shutdown().run(closing.clean_up(), self.owner.location);
        }
    }
}

impl<G: Close> AsyncResume for Adopted<G> {
    type Yield = G::Yield;
    type Argument = G::Argument;
    type Return = G::Return;

    /// `Closed` also if the runtime has taken the body to close it.
    fn state(&self) -> State {
        match &*self.ward.stage.lock() {
            WardState::Open(_, state) => *state,
            WardState::Busy | WardState::Wanted => State::Running,
            WardState::Gone => State::Closed,
        }
    }

    fn poll_resume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<G::Argument>,
    ) -> Poll<Step<G::Yield, G::Return>> {
        let mut lent = Lent { body: self.ward.lend(), owner: &self };
        match &mut lent.body {
            Some(body) => body.as_mut().poll_resume(cx, argument),
            None => panic!("a generator that its runtime has closed cannot be resumed"),
        }
    }

    fn abort(self: Pin<&mut Self>) {
        drop(self.ward.take());
    }
}

impl<G: Close> fmt::Debug for Adopted<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Adopted").field(&self.state()).finish()
    }
}
