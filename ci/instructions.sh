#!/usr/bin/env bash
# Counts the instructions of the hot paths and compares them with the record: none may grow by more than 3 %. Each path is
# gone N and 2 N times under callgrind, on the poll back end (valgrind knows no rings); the difference is what N cost.
#
# The library, its rival and the program are one codegen unit each: with sixteen, a function that moves to another file
# changes what the compiler inlines, and with it paths that it is not on by 1 to 3 %. The least of three counts is taken,
# because the cost of a timer depends on the tick at which it is armed.
#
# Usage: ci/instructions.sh [--record]   with --record the counts become the record, with tokio's beside them
#
# The record is of one compiler. With another one the counts are shown, nothing is judged, and that is said in capitals.
set -euo pipefail
cd "$(dirname "$0")/.."

record=benches/record/instructions.txt
count=20000
growth_percent_max=3
compiler=$(rustc --version)

if ! command -v valgrind > /dev/null; then
    apt-get update -qq && apt-get install -y -qq valgrind > /dev/null
fi

units=()
for package in heist benches tokio; do
    units+=(--config "profile.release.package.$package.codegen-units=1")
done
cargo build --release -p benches --bin instructions "${units[@]}"
binary=${CARGO_TARGET_DIR:-target}/release/instructions
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

instructions_of() { # path, how often, rival
    HEIST_DRIVER=poll valgrind --tool=callgrind --callgrind-out-file="$scratch/out" "$binary" "$1" "$2" "$3" 2> "$scratch/log" \
        || { cat "$scratch/log" >&2; exit 1; }
    sed -n 's/^\(summary\|totals\): //p' "$scratch/out" | head -n 1
}

least_of_three() { # path, how often, rival
    for _ in 1 2 3; do
        instructions_of "$1" "$2" "$3" || return 1
    done | sort -n | sed -n 1p
}

per_operation() { # path, rival
    local once twice
    once=$(least_of_three "$1" "$count" "$2")
    twice=$(least_of_three "$1" $((2 * count)) "$2")
    echo $(((twice - once) / count))
}

for path in $("$binary"); do
    instructions=$(per_operation "$path" heist) || exit 1
    echo "$path $instructions"
done | tee "$scratch/counts"
if ! [[ -s "$scratch/counts" ]]; then
    echo "error: there are no paths" >&2
    exit 1
fi

if [[ "${1:-}" == --record ]]; then
    {
        echo "# Instructions per operation, by ci/instructions.sh --record."
        echo "# $compiler"
        echo "# path, heist, tokio of the version in Cargo.lock"
        while read -r path heist; do
            echo "$path $heist $(per_operation "$path" tokio)"
        done < "$scratch/counts"
    } | tee "$record"
    echo "recorded in $record"
    exit 0
fi

recorded=$(sed -n '2s/^# //p' "$record")
if [[ "$recorded" != "$compiler" ]]; then
    {
        echo "NOTHING IS COMPARED: THE RECORD IS OF $recorded, THIS IS $compiler."
        echo "Run ci/instructions.sh --record with the code as it was last judged, and commit $record."
    } >&2
    exit 0
fi

awk -v max="$growth_percent_max" '
    /^#/ { next }
    NR == FNR { before[$1] = $2; next }
    !($1 in before) { print "error: " $1 " is not in the record"; failed = 1; next }
    {
        growth = ($2 - before[$1]) * 100 / before[$1]
        printf "%-18s %6d, recorded %6d: %+.1f %%\n", $1, $2, before[$1], growth
        if (growth > max) { print "error: " $1 " has grown by more than " max " %"; failed = 1 }
        if (growth < -max) print $1 " has shrunk: record it, so that it cannot grow back"
        seen[$1] = 1
    }
    END {
        for (path in before) if (!(path in seen)) { print "error: " path " is in the record and was not counted"; failed = 1 }
        exit failed
    }' "$record" "$scratch/counts"
