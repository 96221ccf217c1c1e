#!/usr/bin/env bash
# Every loom model, each with the number of interleavings it explored. Fails when a model or the canary did not run, and
# when a model explored one interleaving only: then it is no model.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTFLAGS="--cfg rt_loom"
test=(cargo test --release --lib --target-dir target/loom)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Two or more threads: with one, the harness runs tests on its own thread and models lose their names.
"${test[@]}" -- models canary --nocapture --test-threads=2 2>&1 | tee "$log"

"${test[@]}" -- --list 2>/dev/null | sed -n 's/: test$//p' | grep -E 'models::|canary' | {
    model_count=0
    canary_count=0
    while read -r name; do
        if [[ "$name" == *canary* ]]; then
            # What must panic passes: the harness says so.
            if grep -qE "$name - should panic \.\.\.( ok)?" "$log"; then canary_count=$((canary_count + 1)); fi
            continue
        fi
        count=$(awk -v name="$name" '{ for (i = 1; i < NF; i++) if ($i == "model" && $(i + 1) == name) print $(i + 2) }' "$log" | tail -n 1)
        if [[ -z "$count" ]]; then
            echo "error: $name is no model, or did not run" >&2
            exit 1
        fi
        if ((count < 2)); then
            echo "error: $name explored $count interleaving: it has nothing to interleave" >&2
            exit 1
        fi
        model_count=$((model_count + 1))
    done
    if ((canary_count == 0)); then
        echo "error: the canary did not run" >&2
        exit 1
    fi
    if ((model_count == 0)); then
        echo "error: there are no models" >&2
        exit 1
    fi
    echo "$model_count models and $canary_count canary"
}
