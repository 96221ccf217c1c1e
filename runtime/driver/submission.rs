//! The future that awaits one completion; dropping it cancels the operation.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Driver;
use super::completion::Completion;
use super::op::Op;
use crate::task::WaitReason;

#[must_use = "an operation that is not awaited is cancelled"]
#[derive(Debug)]
pub(super) struct Submission {
    driver: Arc<Driver>,
    completion: Arc<Completion>,
    /// What it is, for a dump.
    operation: &'static str,
}

impl Submission {
    pub(super) fn start(
        driver: &Arc<Driver>,
        operation: &'static str,
        op: impl FnOnce(Arc<Completion>) -> Op,
    ) -> io::Result<Submission> {
        let completion = Arc::new(Completion::new());
        driver.submit(op(completion.clone()))?;
        Ok(Submission { driver: driver.clone(), completion, operation })
    }
}

impl Future for Submission {
    type Output = io::Result<i32>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<i32>> {
        let reason = || WaitReason::Operation { operation: self.operation, object: String::new() };
        self.completion.poll_with(cx, reason)
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if let Some(ticket) = self.completion.close() {
            self.driver.cancel(ticket);
        }
    }
}
