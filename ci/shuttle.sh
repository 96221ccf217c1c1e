#!/usr/bin/env bash
# Every model under random schedules and under random priorities (PCT), with any number of preemptions: what loom, which
# stops at two, does not reach. Shuttle knows no weak memory; loom does. Fails when there were fewer schedules than
# promised, or when the canary did not find its lost increment.
set -euo pipefail
cd "$(dirname "$0")/.."

schedules_count_min=100000
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Two or more threads: with one, the harness runs tests on its own thread and models lose their names.
RUSTFLAGS="--cfg rt_shuttle" cargo test --release --lib --target-dir target/shuttle -- \
    models canary --nocapture --test-threads=2 2>&1 | tee "$log"

if ! grep -q 'canary::a_lost_increment_is_found - should panic' "$log"; then
    echo "error: the canary did not run" >&2
    exit 1
fi
count=$(awk '{ for (i = 1; i < NF; i++) if ($i == "schedules") sum += $(i + 2) } END { print sum + 0 }' "$log")
if ((count < schedules_count_min)); then
    echo "error: $count schedules; $schedules_count_min are promised" >&2
    exit 1
fi
echo "$count schedules"
