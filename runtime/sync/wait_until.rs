//! Waiting for a change of a state.

use super::wait_list::{Home, Locked, Waiter};
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

/// Waits until `check` returns something. It is asked again whenever all who wait are chosen; the
/// party that changes the state does so before it takes the lock of the list.
///
/// `check` runs under that lock as well, so it calls no user code.
pub(super) async fn wait_until<H: Home<Wish = ()>, R>(home: &H, mut check: impl FnMut() -> Option<R>) -> R {
    let mut waiter = pin!(Waiter::new(home));
    let mut has_entered = false;
    poll_fn(move |cx| {
        if has_entered {
            ready!(waiter.as_mut().poll_chosen(cx));
            has_entered = false;
        }
        if let Some(outcome) = check() {
            return Poll::Ready(outcome);
        }
        let waker = cx.waker().clone();
        let mut locked = home.wait_list().lock();
        if let Some(outcome) = check() {
            drop(locked);
            drop(waker);
            return Poll::Ready(outcome);
        }
        waiter.as_ref().enter(&mut locked, (), Some(waker));
        has_entered = true;
        Poll::Pending
    })
    .await
}

/// Wakes all who wait now. Those who come meanwhile have seen the change.
pub(super) fn wake_all<H: Home<Wish = ()>>(home: &H) {
    wake_all_of(home.wait_list().lock());
}

/// As [`wake_all`], by the holder of the lock.
pub(super) fn wake_all_of<S>(locked: Locked<'_, S, ()>) {
    if locked.is_empty() {
        return;
    }
    let turn = locked.next_turn();
    locked.wake_while(|locked| if locked.has_one_before(turn) { locked.choose_first(|()| ()) } else { None });
}
