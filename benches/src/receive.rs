//! How should a runtime receive? The raw loops against each other, by number of connections and size of messages.

use clap::Args;

use crate::compare::Plan;
use crate::echo::Times;
use crate::load::Load;
use crate::workload::{About, Means};

/// What is compared.
#[derive(Args)]
pub(crate) struct Matrix {
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 1_000])]
    connections: Vec<usize>,
    /// Bytes of every request and answer.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1_024, 16_384])]
    message_size: Vec<usize>,
    /// Rounds of each case.
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: usize,
}

impl Matrix {
    /// One workload per case; ratios are those of multishot receive to the other ways.
    pub(crate) fn plan(&self) -> Plan {
        let cases = self
            .message_size
            .iter()
            .flat_map(|size| self.connections.iter().map(move |count| (*size, *count)));
        let workloads = cases.map(|(size, count)| case(size, count)).collect();
        Plan { workloads, round_count: self.rounds.max(1), ..Plan::full() }
    }
}

fn case(message_size: usize, connections: usize) -> About {
    let load = Load { connections, message_size, ..Load::default() };
    // As many names as cases, once per process.
    let name = Box::leak(format!("{message_size} B, {connections} connections").into_boxed_str());
    About {
        name,
        explanation: "echo, per request",
        rivals: &["raw-recv", "raw-poll", "raw-oneshot", "heist-single"],
        means: Means::Echo(load, Times { warm_up_ms: 100, measure_ms: 300 }),
        round_count_max: usize::MAX,
        goals: &[],
    }
}
