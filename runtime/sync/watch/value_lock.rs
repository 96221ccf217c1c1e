//! The lock of the value. It ignores poison: a change that panics leaves the value as it is.

use crate::primitive::sync::{RwLock, RwLockReadGuard};

pub(super) struct ValueLock<T>(RwLock<T>);

impl<T> ValueLock<T> {
    pub(super) fn new(value: T) -> Self {
        ValueLock(RwLock::new(value))
    }

    #[inline]
    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        match self.0.read() {
            Ok(guard) => guard,
            Err(poison) => poison.into_inner(),
        }
    }

    /// Runs `f` with the value. If `f` panics, the lock is free afterwards.
    #[inline]
    pub(super) fn change<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut guard = match self.0.write() {
            Ok(guard) => guard,
            Err(poison) => poison.into_inner(),
        };
        f(&mut guard)
    }
}
