//! The locks that runtimes bring along.

use super::contract::Locks;

/// What heist brings along: locks here, channels in `channels`.
pub(crate) struct OfHeist;
/// The same of tokio.
pub(crate) struct OfTokio;

impl Locks for OfHeist {
    type Mutex = heist::sync::Mutex<u64>;
    type Notify = heist::sync::Notify;

    fn mutex() -> Self::Mutex {
        heist::sync::Mutex::new(0)
    }

    async fn add_one(mutex: &Self::Mutex) {
        *mutex.lock().await += 1;
    }

    fn notify() -> Self::Notify {
        heist::sync::Notify::new()
    }

    fn notify_one(notify: &Self::Notify) {
        notify.notify_one();
    }

    async fn notified(notify: &Self::Notify) {
        notify.notified().await;
    }
}

impl Locks for OfTokio {
    type Mutex = tokio::sync::Mutex<u64>;
    type Notify = tokio::sync::Notify;

    fn mutex() -> Self::Mutex {
        tokio::sync::Mutex::new(0)
    }

    async fn add_one(mutex: &Self::Mutex) {
        *mutex.lock().await += 1;
    }

    fn notify() -> Self::Notify {
        tokio::sync::Notify::new()
    }

    fn notify_one(notify: &Self::Notify) {
        notify.notify_one();
    }

    async fn notified(notify: &Self::Notify) {
        notify.notified().await;
    }
}
