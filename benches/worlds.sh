#!/usr/bin/env bash
# How fast simulated worlds are: one echo program in worlds of heist, of turmoil and of madsim, in turns on this machine.
# Prints the medians in requests per second of real time, and heist's divided by the others'. Only a quiet machine tells.
#
#   PAIRS=10    turns of each (10)
#   ROUNDS=500  requests of each of the 100 connections (500)
set -euo pipefail
cd "$(dirname "$0")/worlds"

pairs=${PAIRS:-10}
rounds=${ROUNDS:-500}
target=$(realpath "${CARGO_TARGET_DIR:-../../target}")/worlds
for name in heist turmoil madsim; do
    flags=${RUSTFLAGS:-}
    [[ $name != madsim ]] || flags+=" --cfg madsim"
    RUSTFLAGS=$flags cargo build --locked --release --manifest-path "$name/Cargo.toml" --target-dir "$target/$name"
done
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for _ in $(seq "$pairs"); do
    for name in heist turmoil madsim; do
        "$target/$name/release/worlds-of-$name" "$rounds" >>"$results/$name"
    done
done
python3 - "$results" <<'EOF'
import pathlib
import statistics
import sys

rates = {path.name: [float(line) for line in path.read_text().split()] for path in pathlib.Path(sys.argv[1]).iterdir()}
for name in ("heist", "turmoil", "madsim"):
    ratios = [own / other for own, other in zip(rates["heist"], rates[name])]
    print(
        f"{name:8} {statistics.median(rates[name]):9.0f} requests/s; heist's divided by it: "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )
EOF
