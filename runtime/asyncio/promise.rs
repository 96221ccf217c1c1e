//! A value that somebody else will provide.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::handler::{Origin, Unhandled, report};
use crate::primitive::sync::Mutex;
use crate::task::wake_all;

/// What a promise calls when it is done.
pub type Callback<T, E> = Arc<dyn Fn(&Promise<T, E>) + Send + Sync>;

/// A counted handle of a value that is set once, from anywhere, and awaited any number of times (asyncio's `Future`).
///
/// ```
/// # use heist::asyncio::Promise;
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let promise: Promise<&str> = Promise::new();
/// let setter = promise.clone();
/// heist::spawn(async move { setter.set_result("data") });
/// assert_eq!((&promise).await, Ok("data"));
/// assert_eq!(promise.await, Ok("data"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Awaiting is cancel safe.
pub struct Promise<T, E = Box<str>>(Arc<Cell<T, E>>);

struct Cell<T, E> {
    content: Mutex<Content<T, E>>,
}

struct Content<T, E> {
    state: State<T, E>,
    wakers: Vec<Waker>,
    callbacks: Vec<Callback<T, E>>,
    /// Prints the exception, as long as nobody has retrieved it.
    unretrieved: Option<fn(&E) -> String>,
}

enum State<T, E> {
    Pending,
    Result(T),
    Exception(E),
    Cancelled,
}

/// Why awaiting a promise gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromiseError<E> {
    /// It was cancelled.
    Cancelled,
    /// This exception was set.
    Exception(E),
}

impl<E: fmt::Display> fmt::Display for PromiseError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PromiseError::Cancelled => f.write_str("the promise was cancelled"),
            PromiseError::Exception(error) => error.fmt(f),
        }
    }
}

impl<E: Error> Error for PromiseError<E> {}

/// The promise is not in the state that the call needs: it is done and was set again, or not done and was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidState;

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a promise is set once, and has a result only then")
    }
}

impl Error for InvalidState {}

impl<T, E> Promise<T, E> {
    /// A promise that is not done.
    pub fn new() -> Self {
        let content =
            Content { state: State::Pending, wakers: Vec::new(), callbacks: Vec::new(), unretrieved: None };
        Promise(Arc::new(Cell { content: Mutex::new(content) }))
    }

    /// Completes it with a value.
    ///
    /// # Errors
    /// [`InvalidState`] if it is done.
    pub fn set_result(&self, value: T) -> Result<(), InvalidState> {
        self.complete(State::Result(value), None)
    }

    /// Completes it with an error. If nobody retrieves it, it is reported when the last handle is dropped; see
    /// [`set_exception_handler`](super::set_exception_handler).
    ///
    /// # Errors
    /// [`InvalidState`] if it is done.
    pub fn set_exception(&self, error: E) -> Result<(), InvalidState>
    where
        E: fmt::Debug,
    {
        self.complete(State::Exception(error), Some(|error| format!("{error:?}")))
    }

    /// Cancels it; `false` if it is done already.
    pub fn cancel(&self) -> bool {
        self.complete(State::Cancelled, None).is_ok()
    }

    /// Has it a value, an exception, or was it cancelled?
    pub fn is_done(&self) -> bool {
        !matches!(self.0.content.lock().state, State::Pending)
    }

    /// Was it cancelled?
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.content.lock().state, State::Cancelled)
    }

    fn complete(
        &self,
        state: State<T, E>,
        unretrieved: Option<fn(&E) -> String>,
    ) -> Result<(), InvalidState> {
        let mut content = self.0.content.lock();
        if !matches!(content.state, State::Pending) {
            // The state that was refused is user data: it is dropped after the lock [unlocked].
            drop(content);
            drop(state);
            return Err(InvalidState);
        }
        content.state = state;
        content.unretrieved = unretrieved;
        let wakers = std::mem::take(&mut content.wakers);
        let callbacks = std::mem::take(&mut content.callbacks);
        drop(content);
        wake_all(wakers);
        for callback in callbacks {
            callback(self);
        }
        Ok(())
    }

    /// Calls `callback` when the promise is done: on the thread that completes it, after those added before; at once
    /// if it is done already.
    pub fn add_done_callback(&self, callback: &Callback<T, E>) {
        let mut content = self.0.content.lock();
        if matches!(content.state, State::Pending) {
            content.callbacks.push(callback.clone());
            return;
        }
        drop(content);
        callback(self);
    }

    /// Removes every entry of `callback`, and says how many there were.
    pub fn remove_done_callback(&self, callback: &Callback<T, E>) -> usize {
        let mut content = self.0.content.lock();
        let callbacks = std::mem::take(&mut content.callbacks);
        let (removed, kept) = callbacks.into_iter().partition(|other| Arc::ptr_eq(other, callback));
        content.callbacks = kept;
        drop(content);
        let removed: Vec<Callback<T, E>> = removed;
        removed.len()
    }

    /// Registers the waker of a task that waits, once per task.
    fn register(content: &mut Content<T, E>, waker: &Waker) {
        if !content.wakers.iter().any(|known| known.will_wake(waker)) {
            content.wakers.push(waker.clone());
        }
    }
}

impl<T: Clone, E: Clone> Promise<T, E> {
    /// The value, the exception or the cancellation.
    ///
    /// # Errors
    /// [`InvalidState`] if it is not done.
    pub fn result(&self) -> Result<Result<T, PromiseError<E>>, InvalidState> {
        let mut content = self.0.content.lock();
        let outcome = match &content.state {
            State::Pending => return Err(InvalidState),
            State::Result(value) => Ok(value.clone()),
            State::Exception(error) => Err(PromiseError::Exception(error.clone())),
            State::Cancelled => Err(PromiseError::Cancelled),
        };
        content.unretrieved = None;
        Ok(outcome)
    }

    /// The exception, if one was set.
    ///
    /// # Errors
    /// The outer one is [`InvalidState`] if it is not done, the inner one says that it was cancelled.
    pub fn exception(&self) -> Result<Result<Option<E>, PromiseError<E>>, InvalidState> {
        Ok(match self.result()? {
            Ok(_) => Ok(None),
            Err(PromiseError::Exception(error)) => Ok(Some(error)),
            Err(PromiseError::Cancelled) => Err(PromiseError::Cancelled),
        })
    }
}

impl<T: Clone, E: Clone> Future for Promise<T, E> {
    type Output = Result<T, PromiseError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        {
            let mut content = self.0.content.lock();
            if matches!(content.state, State::Pending) {
                Self::register(&mut content, cx.waker());
                return Poll::Pending;
            }
        }
        // Done once is done for ever [once].
        Poll::Ready(self.result().expect("it is done"))
    }
}

/// `(&promise).await` leaves the handle.
impl<T: Clone, E: Clone> IntoFuture for &Promise<T, E> {
    type Output = Result<T, PromiseError<E>>;
    type IntoFuture = Promise<T, E>;

    fn into_future(self) -> Promise<T, E> {
        self.clone()
    }
}

impl<T, E> Clone for Promise<T, E> {
    fn clone(&self) -> Self {
        Promise(Arc::clone(&self.0))
    }
}

impl<T, E> Default for Promise<T, E> {
    fn default() -> Self {
        Promise::new()
    }
}

impl<T, E> fmt::Debug for Promise<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.0.content.lock().state {
            State::Pending => "Pending",
            State::Result(_) => "Result",
            State::Exception(_) => "Exception",
            State::Cancelled => "Cancelled",
        };
        f.debug_tuple("Promise").field(&format_args!("{state}")).finish()
    }
}

impl<T, E> Drop for Cell<T, E> {
    fn drop(&mut self) {
        // The last handle goes, so this is the only place and the only time [reported].
        let text = {
            let content = self.content.lock();
            match (&content.state, content.unretrieved) {
                (State::Exception(error), Some(print)) => print(error),
                _ => return,
            }
        };
        report(&Unhandled::new(Origin::Promise, text));
    }
}
