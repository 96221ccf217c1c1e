//! A worker: takes jobs, does them, stores the result, and acknowledges only then.

use std::path::Path;
use std::sync::Arc;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Failure;
use crate::job::Job;
use crate::ledger::{Delivery, Ledger, Step};
use crate::queue::{PATIENCE, Queue};

struct Worker {
    queue: Queue,
    ledger: Ledger,
}

/// Works until `stop` changes; the jobs that are begun are done to their end.
pub async fn work(
    url: &str,
    at_once: usize,
    ledger: Option<&Path>,
    stop: watch::Receiver<()>,
) -> Result<(), Failure> {
    let worker = Arc::new(Worker { queue: Queue::open(url).await?, ledger: Ledger::open(ledger)? });
    let jobs = worker.queue.jobs().await?;
    let mut lanes = JoinSet::new();
    for _ in 0..at_once {
        lanes.spawn(Arc::clone(&worker).lane(jobs.clone(), stop.clone()));
    }
    while let Some(end) = lanes.join_next().await {
        end??;
    }
    Ok(())
}

impl Worker {
    /// One job after the other. A lane asks for no second job while it has one, so that none waits in this process
    /// while another worker is idle.
    async fn lane(self: Arc<Self>, jobs: PullConsumer, mut stop: watch::Receiver<()>) -> Result<(), Failure> {
        let mut messages = jobs.stream().max_messages_per_batch(1).messages().await?;
        loop {
            let message = tokio::select! {
                biased;
                _ = stop.changed() => return Ok(()),
                message = messages.next() => message.ok_or("the server ended the subscription")??,
            };
            self.job(&message).await?;
        }
    }

    async fn job(&self, message: &Message) -> Result<(), Failure> {
        let info = message.info()?;
        let (sequence, attempt) = (info.stream_sequence, info.delivered);
        let job: Job = match std::str::from_utf8(&message.payload).map_err(Failure::from).and_then(str::parse)
        {
            Ok(job) => job,
            Err(error) => {
                eprintln!("job {sequence} is thrown away: {error}");
                return message.ack_with(AckKind::Term).await;
            }
        };
        let delivery = Delivery { job: job.number, sequence, attempt };
        // Another worker may have been killed between the result and the acknowledgement.
        if attempt == 1 || !self.queue.has_result(job.number).await? {
            self.ledger.note(Step::Began, delivery)?;
            let result = self.count(job, message).await?;
            self.queue.store_result(delivery.job, result).await?;
        }
        // The server confirms it. If the confirmation is lost, the job comes again, and its result is found.
        match message.double_ack().await {
            Ok(()) => self.ledger.note(Step::Acknowledged, delivery),
            Err(error) => {
                eprintln!("job {} is not acknowledged: {error}", delivery.job);
                Ok(())
            }
        }
    }

    /// Counts on a thread of its own, and tells the server meanwhile that the job is under way.
    async fn count(&self, job: Job, message: &Message) -> Result<u64, Failure> {
        let mut counting = tokio::task::spawn_blocking(move || job.work());
        let mut signs = tokio::time::interval(PATIENCE / 4);
        signs.tick().await;
        loop {
            tokio::select! {
                result = &mut counting => return Ok(result?),
                _ = signs.tick() => message.ack_with(AckKind::Progress).await?,
            }
        }
    }
}
