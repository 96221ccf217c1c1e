//! A value that is set once, and that tasks wait for.
#![expect(unsafe_code, reason = "the value is set under the lock of those who wait for it")]

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::wait_list::{Home, WaitList, Waiter, WaiterStage};
use super::write_once::WriteOnce;

/// A value that is set once, and that tasks wait for.
///
/// # Examples
/// ```
/// use heist::sync::SetOnce;
///
/// static ANSWER: SetOnce<u32> = SetOnce::const_new();
///
/// # #[heist::main]
/// # async fn main() {
/// let task = heist::spawn(async { *ANSWER.wait().await });
/// ANSWER.set(42).unwrap();
/// assert_eq!(task.await.unwrap(), 42);
/// # }
/// ```
pub struct SetOnce<T> {
    value: WriteOnce<T>,
    waiters: WaitList<(), ()>,
}

impl<T> Home for SetOnce<T> {
    type State = ();
    type Wish = ();

    const NAME: &'static str = "SetOnce";

    fn wait_list(&self) -> &WaitList<(), ()> {
        &self.waiters
    }
}

impl<T> SetOnce<T> {
    /// Creates an empty one.
    ///
    /// # Examples
    /// ```
    /// let once = heist::sync::SetOnce::<u32>::new();
    /// assert_eq!(once.get(), None);
    /// ```
    pub fn new() -> SetOnce<T> {
        SetOnce { value: WriteOnce::new(), waiters: WaitList::new(()) }
    }

    /// As [`SetOnce::new`], in a constant, such as a static.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::SetOnce;
    ///
    /// static NAME: SetOnce<String> = SetOnce::const_new();
    /// assert!(!NAME.initialized());
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new() -> SetOnce<T> {
        SetOnce { value: WriteOnce::new(), waiters: WaitList::new(()) }
    }

    /// Creates one with this value, or an empty one.
    ///
    /// # Examples
    /// ```
    /// let once = heist::sync::SetOnce::new_with(Some(1));
    /// assert_eq!(once.get(), Some(&1));
    /// ```
    pub fn new_with(value: Option<T>) -> SetOnce<T> {
        value.map_or_else(SetOnce::new, SetOnce::from)
    }

    /// Creates one with this value, in a constant.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::SetOnce;
    ///
    /// static ONE: SetOnce<u32> = SetOnce::const_new_with(1);
    /// assert_eq!(ONE.get(), Some(&1));
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new_with(value: T) -> SetOnce<T> {
        SetOnce { value: WriteOnce::with(value), waiters: WaitList::new(()) }
    }

    /// Returns whether there is a value.
    ///
    /// # Examples
    /// ```
    /// let once = heist::sync::SetOnce::new();
    /// once.set(1).unwrap();
    /// assert!(once.initialized());
    /// ```
    pub fn initialized(&self) -> bool {
        self.value.get().is_some()
    }

    /// Returns the value, if there is one.
    ///
    /// # Examples
    /// ```
    /// let once = heist::sync::SetOnce::new_with(Some(1));
    /// assert_eq!(once.get(), Some(&1));
    /// ```
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Sets the value, and wakes all tasks that wait for it.
    ///
    /// # Errors
    /// Returns the value if there is one already.
    ///
    /// # Examples
    /// ```
    /// let once = heist::sync::SetOnce::new();
    /// assert!(once.set(1).is_ok());
    /// assert_eq!(once.set(2).unwrap_err().0, 2);
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        let locked = self.waiters.lock();
        if self.initialized() {
            drop(locked);
            return Err(SetOnceError(value));
        }
        // SAFETY: it is not set, and is set under the lock only [set-or-listed].
        unsafe { self.value.set(value) };
        locked.wake_while(|locked| locked.choose_first(|()| ()));
        Ok(())
    }

    /// Returns the value, if there is one.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(heist::sync::SetOnce::new_with(Some(1)).into_inner(), Some(1));
    /// ```
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Waits until there is a value.
    ///
    /// # Cancel safety
    /// Cancel safe: dropping the future does nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let once = heist::sync::SetOnce::new();
    /// once.set(1).unwrap();
    /// assert_eq!(once.wait().await, &1);
    /// # }
    /// ```
    pub async fn wait(&self) -> &T {
        let wait = WaitForValue { waiter: Waiter::new(self) };
        wait.await;
        self.value.get().expect("[set-or-listed]: they are woken when it is set")
    }
}

pin_project! {
    struct WaitForValue<'a, T> {
        #[pin]
        waiter: Waiter<&'a SetOnce<T>>,
    }
}

impl<T> Future for WaitForValue<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let once = *this.waiter.home();
        if once.initialized() {
            return Poll::Ready(());
        }
        if this.waiter.stage() != WaiterStage::Idle {
            ready!(this.waiter.poll_chosen(cx));
            return Poll::Ready(());
        }
        // A clone is user code, as its destructor is: both are called without the lock.
        let waker = cx.waker().clone();
        let mut locked = once.waiters.lock();
        if once.get().is_some() {
            drop(locked);
            return Poll::Ready(());
        }
        this.waiter.as_ref().enter(&mut locked, (), Some(waker));
        Poll::Pending
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> SetOnce<T> {
        SetOnce { value: WriteOnce::with(value), waiters: WaitList::new(()) }
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> SetOnce<T> {
        SetOnce::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce").field("value", &self.get()).finish()
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> SetOnce<T> {
        SetOnce::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &SetOnce<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

/// Returned by [`SetOnce::set`]: there was a value already. It has the one that was to be set.
///
/// # Examples
/// ```
/// use heist::sync::{SetOnce, SetOnceError};
///
/// let once = SetOnce::new_with(Some(1));
/// assert_eq!(once.set(2), Err(SetOnceError(2)));
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetOnceError")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}
