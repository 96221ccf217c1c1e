//! A value that is provided later, by other code.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use super::handler::{Origin, caught, report};
use super::waiters::{WaiterKey, Waiters};
use crate::primitive::sync::Mutex;
use crate::task::{drop_all, wake_all};

/// A function that a promise calls when it is done. If it panics, the panic is reported to
/// [`set_exception_handler`](super::set_exception_handler); the other callbacks and the code that
/// completes the promise do not notice.
///
/// # Examples
/// ```
/// use heist::asyncio::{Callback, Promise};
/// use std::sync::Arc;
///
/// let promise: Promise<u32> = Promise::new();
/// let print: Callback<u32, Box<str>> = Arc::new(|promise| println!("{:?}", promise.result()));
/// promise.add_done_callback(&print);
/// promise.add_done_callback(&print);
/// assert_eq!(promise.remove_done_callback(&print), 2);
/// ```
pub type Callback<T, E> = Arc<dyn Fn(&Promise<T, E>) + Send + Sync>;

/// A counted handle of a value that is set once, from anywhere, and awaited any number of times:
/// asyncio's `Future`.
///
/// Waiters are woken in the order in which they began to wait. A promise may be shared between
/// threads if its value may: several threads may clone the value at the same time. It works outside
/// of a runtime too.
///
/// # Cancel safety
/// A handle that is dropped while it waits leaves nothing behind.
///
/// # Examples
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
pub struct Promise<T, E = Box<str>> {
    cell: Arc<PromiseCell<T, E>>,
    /// The key of our waker while we wait.
    key: WaiterKey,
}

struct PromiseCell<T, E> {
    /// Set once, under the lock, and read without it: the `clone` of a user's value may do anything
    /// `[unlocked]`.
    outcome: OnceLock<PromiseOutcome<T, E>>,
    content: Mutex<Content<T, E>>,
}

struct Content<T, E> {
    waiters: Waiters,
    callbacks: Vec<Callback<T, E>>,
    /// Prints the exception. `Some` as long as the exception was not retrieved.
    unretrieved: Option<fn(&E) -> String>,
}

enum PromiseOutcome<T, E> {
    Result(T),
    Exception(E),
    Cancelled,
}

/// The reason why awaiting a promise returned no value.
///
/// # Examples
/// ```
/// use heist::asyncio::{Promise, PromiseError};
///
/// let promise: Promise<u32, &str> = Promise::new();
/// promise.set_exception("failed").unwrap();
/// assert_eq!(promise.result(), Ok(Err(PromiseError::Exception("failed"))));
/// ```
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

/// The promise is not in the state that the call needs: it was to be set although it is done, or
/// was asked for its result although it is not done.
///
/// # Examples
/// ```
/// use heist::asyncio::{InvalidState, Promise};
///
/// let promise: Promise<u32> = Promise::new();
/// assert_eq!(promise.result(), Err(InvalidState));
/// assert!(promise.cancel());
/// assert_eq!(promise.set_result(7), Err(InvalidState));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidState;

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a promise is set once, and has a result only then")
    }
}

impl Error for InvalidState {}

impl<T, E> Promise<T, E> {
    /// Creates a promise that is not done.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::Promise;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// assert!(!promise.is_done());
    /// ```
    pub fn new() -> Self {
        let content = Content { waiters: Waiters::default(), callbacks: Vec::new(), unretrieved: None };
        let cell = PromiseCell { outcome: OnceLock::new(), content: Mutex::new(content) };
        Promise { cell: Arc::new(cell), key: None }
    }

    /// Completes it with a value.
    ///
    /// # Errors
    /// [`InvalidState`] if it is done.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::asyncio::Promise;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert!(promise.set_result(8).is_err(), "it is done");
    /// assert_eq!(promise.await, Ok(7));
    /// # }
    /// ```
    pub fn set_result(&self, value: T) -> Result<(), InvalidState> {
        self.complete(PromiseOutcome::Result(value), None)
    }

    /// Completes it with an error. If the error is never retrieved, it is reported when the last
    /// handle is dropped; see [`set_exception_handler`](super::set_exception_handler).
    ///
    /// # Errors
    /// [`InvalidState`] if it is done.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::asyncio::{Promise, PromiseError};
    ///
    /// let promise: Promise<u32, &str> = Promise::new();
    /// promise.set_exception("failed").unwrap();
    /// assert_eq!(promise.await, Err(PromiseError::Exception("failed")));
    /// # }
    /// ```
    pub fn set_exception(&self, error: E) -> Result<(), InvalidState>
    where
        E: fmt::Debug,
    {
        self.complete(PromiseOutcome::Exception(error), Some(|error| format!("{error:?}")))
    }

    /// Cancels it. Returns `false` if it is done already.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::Promise;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// assert!(promise.cancel());
    /// assert!(!promise.cancel(), "it is done");
    /// ```
    pub fn cancel(&self) -> bool {
        self.complete(PromiseOutcome::Cancelled, None).is_ok()
    }

    /// Returns whether it has a value or an exception, or was cancelled.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::Promise;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// promise.set_result(7).unwrap();
    /// assert!(promise.is_done());
    /// ```
    pub fn is_done(&self) -> bool {
        self.cell.outcome.get().is_some()
    }

    /// Returns whether it was cancelled.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::Promise;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// promise.cancel();
    /// assert!(promise.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cell.outcome.get(), Some(PromiseOutcome::Cancelled))
    }

    fn complete(
        &self,
        outcome: PromiseOutcome<T, E>,
        unretrieved: Option<fn(&E) -> String>,
    ) -> Result<(), InvalidState> {
        let mut content = self.cell.content.lock();
        if let Err(refused) = self.cell.outcome.set(outcome) {
            // It is user data: it is dropped after the lock [unlocked].
            drop(content);
            drop(refused);
            return Err(InvalidState);
        }
        content.unretrieved = unretrieved;
        let wakers = content.waiters.take_all();
        let callbacks = std::mem::take(&mut content.callbacks);
        drop(content);
        wake_all(wakers);
        callbacks.into_iter().for_each(|callback| self.call(callback));
        Ok(())
    }

    /// Calls one callback. No caller could receive its panic, so the panic is reported.
    fn call(&self, callback: Callback<T, E>) {
        let called = move || {
            callback(self);
            drop(callback);
        };
        if let Err(text) = caught(called) {
            report(Origin::Callback, text);
        }
    }

    /// Calls `callback` when the promise is done: on the thread that completes it, after the
    /// callbacks that were added before. If the promise is done already, calls it at once.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::{Callback, Promise};
    /// use std::sync::Arc;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// let callback: Callback<u32, _> =
    ///     Arc::new(|promise| assert_eq!(promise.result(), Ok(Ok(7))));
    /// promise.add_done_callback(&callback);
    /// promise.set_result(7).unwrap();
    /// ```
    pub fn add_done_callback(&self, callback: &Callback<T, E>) {
        let mut content = self.cell.content.lock();
        if !self.is_done() {
            content.callbacks.push(callback.clone());
            return;
        }
        drop(content);
        self.call(callback.clone());
    }

    /// Removes every entry of `callback` and returns how many there were.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::{Callback, Promise};
    /// use std::sync::Arc;
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// let callback: Callback<u32, _> = Arc::new(|_| unreachable!("it was removed"));
    /// promise.add_done_callback(&callback);
    /// assert_eq!(promise.remove_done_callback(&callback), 1);
    /// promise.set_result(7).unwrap();
    /// ```
    pub fn remove_done_callback(&self, callback: &Callback<T, E>) -> usize {
        let mut content = self.cell.content.lock();
        let before = content.callbacks.len();
        // The caller has a reference: only a count is given up here, and no destructor runs.
        content.callbacks.retain(|other| !Arc::ptr_eq(other, callback));
        before - content.callbacks.len()
    }
}

impl<T: Clone, E: Clone> Promise<T, E> {
    /// Returns the value, the exception or the cancellation. [`InvalidState`] and [`PromiseError`]
    /// have examples.
    ///
    /// # Errors
    /// [`InvalidState`] if it is not done.
    ///
    /// # Examples
    /// ```
    /// use heist::asyncio::{InvalidState, Promise};
    ///
    /// let promise: Promise<u32> = Promise::new();
    /// assert_eq!(promise.result(), Err(InvalidState));
    /// promise.set_result(7).unwrap();
    /// assert_eq!(promise.result(), Ok(Ok(7)));
    /// ```
    pub fn result(&self) -> Result<Result<T, PromiseError<E>>, InvalidState> {
        let outcome = match self.cell.outcome.get() {
            None => return Err(InvalidState),
            Some(PromiseOutcome::Result(value)) => Ok(value.clone()),
            Some(PromiseOutcome::Exception(error)) => Err(PromiseError::Exception(error.clone())),
            Some(PromiseOutcome::Cancelled) => Err(PromiseError::Cancelled),
        };
        self.cell.content.lock().unretrieved = None;
        Ok(outcome)
    }

    /// Returns the exception, if one was set.
    ///
    /// # Errors
    /// The outer error is [`InvalidState`] if it is not done. The inner error means that it was
    /// cancelled.
    ///
    /// # Examples
    /// ```
    /// let promise: heist::asyncio::Promise<u32, &str> = heist::asyncio::Promise::new();
    /// promise.set_exception("failed").unwrap();
    /// assert_eq!(promise.exception(), Ok(Ok(Some("failed"))));
    /// ```
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

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.wait(cx).is_pending() {
            return Poll::Pending;
        }
        // A promise that is done stays done [once].
        Poll::Ready(self.result().expect("it is done"))
    }
}

/// `(&promise).await` keeps the handle.
impl<T: Clone, E: Clone> IntoFuture for &Promise<T, E> {
    type Output = Result<T, PromiseError<E>>;
    type IntoFuture = Promise<T, E>;

    fn into_future(self) -> Promise<T, E> {
        self.clone()
    }
}

impl<T, E> Promise<T, E> {
    /// Returns `Ready` if it is done. Otherwise our waker is in the list.
    fn wait(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.is_done() || self.cell.content.lock().waiters.holds(self.key, cx.waker()) {
            return self.look();
        }
        // The clone is user code, and so is the drop of the waker that it replaces: both happen
        // without the lock [unlocked].
        let waker = cx.waker().clone();
        let mut content = self.cell.content.lock();
        // [woken-or-ready]: the setter takes the wakers under this lock, and the outcome is checked
        // before the waker enters the list.
        let replaced = match self.cell.outcome.get() {
            Some(_) => Some(waker),
            None => content.waiters.insert(&mut self.key, waker),
        };
        drop(content);
        drop(replaced);
        self.look()
    }

    /// Stops waiting and takes our waker back.
    fn leave_list(&mut self) {
        if self.key.is_some() {
            let waker = self.cell.content.lock().waiters.remove(self.key);
            drop_all(waker);
        }
    }

    fn look(&self) -> Poll<()> {
        if self.is_done() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The new handle does not wait yet.
impl<T, E> Clone for Promise<T, E> {
    fn clone(&self) -> Self {
        Promise { cell: Arc::clone(&self.cell), key: None }
    }
}

/// A waiter that is dropped takes its waker with it.
impl<T, E> Drop for Promise<T, E> {
    fn drop(&mut self) {
        self.leave_list();
    }
}

impl<T, E> Default for Promise<T, E> {
    fn default() -> Self {
        Promise::new()
    }
}

impl<T, E> fmt::Debug for Promise<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.cell.outcome.get() {
            None => "Pending",
            Some(PromiseOutcome::Result(_)) => "Result",
            Some(PromiseOutcome::Exception(_)) => "Exception",
            Some(PromiseOutcome::Cancelled) => "Cancelled",
        };
        f.debug_tuple("Promise").field(&format_args!("{state}")).finish()
    }
}

impl<T, E> Drop for PromiseCell<T, E> {
    fn drop(&mut self) {
        let mut content = self.content.lock();
        let (callbacks, unretrieved) = (std::mem::take(&mut content.callbacks), content.unretrieved);
        drop(content);
        drop_all(callbacks);
        // The last handle is dropped, so this happens in no other place and only once [reported].
        if let (Some(PromiseOutcome::Exception(error)), Some(print)) = (self.outcome.get(), unretrieved) {
            let text = caught(|| print(error));
            report(Origin::Promise, text.unwrap_or_else(|panic| format!("(its Debug panicked: {panic})")));
        }
    }
}
