//! Telling every connection to finish, and knowing when the last one has.
//!
//! Each connection holds a `Member`. `begin` wakes them all; dropping the last one resolves what `begin` returned.
//! A member waits on a channel of its own, so connections share a lock only when they come and go.

use std::collections::HashMap;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::channel::oneshot;

/// The group of all connections. Clones mean the same group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shutdown(Arc<Mutex<Group>>);

#[derive(Debug, Default)]
struct Group {
    next_key: u64,
    /// `None` for a member that was told to finish.
    members: HashMap<u64, Option<oneshot::Sender<()>>>,
    /// Dropped with the last member, once the group is stopping.
    last_gone: Option<oneshot::Sender<()>>,
    is_stopping: bool,
}

/// One connection. As a future it resolves when the connection should finish.
#[derive(Debug)]
pub(crate) struct Member {
    key: u64,
    told: oneshot::Receiver<()>,
    group: Shutdown,
}

/// Resolves when no member is left.
#[derive(Debug)]
pub(crate) struct AllGone(oneshot::Receiver<()>);

impl Shutdown {
    /// Joins the group. Who joins a stopping group is told at once.
    pub(crate) fn join(&self) -> Member {
        let (sender, told) = oneshot::channel();
        let mut group = self.lock();
        let key = group.next_key;
        group.next_key += 1;
        let sender = if group.is_stopping { None } else { Some(sender) };
        group.members.insert(key, sender);
        Member { key, told, group: self.clone() }
    }

    /// Tells every member to finish.
    pub(crate) fn begin(&self) -> AllGone {
        let (last_gone, all_gone) = oneshot::channel();
        let mut group = self.lock();
        group.is_stopping = true;
        group.last_gone = if group.members.is_empty() { None } else { Some(last_gone) };
        let told: Vec<_> = group.members.values_mut().map(mem::take).collect();
        // Dropping a sender wakes its member, and no lock is held while others run.
        drop(group);
        drop(told);
        AllGone(all_gone)
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().members.len()
    }

    fn leave(&self, key: u64) {
        let mut group = self.lock();
        let sender = group.members.remove(&key);
        let last_gone = if group.members.is_empty() { group.last_gone.take() } else { None };
        drop(group);
        drop((sender, last_gone));
    }

    fn lock(&self) -> MutexGuard<'_, Group> {
        // No code that could panic half way runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Member {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // The sender is never used, only dropped: the error is the message.
        Pin::new(&mut self.told).poll(cx).map(|_| ())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.group.leave(self.key);
    }
}

impl Future for AllGone {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn members_wait_until_the_group_stops() {
        let group = Shutdown::default();
        let mut member = group.join();
        assert!((&mut member).now_or_never().is_none());
        let _all_gone = group.begin();
        assert!((&mut member).now_or_never().is_some());
    }

    #[test]
    fn an_empty_group_is_gone_at_once() {
        assert!(Shutdown::default().begin().now_or_never().is_some());
    }

    #[test]
    fn the_last_member_to_leave_ends_the_wait() {
        let group = Shutdown::default();
        let (first, second) = (group.join(), group.join());
        drop(group.join());
        let mut all_gone = group.begin();
        drop(first);
        assert_eq!(group.len(), 1);
        assert!((&mut all_gone).now_or_never().is_none());
        drop(second);
        assert_eq!(group.len(), 0);
        assert!(all_gone.now_or_never().is_some());
    }

    #[test]
    fn a_late_subscriber_is_notified_at_once_and_waited_for() {
        let group = Shutdown::default();
        let early = group.join();
        let mut all_gone = group.begin();
        let mut late = group.join();
        assert!((&mut late).now_or_never().is_some());
        drop(early);
        assert!((&mut all_gone).now_or_never().is_none());
        drop(late);
        assert!(all_gone.now_or_never().is_some());
    }
}
