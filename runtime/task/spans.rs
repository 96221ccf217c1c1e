//! The spans and events of tasks, under the names that tokio gives them with its own feature
//! `tracing`: `console-subscriber` knows tasks and wakers by these names, targets and fields.
//!
//! A span is entered around each poll, and closes when the future is dropped. It is not entered for
//! the drop, because the console counts each entry as a poll. tokio's is: there every task has one
//! poll more.

use std::any::type_name;
use std::cell::Cell;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tracing::{Span, trace, trace_span};

use super::id::Id;
use super::layout::SpawnSite;
use super::names::name_of;
use super::raw::TaskRef;
use crate::primitive::thread;

pin_project! {
    /// A future whose polls are inside of a span.
    pub(crate) struct Spanned<F> {
        #[pin]
        future: F,
        // After the future: it closes when nothing of the future is left.
        span: Span,
    }
}

/// What a span says of its task besides the kind.
struct About {
    id: Id,
    location: &'static Location<'static>,
    size_bytes: usize,
    /// The size before the future was boxed, if it was.
    original_size_bytes: Option<usize>,
}

impl<F: Future> Spanned<F> {
    /// For a future that any worker runs.
    pub(super) fn task(future: F, id: Id, location: &'static Location<'static>) -> Spanned<F> {
        let span = task_span("task", &About::new::<F>(id, location));
        Spanned { future, span }
    }

    /// For a future that stays on its thread.
    pub(super) fn local(future: F, id: Id, location: &'static Location<'static>) -> Spanned<F> {
        let span = task_span("local", &About::new::<F>(id, location));
        Spanned { future, span }
    }

    /// For a future that runs the closure `C` at its only poll.
    pub(super) fn blocking<C>(future: F, id: Id, location: &'static Location<'static>) -> Spanned<F> {
        let span = closure_span(type_name::<C>(), &About::new::<C>(id, location));
        Spanned { future, span }
    }

    /// For the future that a thread blocks on, which is no task but has the span of one.
    pub(crate) fn block_on(future: F, location: &'static Location<'static>) -> Spanned<F> {
        let span = task_span("block_on", &About::new::<F>(Id::next(), location));
        Spanned { future, span }
    }

    /// Adds what the cell of a task keeps beside the future.
    pub(super) fn with_site(self, location: &'static Location<'static>) -> (Spanned<F>, SpawnSite) {
        let span = self.span.id();
        (self, SpawnSite { location, span })
    }
}

impl<F: Future> Future for Spanned<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.span.enter();
        this.future.poll(cx)
    }
}

impl About {
    fn new<F>(id: Id, location: &'static Location<'static>) -> About {
        let original_size_bytes = BOXED_SIZE.with(Cell::take);
        About { id, location, size_bytes: size_of::<F>(), original_size_bytes }
    }

    fn name(&self) -> String {
        name_of(self.id).map(|name| String::from(&*name)).unwrap_or_default()
    }
}

/// A root: a task does not end later because a task that it spawned goes on.
fn task_span(kind: &'static str, about: &About) -> Span {
    trace_span!(
        target: "tokio::task",
        parent: None,
        "runtime.spawn",
        %kind,
        task.name = %about.name(),
        task.id = about.id.to_u64(),
        original_size.bytes = about.original_size_bytes,
        size.bytes = about.size_bytes,
        loc.file = about.location.file(),
        loc.line = about.location.line(),
        loc.col = about.location.column(),
    )
}

/// A child of the span that the caller is in, as in tokio: what the closure records belongs to what
/// the caller does.
fn closure_span(closure: &'static str, about: &About) -> Span {
    trace_span!(
        target: "tokio::task::blocking",
        "runtime.spawn",
        kind = %"blocking",
        task.name = %about.name(),
        task.id = about.id.to_u64(),
        "fn" = %closure,
        original_size.bytes = about.original_size_bytes,
        size.bytes = about.size_bytes,
        loc.file = about.location.file(),
        loc.line = about.location.line(),
        loc.col = about.location.column(),
    )
}

/// Records what was done with a waker of `task`.
pub(super) fn record_waker(task: TaskRef<'_>, op: &'static str) {
    if let Some(span) = task.span_id() {
        trace!(target: "tokio::task::waker", op, task.id = span.into_u64());
    }
}

thread::thread_local! {
    /// The size of what was boxed for the spawn that this thread is about to do.
    static BOXED_SIZE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Until it is dropped, the next span of this thread is that of a future that had this size before
/// it was boxed.
pub(crate) struct BoxedSize(());

impl BoxedSize {
    pub(crate) fn new(size_bytes: usize) -> BoxedSize {
        BOXED_SIZE.with(|cell| cell.set(Some(size_bytes)));
        BoxedSize(())
    }
}

impl Drop for BoxedSize {
    fn drop(&mut self) {
        BOXED_SIZE.with(|cell| cell.set(None));
    }
}
