//! The spans and events of a sleep, under the names that tokio gives them: tokio-console shows each
//! sleep as a resource, and which task waits for it.

use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use tracing::span::Entered;
use tracing::{Span, trace, trace_span};

use super::instant::Instant;

/// The sleep itself, what is done with it, and the polls of that.
#[derive(Debug)]
pub(super) struct SleepSpans {
    resource: Span,
    op: Span,
    poll: Span,
}

// A subscriber that panics leaves nothing of ours half done. Without this, `Sleep` would promise
// less with the feature than without it.
impl UnwindSafe for SleepSpans {}
impl RefUnwindSafe for SleepSpans {}

/// A poll, inside of all three spans. Its outcome is recorded when it is dropped.
pub(super) struct SleepPoll<'a> {
    is_ready: bool,
    // Exited in this order.
    _poll: Entered<'a>,
    _op: Entered<'a>,
    _resource: Entered<'a>,
}

impl SleepSpans {
    pub(super) fn new(location: &'static Location<'static>, deadline: Instant) -> SleepSpans {
        let resource = trace_span!(
            parent: None,
            "runtime.resource",
            concrete_type = "Sleep",
            kind = "timer",
            loc.file = location.file(),
            loc.line = location.line(),
            loc.col = location.column(),
        );
        // The console finds the resource by the spans that are entered, and not by the parent.
        let (op, poll) = resource.in_scope(|| {
            let op = trace_span!("runtime.resource.async_op", source = "Sleep::new_timeout");
            let poll = op.in_scope(|| trace_span!("runtime.resource.async_op.poll"));
            (op, poll)
        });
        let spans = SleepSpans { resource, op, poll };
        spans.set_deadline(deadline);
        spans
    }

    /// Records how long the sleep is from now on.
    pub(super) fn set_deadline(&self, deadline: Instant) {
        if self.resource.is_disabled() {
            return;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        self.resource.in_scope(|| {
            trace!(
                target: "runtime::resource::state_update",
                duration = millis,
                duration.unit = "ms",
                duration.op = "override",
            );
        });
    }

    pub(super) fn enter(&self) -> SleepPoll<'_> {
        let (resource, op, poll) = (self.resource.enter(), self.op.enter(), self.poll.enter());
        SleepPoll { is_ready: false, _poll: poll, _op: op, _resource: resource }
    }
}

impl SleepPoll<'_> {
    pub(super) fn set_ready(mut self) {
        self.is_ready = true;
    }
}

impl Drop for SleepPoll<'_> {
    fn drop(&mut self) {
        let is_ready = self.is_ready;
        trace!(target: "runtime::resource::poll_op", op_name = "poll_elapsed", is_ready);
    }
}
