#!/usr/bin/env bash
# The models of examples/modelled, as a program has them: every interleaving with loom, random schedules with shuttle.
# Fails when a model did not run, when one was tried in one order only, or when a planted fault was not found.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

explore() { # loom or shuttle
    export RUSTFLAGS="--cfg rt_$1"
    local test=(cargo test --release --package modelled --lib --test works --target-dir "target/$1")
    # Two or more threads: with one, the harness runs tests on its own thread and models lose their names.
    "${test[@]}" -- --nocapture --test-threads=2 2>&1 | tee "$log"
    "${test[@]}" -- --list 2>/dev/null | sed -n 's/: test$//p' | grep models:: | {
        model_count=0
        fault_count=0
        while read -r name; do
            if grep -qE "$name - should panic \.\.\.( ok)?" "$log"; then
                fault_count=$((fault_count + 1))
                continue
            fi
            count=$(awk -v name="$name" '{ for (i = 1; i < NF; i++) if ($i == "explored" && $(i + 1) == name) print $(i + 2) }' \
                "$log" | tail -n 1)
            if [[ -z "$count" ]] || ((count < 2)); then
                echo "error: $name explored ${count:-no} order: it has nothing to interleave, or did not run" >&2
                exit 1
            fi
            model_count=$((model_count + 1))
        done
        if ((model_count == 0 || fault_count == 0)); then
            echo "error: $model_count models and $fault_count faults that must be found" >&2
            exit 1
        fi
        echo "$1: $model_count models, and $fault_count planted faults found"
    }
}

explore loom
explore shuttle
