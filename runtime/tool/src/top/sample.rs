//! What a service reports at one moment.

use std::time::Duration;

use serde_json::Value;

use crate::client::ConsoleClient;
use crate::failure::Failure;
use crate::protocol::{MetricsEnd, MetricsLine, RuntimeCounts, TaskLine};

#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) counts: RuntimeCounts,
    /// On a clock of the service.
    pub(super) now_us: u64,
    pub(super) tasks: Vec<TaskLine>,
    pub(super) uptime: Duration,
}

impl Sample {
    pub(super) fn take(client: &mut ConsoleClient) -> Result<Sample, Failure> {
        let (metrics, end): (Vec<(MetricsLine, String)>, MetricsEnd) = client.ask_all("metrics")?;
        let counts = metrics.into_iter().next().map(|(line, _)| line.metrics).unwrap_or_default();
        let (tasks, _): (Vec<(TaskLine, String)>, Value) = client.ask_all("tasks")?;
        let tasks = tasks.into_iter().map(|(task, _)| task).collect();
        Ok(Sample { counts, now_us: end.now_us, tasks, uptime: client.uptime() })
    }
}
