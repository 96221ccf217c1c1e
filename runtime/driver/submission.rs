//! The future that awaits one completion; dropping it cancels the operation.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Driver;
use super::completion::Completion;
use super::op::Op;

#[must_use = "an operation that is not awaited is cancelled"]
#[derive(Debug)]
pub(super) struct Submission {
    driver: Arc<Driver>,
    completion: Arc<Completion>,
}

impl Submission {
    pub(super) fn start(
        driver: &Arc<Driver>,
        op: impl FnOnce(Arc<Completion>) -> Op,
    ) -> io::Result<Submission> {
        let completion = Arc::new(Completion::new());
        driver.submit(op(completion.clone()))?;
        Ok(Submission { driver: driver.clone(), completion })
    }
}

impl Future for Submission {
    type Output = io::Result<i32>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<i32>> {
        self.completion.poll_with(cx)
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if let Some(ticket) = self.completion.close() {
            self.driver.cancel(ticket);
        }
    }
}
