//! `Send`, `Sync`, `Unpin` and unwind safety are those of tokio's types. What does not hold does
//! not compile.

use std::cell::Cell;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use heist::sync::futures::{Notified, OwnedNotified};
use heist::sync::{
    AcquireError, Barrier, BarrierWaitResult, MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell,
    OwnedMappedMutexGuard, OwnedMutexGuard, OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard,
    OwnedRwLockWriteGuard, OwnedSemaphorePermit, RwLock, RwLockMappedWriteGuard, RwLockReadGuard,
    RwLockWriteGuard, Semaphore, SemaphorePermit, SetOnce, TryAcquireError, TryLockError,
};

/// `Send` and `Sync`.
type Yy = u8;
/// `Send`, and not `Sync`.
type Yn = Cell<u8>;
/// Neither.
type Nn = Rc<u8>;

/// Ambiguous for a type that has the trait, so that the call does not compile.
macro_rules! assert_not {
    ($type:ty: $trait:ident) => {{
        trait AmbiguousIf<A> {
            fn check() {}
        }
        impl<T: ?Sized> AmbiguousIf<()> for T {}
        #[allow(dead_code, reason = "only its type is used, which some compilers report")]
        struct Has;
        impl<T: ?Sized + $trait> AmbiguousIf<Has> for T {}
        <$type as AmbiguousIf<_>>::check();
    }};
}

macro_rules! assert_is {
    ($type:ty: $($trait:ident)+) => {{
        fn check<T: ?Sized $(+ $trait)+>() {}
        check::<$type>();
    }};
}

#[test]
fn what_has_no_value_goes_everywhere() {
    assert_is!(AcquireError: Send Sync Unpin);
    assert_is!(Barrier: Send Sync Unpin);
    assert_is!(BarrierWaitResult: Send Sync Unpin);
    assert_is!(Notify: Send Sync Unpin UnwindSafe RefUnwindSafe);
    assert_is!(OwnedSemaphorePermit: Send Sync Unpin);
    assert_is!(Semaphore: Send Sync Unpin UnwindSafe RefUnwindSafe);
    assert_is!(SemaphorePermit<'_>: Send Sync Unpin);
    assert_is!(TryAcquireError: Send Sync Unpin);
    assert_is!(TryLockError: Send Sync Unpin);
    assert_is!(Notified<'_>: Send Sync);
    assert_is!(OwnedNotified: Send Sync);
    assert_not!(Notified<'_>: Unpin);
    assert_not!(OwnedNotified: Unpin);
}

#[test]
fn locks_and_cells_are_shared_if_their_value_may_be() {
    assert_is!(Mutex<Yy>: Send Sync Unpin UnwindSafe);
    assert_is!(Mutex<Yn>: Send Sync Unpin);
    assert_not!(Mutex<Nn>: Send);
    assert_not!(Mutex<Nn>: Sync);
    assert_not!(Mutex<Yy>: RefUnwindSafe);
    assert_is!(RwLock<Yy>: Send Sync Unpin UnwindSafe);
    assert_is!(RwLock<Yn>: Send Unpin);
    assert_not!(RwLock<Yn>: Sync);
    assert_not!(RwLock<Nn>: Send);
    assert_not!(RwLock<Yy>: RefUnwindSafe);
    assert_is!(OnceCell<Yy>: Send Sync Unpin);
    assert_is!(OnceCell<Yn>: Send Unpin);
    assert_not!(OnceCell<Yn>: Sync);
    assert_not!(OnceCell<Nn>: Send);
    assert_is!(SetOnce<Yy>: Send Sync Unpin);
    assert_is!(SetOnce<Yn>: Send Unpin);
    assert_not!(SetOnce<Yn>: Sync);
    assert_not!(SetOnce<Nn>: Send);
}

#[test]
fn guards_of_a_mutex_go_where_their_value_may() {
    assert_is!(MutexGuard<'_, Yy>: Send Sync Unpin);
    assert_is!(MutexGuard<'_, Yn>: Send Unpin);
    assert_not!(MutexGuard<'_, Yn>: Sync);
    assert_not!(MutexGuard<'_, Nn>: Send);
    assert_is!(MappedMutexGuard<'_, Yy>: Send Sync Unpin);
    assert_is!(MappedMutexGuard<'_, Yn>: Send Unpin);
    assert_not!(MappedMutexGuard<'_, Yn>: Sync);
    assert_not!(MappedMutexGuard<'_, Nn>: Send);
    assert_is!(OwnedMutexGuard<Yy>: Send Sync Unpin);
    assert_is!(OwnedMutexGuard<Yn>: Send Unpin);
    assert_not!(OwnedMutexGuard<Yn>: Sync);
    assert_not!(OwnedMutexGuard<Nn>: Send);
    assert_is!(OwnedMappedMutexGuard<Yy, Yy>: Send Sync Unpin);
    assert_is!(OwnedMappedMutexGuard<Yn, Yy>: Send Unpin);
    assert_not!(OwnedMappedMutexGuard<Yn, Yy>: Sync);
    assert_not!(OwnedMappedMutexGuard<Yy, Yn>: Sync);
    assert_not!(OwnedMappedMutexGuard<Nn, Yy>: Send);
    assert_not!(OwnedMappedMutexGuard<Yy, Nn>: Send);
}

#[test]
fn guards_of_a_rwlock_go_where_readers_may_share_their_value() {
    assert_is!(RwLockReadGuard<'_, Yy>: Send Sync Unpin);
    assert_not!(RwLockReadGuard<'_, Yn>: Send);
    assert_not!(RwLockReadGuard<'_, Yn>: Sync);
    assert_is!(RwLockWriteGuard<'_, Yy>: Send Sync Unpin);
    assert_not!(RwLockWriteGuard<'_, Yn>: Send);
    assert_not!(RwLockWriteGuard<'_, Yn>: Sync);
    assert_is!(RwLockMappedWriteGuard<'_, Yy>: Send Sync Unpin);
    assert_not!(RwLockMappedWriteGuard<'_, Yn>: Send);
    assert_not!(RwLockMappedWriteGuard<'_, Yn>: Sync);
    assert_is!(OwnedRwLockReadGuard<Yy>: Send Sync Unpin);
    assert_not!(OwnedRwLockReadGuard<Yn>: Send);
    assert_not!(OwnedRwLockReadGuard<Yn>: Sync);
    assert_is!(OwnedRwLockWriteGuard<Yy>: Send Sync Unpin);
    assert_not!(OwnedRwLockWriteGuard<Yn>: Send);
    assert_not!(OwnedRwLockWriteGuard<Yn>: Sync);
    assert_is!(OwnedRwLockMappedWriteGuard<Yy>: Send Sync Unpin);
    assert_not!(OwnedRwLockMappedWriteGuard<Yn>: Send);
    assert_not!(OwnedRwLockMappedWriteGuard<Yy, Yn>: Sync);
}

#[test]
fn futures_are_sent_and_shared_as_their_lock_is() {
    fn check<T: Send + Sync>(_: Option<T>) {}
    fn of<A: 'static, F>(_: impl Fn(&'static A) -> F) -> Option<F> {
        None
    }
    check(of(|mutex: &'static Mutex<Yn>| mutex.lock()));
    check(of(|lock: &'static RwLock<Yy>| lock.read()));
    check(of(|lock: &'static RwLock<Yy>| lock.write()));
    check(of(|semaphore: &'static Semaphore| semaphore.acquire()));
    check(of(|barrier: &'static Barrier| barrier.wait()));
    check(of(|once: &'static SetOnce<Yy>| once.wait()));
}
