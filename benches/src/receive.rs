//! How should a runtime receive? The raw loops and heist's calls against each other, by number of connections and size of
//! messages.

use clap::Args;

use crate::compare::Plan;
use crate::load::{Load, Times};
use crate::rival;
use crate::rival::contender::Contender;
use crate::workload::about::{About, Means};

const RIVALS: [&str; 6] = ["raw-oneshot", "raw-select", "raw-poll", "raw-recv", "heist", "heist-pooled"];

/// What is compared.
#[derive(Args)]
pub(crate) struct Matrix {
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 1_000])]
    connections: Vec<usize>,
    /// Bytes of every request and answer.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1_024, 16_384])]
    message_size: Vec<usize>,
    /// Who receives. Ratios are those of the first to the others.
    #[arg(long, value_delimiter = ',', default_values = RIVALS, value_parser = rival::by_name)]
    rivals: Vec<Contender>,
    /// Rounds of each case.
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: usize,
}

impl Matrix {
    /// One workload per case.
    pub(crate) fn plan(&self) -> Plan {
        // As many names as there are, once per process.
        let rivals: &[&str] = Vec::leak(self.rivals.iter().map(|rival| rival.name).collect());
        let cases = self
            .message_size
            .iter()
            .flat_map(|size| self.connections.iter().map(move |count| (*size, *count)));
        let workloads = cases.map(|(size, count)| case(size, count, rivals)).collect();
        Plan { workloads, round_count: self.rounds.max(1), ..Plan::full() }
    }
}

fn case(message_size: usize, connections: usize, rivals: &'static [&'static str]) -> About {
    let load = Load { connections, threads: 1, message_size, ..Load::default() };
    // As many names as cases, once per process.
    let name = Box::leak(format!("{message_size} B, {connections} connections").into_boxed_str());
    About {
        name,
        explanation: "echo, per request",
        rivals,
        means: Means::Echo(load, Times { warm_up_ms: 100, measure_ms: 300 }),
        round_count_max: usize::MAX,
        goals: &[],
    }
}
