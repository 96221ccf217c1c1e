//! Values that belong to a task. They stand in thread-local storage while the task is polled, and
//! in its future otherwise.

use std::cell::{BorrowMutError, RefCell};
use std::error::Error;
use std::fmt;
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

/// Declares task-local keys: each is a static of type [`LocalKey`].
///
/// A key has a value only inside of [`scope`](crate::task::LocalKey::scope) or
/// [`sync_scope`](crate::task::LocalKey::sync_scope).
///
/// # Examples
/// ```
/// heist::task_local! {
///     /// The number of the request that is being served.
///     pub static REQUEST: u64;
///     static USER: String;
/// }
///
/// # #[heist::main]
/// # async fn main() {
/// let request = USER.scope("ada".to_owned(), async {
///     format!("{} {}", REQUEST.get(), USER.get())
/// });
/// assert_eq!(heist::spawn(REQUEST.scope(7, request)).await.unwrap(), "7 ada");
/// # }
/// ```
#[macro_export]
macro_rules! task_local {
    ($($(#[$attribute:meta])* $vis:vis static $name:ident: $type:ty);* $(;)?) => {$(
        $(#[$attribute])*
        $vis static $name: $crate::task::LocalKey<$type> = {
            ::std::thread_local! {
                static VALUE: ::std::cell::RefCell<::std::option::Option<$type>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey { value: VALUE }
        };
    )*};
}

/// A value that each task may have of its own; [`task_local!`](crate::task_local!) declares it.
///
/// Unlike a thread-local it follows the task from thread to thread, and other tasks do not see it.
/// A task that is spawned inside of a scope does not inherit the value.
///
/// # Examples
/// ```
/// heist::task_local! {
///     static DEPTH: u32;
/// }
///
/// # #[heist::main]
/// # async fn main() {
/// DEPTH
///     .scope(1, async {
///         assert_eq!(DEPTH.get(), 1);
///         DEPTH.scope(2, async { assert_eq!(DEPTH.get(), 2) }).await;
///         assert_eq!(DEPTH.get(), 1);
///     })
///     .await;
/// assert!(DEPTH.try_get().is_err());
/// # }
/// ```
pub struct LocalKey<T: 'static> {
    /// For [`task_local!`](crate::task_local!).
    #[doc(hidden)]
    pub value: thread::LocalKey<RefCell<Option<T>>>,
}

/// Why a scope cannot begin.
enum NoScope {
    Borrowed,
    ThreadEnds,
}

impl From<BorrowMutError> for NoScope {
    fn from(_: BorrowMutError) -> NoScope {
        NoScope::Borrowed
    }
}

impl From<thread::AccessError> for NoScope {
    fn from(_: thread::AccessError) -> NoScope {
        NoScope::ThreadEnds
    }
}

impl NoScope {
    #[track_caller]
    fn panic(&self) -> ! {
        match self {
            NoScope::Borrowed => {
                panic!(
                    "a task-local scope cannot begin inside of `with` of the same key: its value is borrowed"
                )
            }
            NoScope::ThreadEnds => {
                panic!("a task-local scope cannot begin while its thread ends: the storage is gone")
            }
        }
    }
}

impl<T: 'static> LocalKey<T> {
    /// Wraps `future`: whenever it is polled, and when it is dropped, the key has `value`.
    ///
    /// # Panics
    /// The future panics if it is polled inside of [`with`](Self::with) of the same key, or again
    /// after it was ready.
    ///
    /// # Cancel safety
    /// As cancel safe as `future`.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// # #[heist::main]
    /// # async fn main() {
    /// let doubled = NUMBER.scope(21, async {
    ///     heist::task::yield_now().await;
    ///     NUMBER.get() * 2
    /// });
    /// assert_eq!(heist::spawn(doubled).await.unwrap(), 42);
    /// # }
    /// ```
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture { key: self, slot: Some(value), future: Some(future), pinned: PhantomPinned }
    }

    /// Calls `f` while the key has `value`.
    ///
    /// # Panics
    /// Panics if called inside of [`with`](Self::with) of the same key.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert_eq!(NUMBER.sync_scope(21, || NUMBER.get() * 2), 42);
    /// ```
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        match self.swapped(&mut Some(value), f) {
            Ok(result) => result,
            Err(no_scope) => no_scope.panic(),
        }
    }

    /// Calls `f` while the key has what is in `slot`, and the slot what the key had.
    fn swapped<R>(&'static self, slot: &mut Option<T>, f: impl FnOnce() -> R) -> Result<R, NoScope> {
        struct SwapBack<'a, T: 'static> {
            key: &'static LocalKey<T>,
            slot: &'a mut Option<T>,
        }
        impl<T: 'static> Drop for SwapBack<'_, T> {
            fn drop(&mut self) {
                // The storage was there when the scope began. It can be gone only if `f` ends this
                // thread's storage, which no code can.
                self.key.value.with(|value| mem::swap(self.slot, &mut value.borrow_mut()));
            }
        }
        self.value
            .try_with(|value| value.try_borrow_mut().map(|mut value| mem::swap(slot, &mut value)))??;
        let _swap_back = SwapBack { key: self, slot };
        Ok(f())
    }

    /// Calls `f` with the value.
    ///
    /// # Panics
    /// Panics outside of a scope of this key.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// let length = NAME.sync_scope("Ada".to_owned(), || NAME.with(String::len));
    /// assert_eq!(length, 3);
    /// ```
    #[track_caller]
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(AccessError { .. }) => {
                panic!("a task-local key has no value here: set one with `scope` or `sync_scope`")
            }
        }
    }

    /// Calls `f` with the value.
    ///
    /// # Errors
    /// Returns an error outside of a scope of this key.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static NAME: String;
    /// }
    ///
    /// assert!(NAME.try_with(String::len).is_err());
    /// ```
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let result = self.value.try_with(|value| value.borrow().as_ref().map(f));
        result.ok().flatten().ok_or(AccessError { _private: () })
    }
}

impl<T: Clone + 'static> LocalKey<T> {
    /// Returns a clone of the value.
    ///
    /// # Panics
    /// Panics outside of a scope of this key.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert_eq!(NUMBER.sync_scope(42, || NUMBER.get()), 42);
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// Returns a clone of the value.
    ///
    /// # Errors
    /// Returns an error outside of a scope of this key.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// assert!(NUMBER.try_get().is_err());
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

pin_project! {
    /// A future that has a task-local value: [`LocalKey::scope`] returns it.
    ///
    /// # Examples
    /// ```
    /// use heist::task::futures::TaskLocalFuture;
    /// use std::future::{Ready, ready};
    ///
    /// heist::task_local! {
    ///     static NUMBER: u32;
    /// }
    ///
    /// # #[heist::main]
    /// # async fn main() {
    /// let future: TaskLocalFuture<u32, Ready<()>> = NUMBER.scope(42, ready(()));
    /// future.await;
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled or awaited"]
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        // The value between two polls; during a poll, the value of the scope around this one.
        slot: Option<T>,
        // Empty once it was ready.
        #[pin]
        future: Option<F>,
        #[pin]
        pinned: PhantomPinned,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut future = this.future;
            if mem::needs_drop::<F>() && future.is_some() {
                // If there is no scope now, the future is dropped without the value.
                let _ = this.key.swapped(this.slot, || future.set(None));
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out. Returns `None` if it was taken before.
    ///
    /// The usual time for this is after the future was ready. Without its value the future finds
    /// its key empty when it is polled again.
    ///
    /// # Examples
    /// ```
    /// heist::task_local! {
    ///     static COUNT: std::cell::Cell<u32>;
    /// }
    ///
    /// # #[heist::main]
    /// # async fn main() {
    /// let count = async { COUNT.with(|count| count.set(3)) };
    /// let mut counted = Box::pin(COUNT.scope(0.into(), count));
    /// counted.as_mut().await;
    /// assert_eq!(counted.as_mut().take_value().unwrap().get(), 3);
    /// assert!(counted.as_mut().take_value().is_none());
    /// # }
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().slot.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        let polled = this.key.swapped(this.slot, || {
            let polled = future.as_mut().as_pin_mut().map(|future| future.poll(cx));
            if polled.as_ref().is_some_and(Poll::is_ready) {
                // Its destructor finds the value as well.
                future.set(None);
            }
            polled
        });
        match polled {
            Ok(Some(polled)) => polled,
            Ok(None) => panic!("a TaskLocalFuture was polled again after it was ready"),
            Err(no_scope) => no_scope.panic(),
        }
    }
}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").field("value", &self.slot).finish_non_exhaustive()
    }
}

/// A task-local key has no value here: [`LocalKey::try_with`] returns it.
///
/// # Examples
/// ```
/// heist::task_local! {
///     static NUMBER: u32;
/// }
///
/// let error = NUMBER.try_get().unwrap_err();
/// assert_eq!(error.to_string(), "task-local value not set");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessError {
    _private: (),
}

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessError")
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task-local value not set")
    }
}

impl Error for AccessError {}
