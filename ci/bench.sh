#!/usr/bin/env bash
# The benchmarks run: one short round of everything, and the files that a record consists of. It shows no speed;
# `cargo run --release -p benches` does.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo run --release -p benches -- list
cargo run --release -p benches -- compare --quick --rounds 1 --json "$work/record.json"
for file in record.json record.svg; do
    [[ -s "$work/$file" ]] || { echo "error: no $file was written" >&2; exit 1; }
done
cargo run --release -p benches -- generators --quick
# The build that `benches/sentinel.sh` compares with.
RUSTFLAGS="--cfg rt_unwatched" cargo check --lib --target-dir target/unwatched
