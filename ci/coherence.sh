#!/usr/bin/env bash
# Counts how many cache lines move between cores for each operation of a runtime (runtime/coherence/), and compares with the
# record: a count that has grown by more than a tenth and one line fails. submit depends on when the kernel answers, and on
# what else the machine does: it may triple.
#
# Usage: ci/coherence.sh [--record]   with --record the counts become the record
#
# RT_COUNT_WORKERS: numbers of workers, instead of "2 8", or "2 8 64" with --record. With 256 an operation takes minutes.
# RT_COUNT_ONLY: names of operations; RT_COUNT_PLACES: how many places in the source to name beside each.
set -euo pipefail
cd "$(dirname "$0")/.."

record=benches/record/coherence.txt
growth_percent_max=10
growth_lines_max=1
if [[ "${1:-}" == --record ]]; then
    export RT_COUNT_WORKERS=${RT_COUNT_WORKERS:-2 8 64}
fi
export RT_COUNT_WORKERS=${RT_COUNT_WORKERS:-2 8}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Where an allocator puts what two threads allocate at once decides which of it shares a line, so single counts differ: the
# least of five is taken. What has grown has grown in all of them.
for _ in 1 2 3 4 5; do
    RUSTFLAGS="--cfg rt_count" cargo test --release --lib --target-dir target/count \
        --config profile.release.package.heist.opt-level=0 --config profile.release.debug=0 \
        -- coherence:: --nocapture --test-threads=1 2>&1 | tee -a "$log"
done

# The harness writes "test NAME ... " before the first line.
counts() {
    sed -n 's/^.*transfers \([a-z_]* [0-9]* [0-9. ]*\)$/\1/p' "$log" | awk '
        { key = $1 " " $2 }
        !(key in least) { order[++keys_count] = key }
        !(key in least) || $3 < least[key] { least[key] = $3; line[key] = $0 }
        END { for (i = 1; i <= keys_count; i++) print line[order[i]] }'
}

if [[ -z "$(counts)" ]]; then
    echo "error: nothing was counted" >&2
    exit 1
fi

if [[ "${1:-}" == --record ]]; then
    {
        sed -n '/^#/p' "$record"
        counts
    } > "$log.new"
    mv "$log.new" "$record"
    echo "recorded in $record"
    exit 0
fi

counts | awk -v percent="$growth_percent_max" -v lines="$growth_lines_max" '
    /^#/ { next }
    NR == FNR { before[$1 " " $2] = $3; next }
    {
        key = $1 " " $2
        if (!(key in before)) { print "error: " key " workers is not in the record"; failed = 1; next }
        printf "%-16s %4d workers: %7.2f lines, recorded %7.2f\n", $1, $2, $3, before[key]
        growth = $1 == "submit" ? 3 : 1 + percent / 100
        if ($3 > before[key] * growth + lines) { print "error: " key " workers has grown"; failed = 1 }
    }
    END { exit failed }' "$record" -
