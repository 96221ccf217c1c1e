#!/usr/bin/env bash
# What it costs to be watched when nobody stalls: heist beside a build of itself without sentinels, in interleaved pairs under
# the same load. A ratio is the watched build's figure divided by the other one's; the goal is at most 1.01 of CPU per request.
# Only a quiet machine tells; the last lines say how quiet it was.
#
# Usage: benches/sentinel.sh [ROUNDS]   40 pairs if not told
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-40}
target=${CARGO_TARGET_DIR:-target}

cargo build --release -p benches
RUSTFLAGS="--cfg rt_unwatched" cargo build --release -p benches --target-dir "$target/unwatched"
"$target/release/benches" compare --against "$target/unwatched/release/benches" --rounds "$rounds" \
    --only tcp_echo_1 --only tcp_echo --only tcp_echo_1000 --only udp_echo
