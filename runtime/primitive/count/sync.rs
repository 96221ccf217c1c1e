//! Locks and condition variables of std's size and place in memory, whose accesses are counted.

use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{self, PoisonError, TryLockError};
use std::time::Duration;

use super::lines::LineAccess;
use super::machine::{self, Awaited};

/// A lock: an access to it writes its word, and an access through its guard reads or writes the
/// first line of the value.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Lock<T>(sync::Mutex<T>);

pub(crate) struct LockGuard<'a, T> {
    lock: &'a Lock<T>,
    /// `None` while it waits, and at its end.
    held: Option<sync::MutexGuard<'a, T>>,
}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Lock(sync::Mutex::new(value))
    }

    /// The word is the first of a lock.
    fn address(&self) -> usize {
        (&raw const self.0).addr()
    }

    #[track_caller]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        let place = Location::caller();
        if !machine::is_on_machine() {
            let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            return LockGuard { lock: self, held: Some(held) };
        }
        loop {
            if let Some(guard) = self.try_at(place) {
                return guard;
            }
            machine::wait_for(Awaited::Lock(self.address()), None);
        }
    }

    #[track_caller]
    pub(crate) fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        self.try_at(Location::caller())
    }

    fn try_at(&self, place: &'static Location<'static>) -> Option<LockGuard<'_, T>> {
        machine::access(self.address(), 4, LineAccess::Write, place);
        let held = match self.0.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(poison)) => poison.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(LockGuard { lock: self, held: Some(held) })
    }

    /// As the shim's.
    #[track_caller]
    pub(crate) fn wait_timeout<'a>(
        &'a self,
        condvar: &CountedCondvar,
        guard: LockGuard<'a, T>,
        timeout: Duration,
    ) -> (LockGuard<'a, T>, bool) {
        condvar.wait_at(guard, Some(timeout), Location::caller())
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> LockGuard<'_, T> {
    fn count(&self, kind: LineAccess, place: &'static Location<'static>) {
        let value: &T = self.held.as_deref().expect("it is held");
        machine::access((&raw const *value).addr(), size_of::<T>(), kind, place);
    }

    #[track_caller]
    fn release(&mut self) {
        if self.held.is_some() {
            machine::access(self.lock.address(), 4, LineAccess::Write, Location::caller());
            self.held = None;
            machine::provide(Awaited::Lock(self.lock.address()), 1);
        }
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        self.count(LineAccess::Read, Location::caller());
        self.held.as_deref().expect("it is held")
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        self.count(LineAccess::Write, Location::caller());
        self.held.as_deref_mut().expect("it is held")
    }
}

impl<T> Drop for LockGuard<'_, T> {
    #[track_caller]
    fn drop(&mut self) {
        self.release();
    }
}

/// A condition variable.
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct CountedCondvar(sync::Condvar);

impl CountedCondvar {
    pub(crate) const fn new() -> Self {
        CountedCondvar(sync::Condvar::new())
    }

    fn address(&self) -> usize {
        (&raw const self.0).addr()
    }

    #[track_caller]
    pub(crate) fn notify_one(&self) {
        self.notify(1, Location::caller());
        self.0.notify_one();
    }

    #[track_caller]
    pub(crate) fn notify_all(&self) {
        self.notify(usize::MAX, Location::caller());
        self.0.notify_all();
    }

    fn notify(&self, count: usize, place: &'static Location<'static>) {
        machine::access(self.address(), 4, LineAccess::Write, place);
        machine::provide(Awaited::Signal(self.address()), count);
    }

    #[track_caller]
    pub(crate) fn wait<'a, T>(&self, guard: LockGuard<'a, T>) -> LockGuard<'a, T> {
        self.wait_at(guard, None, Location::caller()).0
    }

    /// As std's, which may return an error.
    #[track_caller]
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: LockGuard<'a, T>,
        timeout: Duration,
    ) -> Result<(LockGuard<'a, T>, bool), PoisonError<(LockGuard<'a, T>, bool)>> {
        Ok(self.wait_at(guard, Some(timeout), Location::caller()))
    }

    fn wait_at<'a, T>(
        &self,
        mut guard: LockGuard<'a, T>,
        timeout: Option<Duration>,
        place: &'static Location<'static>,
    ) -> (LockGuard<'a, T>, bool) {
        if !machine::is_on_machine() {
            return self.wait_off_machine(guard, timeout);
        }
        let lock = guard.lock;
        machine::access(self.address(), 4, LineAccess::Read, place);
        // Nobody runs between the unlock and the wait, except on purpose: the unlock's access comes
        // before the unlock.
        machine::access(lock.address(), 4, LineAccess::Write, place);
        guard.held = None;
        machine::provide(Awaited::Lock(lock.address()), 1);
        let is_late = machine::wait_for(Awaited::Signal(self.address()), timeout);
        (lock.lock(), is_late)
    }

    fn wait_off_machine<'a, T>(
        &self,
        mut guard: LockGuard<'a, T>,
        timeout: Option<Duration>,
    ) -> (LockGuard<'a, T>, bool) {
        let held = guard.held.take().expect("it is held");
        let (held, is_late) = match timeout {
            None => (self.0.wait(held).unwrap_or_else(PoisonError::into_inner), false),
            Some(timeout) => {
                let (held, outcome) =
                    self.0.wait_timeout(held, timeout).unwrap_or_else(PoisonError::into_inner);
                (held, outcome.timed_out())
            }
        };
        guard.held = Some(held);
        (guard, is_late)
    }
}
