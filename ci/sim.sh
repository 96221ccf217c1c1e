#!/usr/bin/env bash
# Simulated worlds: the simulation held to the real system, the runtime in it, and the cluster of examples/simulated.
# HEIST_SIM_SEEDS=5000 ci/sim.sh tries more seeds.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --locked --package heist-sim
cargo test --locked --package simulated
cargo run --locked --release --package simulated --example rates
