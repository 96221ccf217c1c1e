//! A producer: queues its share of the jobs, many at once.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Failure;
use crate::job::Job;
use crate::queue::Queue;

/// The number of jobs that are on their way to the server.
const UNDER_WAY: usize = 64;

pub async fn produce(url: &str, jobs: impl Iterator<Item = Job>) -> Result<(), Failure> {
    let queue = &Queue::open(url).await?;
    let queued = stream::iter(jobs).map(|job| async move { queue.queue_job(&job).await });
    queued.buffer_unordered(UNDER_WAY).try_collect().await
}
