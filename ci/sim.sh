#!/usr/bin/env bash
# Simulated worlds: the simulation held to the real system, the runtime in it, the file server and the cluster of the
# examples, and crates that were written for tokio.
# HEIST_SIM_SEEDS=5000 ci/sim.sh tries more seeds.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --locked --package heist-sim
cargo test --locked --package simulated
# A workspace of its own, because the crate `tokio` is heist's there.
(cd examples/moved-in && cargo test --locked --package worlds)
cargo run --locked --release --package simulated --example rates
