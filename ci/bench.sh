#!/usr/bin/env bash
# The benchmarks run: one short round of everything. It shows no speed; `cargo run --release -p benches` does.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo run --release -p benches -- list
cargo run --release -p benches -- compare --quick --rounds 1
cargo run --release -p benches -- generators --quick
