#!/usr/bin/env bash
# Every model, and whole runtimes on a driver that is a fake (runtime/scenarios/), under random schedules and under random
# priorities (PCT), with any number of preemptions: what loom, which stops at two, does not reach. Shuttle knows no weak
# memory; loom does. Fails when there were fewer schedules than promised, or when the canary did not find its lost increment.
#
# RT_SCHEDULES: schedules of each kind for each scenario, instead of some thousands.
set -euo pipefail
cd "$(dirname "$0")/.."

model_schedules_count_min=100000
runtime_schedules_count_min=100000
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Two or more threads: with one, the harness runs tests on its own thread and models lose their names.
RUSTFLAGS="--cfg rt_shuttle" cargo test --release --lib --target-dir target/shuttle -- \
    models canary scenarios --nocapture --test-threads=2 2>&1 | tee "$log"

if ! grep -q 'canary::a_lost_increment_is_found - should panic' "$log"; then
    echo "error: the canary did not run" >&2
    exit 1
fi

# The schedules that tests told of: those of scenarios, or of all others.
count_schedules() {
    awk -v wanted="$1" '{
        for (i = 1; i < NF; i++)
            if ($i == "schedules" && (($(i + 1) ~ /^scenarios::/) == wanted)) sum += $(i + 2)
    } END { print sum + 0 }' "$log"
}

expect_schedules() { # of what, how many, promised
    if (($2 < $3)); then
        echo "error: $2 schedules of $1; $3 are promised" >&2
        exit 1
    fi
    echo "$2 schedules of $1"
}

expect_schedules models "$(count_schedules 0)" "$model_schedules_count_min"
expect_schedules "whole runtimes" "$(count_schedules 1)" "$runtime_schedules_count_min"
