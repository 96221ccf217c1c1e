//! The future of a `block_on`, which is listed while its runtime is observed.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::guests::{Guests, Hosting};
use super::root::RootRecord;

/// The place of a future of `block_on` among the guests of its runtime, as long as it lives.
struct ListedRoot {
    record: Arc<RootRecord>,
    guests: Arc<Guests>,
}

pin_project! {
    /// The future of a `block_on`, which is listed if the runtime is observed.
    pub(crate) struct Rooted<F> {
        #[pin]
        future: F,
        listed: Option<ListedRoot>,
    }
}

impl<F> Rooted<F> {
    /// `guests`: those of the runtime, if it is observed.
    pub(crate) fn new(
        future: F,
        guests: Option<&Arc<Guests>>,
        location: &'static Location<'static>,
    ) -> Rooted<F> {
        Rooted { future, listed: guests.map(|guests| ListedRoot::new(guests.clone(), location)) }
    }
}

impl<F: Future> Future for Rooted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(listed) = this.listed else { return this.future.poll(cx) };
        let _hosting = Hosting::begin(listed.guests.clone());
        let _polled = listed.record.begin_poll();
        this.future.poll(cx)
    }
}

impl ListedRoot {
    fn new(guests: Arc<Guests>, location: &'static Location<'static>) -> ListedRoot {
        let record = Arc::new(RootRecord::new(location));
        guests.add_root(&record);
        ListedRoot { record, guests }
    }
}

impl Drop for ListedRoot {
    fn drop(&mut self) {
        self.guests.remove_root(&self.record);
    }
}
