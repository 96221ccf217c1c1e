//! Generators whose asynchronous clean-up the runtime takes care of (PEP 525's hooks).

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_task::FutureObj;

use super::handler::{Origin, report};
use crate::generator::{AsyncResume, Outcome, Raise, State, Step};
use crate::primitive::sync::Mutex;
use crate::runtime::Handle;
use crate::scheduler::guests::Guest;
use crate::task::JoinHandle;

/// A generator that its runtime closes if its owner does not.
///
/// It is resumed like any other: `adopted.astart().await`, `asend`, `athrow`, `aclose`. When it is dropped while it
/// stands at a `yield`, a task is spawned that runs `aclose`; when its runtime ends first, the runtime does. A body
/// with a step in flight is dropped at its `.await`: that is cancellation.
///
/// A clean-up that never ends keeps its runtime from ending, unless that is shut down with a time-out.
pub struct Adopted<G: Close> {
    ward: Arc<Ward<G>>,
    handle: Handle,
}

/// The place where owner and runtime both reach the body.
struct Ward<G> {
    stage: Mutex<Stage<G>>,
}

enum Stage<G> {
    /// With its owner.
    Open(Pin<Box<G>>),
    /// The owner dropped it at a `yield`: this task runs the clean-up, and keeps the ward until then.
    Closing(JoinHandle<()>),
    /// Nothing is left to do.
    Gone,
}

/// What can be adopted: every asynchronous coroutine that may change threads and whose error can be printed.
pub trait Close: AsyncResume + Send + Sized + 'static {
    /// Polls the closing: `exit` is given in first. The error text, if the clean-up failed or did not end.
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

/// Hands a generator to the current runtime.
///
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
///     // Neither closed nor finished: the end of `run` is not reached before the clean-up has run.
/// })?;
/// assert!(CLEAN.load(Ordering::SeqCst));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If the thread is in no runtime.
#[track_caller]
pub fn adopt<G: Close>(generator: G) -> Pin<Box<Adopted<G>>> {
    let handle = Handle::current();
    let ward = Arc::new(Ward { stage: Mutex::new(Stage::Open(Box::pin(generator))) });
    let guest: Weak<Ward<G>> = Arc::downgrade(&ward);
    handle.host(guest);
    Box::pin(Adopted { ward, handle })
}

impl<G> Ward<G> {
    fn take(&self) -> Stage<G> {
        std::mem::replace(&mut *self.stage.lock(), Stage::Gone)
    }
}

/// Closes a suspended body, and reports what goes wrong.
async fn close<G: Close>(mut body: Pin<Box<G>>) {
    let mut exit = true;
    let closed = std::future::poll_fn(|cx| body.as_mut().poll_close(cx, &mut exit)).await;
    if let Err(error) = closed {
        report(Origin::Generator, error);
    }
}

impl<G: Close> Guest for Ward<G> {
    fn leave(&self) -> Option<FutureObj<'static, ()>> {
        match self.take() {
            Stage::Open(body) if body.state() == State::Suspended => {
                Some(FutureObj::new(Box::new(close(body))))
            }
            // A panic of the clean-up is the task's, and ends with it.
            Stage::Closing(task) => Some(FutureObj::new(Box::new(async { drop(task.await) }))),
            Stage::Open(_) | Stage::Gone => None,
        }
    }
}

impl<G: Close> Drop for Adopted<G> {
    fn drop(&mut self) {
        // One lock for all of it: an ending runtime finds either the body or the task.
        let mut stage = self.ward.stage.lock();
        let left = match std::mem::replace(&mut *stage, Stage::Gone) {
            Stage::Open(body) if body.state() == State::Suspended => {
                let ward = self.ward.clone();
                *stage = Stage::Closing(self.handle.spawn(async move {
                    close(body).await;
                    drop(ward);
                }));
                Stage::Gone
            }
            left => left,
        };
        drop(stage);
        // A body that is new, in flight or at its end is dropped outside the lock.
        drop(left);
    }
}

impl<G: Close> AsyncResume for Adopted<G> {
    type Yield = G::Yield;
    type Argument = G::Argument;
    type Return = G::Return;

    /// `Closed` also when the runtime has taken the body to close it.
    fn state(&self) -> State {
        match &*self.ward.stage.lock() {
            Stage::Open(body) => body.state(),
            Stage::Closing(_) | Stage::Gone => State::Closed,
        }
    }

    fn poll_resume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        argument: &mut Option<G::Argument>,
    ) -> Poll<Step<G::Yield, G::Return>> {
        match &mut *self.ward.stage.lock() {
            Stage::Open(body) => body.as_mut().poll_resume(cx, argument),
            Stage::Closing(_) | Stage::Gone => {
                panic!("a generator that its runtime has closed cannot be resumed")
            }
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
