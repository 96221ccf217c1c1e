//! The queue: a stream of jobs and a stream of results.
//!
//! Both keep one message per subject and refuse a second one, so that a job is queued once and has one result, however
//! often it is sent. The server deletes a job when it is acknowledged.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, LastRawMessageErrorKind, RetentionPolicy, Stream,
};
use async_nats::jetstream::{self, Context, ErrorCode};

use crate::Failure;
use crate::job::Job;

/// After this time without a sign of its worker the server gives a job to another one.
pub const PATIENCE: Duration = Duration::from_secs(2);

const JOBS: &str = "cluster-jobs";
const RESULTS: &str = "cluster-results";

pub struct Queue {
    context: Context,
    results: Stream,
}

impl Queue {
    /// Connects, and creates the streams that are not there.
    ///
    /// # Errors
    /// Nothing answers at `url`, or it has no JetStream.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let client = async_nats::ConnectOptions::new()
            .name("cluster")
            .connection_timeout(PATIENCE)
            .connect(url)
            .await
            .map_err(|error| format!("no NATS server answers at {url}: {error}"))?;
        let context = jetstream::new(client);
        let stream = async |name: &str, retention| {
            let config = Config {
                name: name.to_owned(),
                subjects: vec![format!("{name}.*")],
                retention,
                max_messages_per_subject: 1,
                discard: DiscardPolicy::New,
                discard_new_per_subject: true,
                ..Config::default()
            };
            let created = context.get_or_create_stream(config).await;
            created.map_err(|error| format!("the server at {url} does not give the stream {name}: {error}"))
        };
        stream(JOBS, RetentionPolicy::WorkQueue).await?;
        let results = stream(RESULTS, RetentionPolicy::Limits).await?;
        Ok(Self { context, results })
    }

    /// Queues a job, if it is not queued and has no result.
    pub async fn queue_job(&self, job: &Job) -> Result<(), Failure> {
        if self.has_result(job.number).await? {
            return Ok(());
        }
        self.store_once(format!("{JOBS}.{}", job.number), job.to_string()).await
    }

    /// Stores a job's result, if it has none.
    pub async fn store_result(&self, job: u64, result: u64) -> Result<(), Failure> {
        self.store_once(format!("{RESULTS}.{job}"), result.to_string()).await
    }

    pub async fn has_result(&self, job: u64) -> Result<bool, Failure> {
        match self.results.get_last_raw_message_by_subject(&format!("{RESULTS}.{job}")).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn store_once(&self, subject: String, payload: String) -> Result<(), Failure> {
        match self.context.publish(subject, payload.into()).await?.await {
            Err(error) if is_there_already(&error) => Ok(()),
            other => Ok(other.map(|_receipt| ())?),
        }
    }

    /// The jobs for the workers, shared by all of them.
    pub async fn jobs(&self) -> Result<PullConsumer, Failure> {
        let config = pull::Config {
            durable_name: Some("workers".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: PATIENCE,
            ..pull::Config::default()
        };
        Ok(self.context.get_stream(JOBS).await?.get_or_create_consumer("workers", config).await?)
    }

    /// All results, those before this call as well.
    pub async fn results(&self) -> Result<pull::Ordered, Failure> {
        Ok(self.results.create_consumer(pull::OrderedConfig::default()).await?.messages().await?)
    }

    /// The number of jobs that are not acknowledged.
    pub async fn job_count(&self) -> Result<u64, Failure> {
        Ok(self.context.get_stream(JOBS).await?.cached_info().state.messages)
    }

    pub async fn delete(&self) -> Result<(), Failure> {
        self.context.delete_stream(JOBS).await?;
        self.context.delete_stream(RESULTS).await?;
        Ok(())
    }
}

/// The stream keeps one message per subject, and has it.
fn is_there_already(error: &PublishError) -> bool {
    let source =
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    source.is_some_and(|error| {
        error.error_code() == ErrorCode::STREAM_STORE_FAILED && error.to_string().contains("per subject")
    })
}
