//! The notifier.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::state::NotifyState;
use crate::sync::wait_list::{Chosen, Home, Locked, WaitList};

/// Wakes tasks that wait for something to happen. It carries no value; what happened is seen
/// elsewhere.
///
/// [`notify_one`](Notify::notify_one) wakes one task. If none waits, it leaves a permit, and the
/// next one that waits goes on at once; there is at most one permit.
/// [`notify_waiters`](Notify::notify_waiters) wakes all tasks that wait now, and leaves none.
///
/// # Examples
/// A channel of one value:
/// ```
/// use std::sync::Mutex;
///
/// use heist::sync::Notify;
///
/// struct Slot<T> {
///     value: Mutex<Option<T>>,
///     notify: Notify,
/// }
///
/// impl<T> Slot<T> {
///     fn send(&self, value: T) {
///         *self.value.lock().unwrap() = Some(value);
///         self.notify.notify_one();
///     }
///
///     async fn receive(&self) -> T {
///         loop {
///             if let Some(value) = self.value.lock().unwrap().take() {
///                 return value;
///             }
///             self.notify.notified().await;
///         }
///     }
/// }
///
/// # #[heist::main]
/// # async fn main() {
/// let slot = std::sync::Arc::new(Slot { value: Mutex::new(None), notify: Notify::new() });
/// let sender = slot.clone();
/// heist::spawn(async move { sender.send(7) });
/// assert_eq!(slot.receive().await, 7);
/// # }
/// ```
pub struct Notify {
    pub(super) state: NotifyState,
    // [due]: the state behind the lock is the turn of the first waiter that came after the last
    // call of `notify_waiters`. Those before it are to be woken by that call, whatever happens.
    waiters: WaitList<u64, Notification>,
}

/// What a waiter was notified by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notification {
    /// Nothing, so far.
    Nothing,
    /// A call that wakes one. The waiter passes it on if it is dropped.
    One(Which),
    /// A call that wakes all.
    All,
}

/// Which of the waiters a call wakes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    First,
    Last,
}

impl Home for Notify {
    type State = u64;
    type Wish = Notification;

    const NAME: &'static str = "Notify";

    #[inline]
    fn wait_list(&self) -> &WaitList<u64, Notification> {
        &self.waiters
    }
}

impl Notify {
    /// Creates a notifier without a permit.
    ///
    /// # Examples
    /// ```
    /// let notify = heist::sync::Notify::new();
    /// notify.notify_one();
    /// ```
    pub fn new() -> Notify {
        Notify { state: NotifyState::new(), waiters: WaitList::new(0) }
    }

    /// As [`Notify::new`], in a constant, such as a static.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::Notify;
    ///
    /// static CHANGED: Notify = Notify::const_new();
    /// CHANGED.notify_waiters();
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new() -> Notify {
        Notify { state: NotifyState::new(), waiters: WaitList::new(0) }
    }

    /// Wakes the task that has waited longest. If none waits, leaves a permit.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let notify = heist::sync::Notify::new();
    /// notify.notify_one();
    /// notify.notified().await;
    /// # }
    /// ```
    #[inline]
    pub fn notify_one(&self) {
        self.notify(Which::First);
    }

    /// Wakes the task that began to wait last. If none waits, leaves a permit.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let notify = heist::sync::Notify::new();
    /// notify.notify_last();
    /// notify.notified().await;
    /// # }
    /// ```
    #[inline]
    pub fn notify_last(&self) {
        self.notify(Which::Last);
    }

    #[inline]
    pub(super) fn notify(&self, which: Which) {
        if !self.state.leave_permit() {
            self.notify_waiting(which);
        }
    }

    #[inline(never)]
    fn notify_waiting(&self, which: Which) {
        let mut locked = self.waiters.lock();
        // Another call may have found that nobody waits.
        if self.state.leave_permit() {
            return;
        }
        if locked.has_one_before(*locked) {
            return self.notify_after_due(locked, which);
        }
        let chosen = self.choose(&mut locked, which);
        drop(locked);
        if let Some(chosen) = chosen {
            chosen.wake();
        }
    }

    // [due]: those whom a call for all has yet to wake are woken for it. This one is for somebody
    // else.
    #[cold]
    fn notify_after_due(&self, locked: Locked<'_, u64, Notification>, which: Which) {
        let mut is_done = false;
        locked.wake_while(|locked| {
            if let Some(chosen) = choose_due(locked) {
                return Some(chosen);
            }
            if std::mem::replace(&mut is_done, true) { None } else { self.choose(locked, which) }
        });
    }

    /// Chooses one that waits. If there is nobody, leaves a permit.
    #[inline]
    fn choose(&self, locked: &mut Locked<'_, u64, Notification>, which: Which) -> Option<Chosen> {
        let notify = |notification: &mut Notification| *notification = Notification::One(which);
        let chosen = match which {
            Which::First => locked.choose_first(notify),
            Which::Last => locked.choose_last(notify),
        };
        if chosen.is_none() && !self.state.leave_permit() {
            self.state.end_waiting();
        }
        chosen
    }

    /// Wakes all tasks that wait now, and those whose future was created before and not polled.
    /// Leaves no permit.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let notify = heist::sync::Notify::new();
    /// let (first, second) = (notify.notified(), notify.notified());
    /// notify.notify_waiters();
    /// first.await;
    /// second.await;
    /// # }
    /// ```
    pub fn notify_waiters(&self) {
        let mut locked = self.waiters.lock();
        self.state.call_all();
        *locked = locked.next_turn();
        locked.wake_while(choose_due);
    }
}

/// Chooses a waiter that a call of `notify_waiters` has yet to wake.
fn choose_due(locked: &mut Locked<'_, u64, Notification>) -> Option<Chosen> {
    if !locked.has_one_before(**locked) {
        return None;
    }
    locked.choose_first(|notification| *notification = Notification::All)
}

impl Default for Notify {
    fn default() -> Notify {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").finish_non_exhaustive()
    }
}

impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}
