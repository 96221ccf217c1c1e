#!/usr/bin/env bash
# What worlds find: faults are planted in the runtime and in examples/simulated, and the programs of
# `examples/simulated/tests/programs` have to fail. They run in worlds until a seed fails, for three ranges of seeds;
# and, for comparison, on the real system as long as the worlds took, and ten seconds at least.
#
# `ci/sim_mutants/runtime.txt` and `cluster.txt` are tables as those of ci/mutants.sh, but name programs in the place of
# tests; `known.txt` gives programs to mutants of `ci/mutants`. All are seeded into one copy of the tree by
# `ci/mutants/seed.rs`, which is built once; `RT_MUTANT` chooses one at run time.
#
# Usage: ci/sim_mutants.sh           only a few, and only in worlds: each must be found
#        ci/sim_mutants.sh --all     all of them, as lines of a table
#        ci/sim_mutants.sh NAME...   those of these names
set -euo pipefail
cd "$(dirname "$0")/.."

# Found by few seeds, one for each part.
few="injected-and-not-announced doorbell-not-rung unregistered-but-kept notification-dies-with-its-waiter"
few+=" tick-too-early elected-by-two"
seeds=${SIM_MUTANT_SEEDS:-1000}
target=$PWD/target/sim_mutants
tree=$target/tree
export HEIST_DRIVER=poll

mkdir -p "$tree" "$target/empty"
rustc --edition 2024 -Awarnings -o "$target/seed" ci/mutants/seed.rs
find "$tree" -mindepth 1 -delete
tar --exclude=./target --exclude=./.git --exclude='./*/*/target' -cf - . | tar -C "$tree" -xf -

# Those of other tables, with programs in the place of their tests.
awk 'FNR == NR { program[$1] = $2; next }
     $0 == "" { name = "" }
     name == "" && $1 in program { name = $1; print "" }
     name != "" && $1 != "=" { print }
     name != "" && $1 == "=" && program[name] != "" { print "= " program[name]; program[name] = "" }' \
    ci/sim_mutants/known.txt ci/mutants/*.txt > "$target/known.txt"
"$target/seed" "$tree" "$target/known.txt" ci/sim_mutants/runtime.txt ci/sim_mutants/cluster.txt > "$target/mutants"
while read -r name _; do
    grep -q "^$name " "$target/mutants" || { echo "error: ci/mutants has no mutant $name" >&2; exit 1; }
done < ci/sim_mutants/known.txt
# The question that the seeded sources ask, for the crate of the cluster.
{
    echo 'mod primitive {'
    sed -n '/^pub(crate) fn is_mutant/,/^}/p' "$tree/runtime/primitive/mod.rs"
    echo '}'
} >> "$tree/examples/simulated/src/lib.rs"

log=$target/build
(cd "$tree" && cargo test --locked --package simulated --test programs --no-run --target-dir "$target") 2>&1 |
    tee "$log" >&2
program=$(sed -n 's/.*Executable.*(\(.*\))$/\1/p' "$log")
cd "$target/empty"

export program seeds target
export limit=${SIM_MUTANT_SECONDS:-300}

# Prints the number of seeds that were needed, and the seconds with those for a short schedule; or "-".
search() { # mutant program start
    local found
    found=$(RT_MUTANT=$1 HEIST_PROGRAM=$2 HEIST_SIM_SEEDS=$3..$(($3 + seeds)) timeout "$limit" \
        "$program" --exact stress::search --ignored --nocapture 2>&1 < /dev/null || true)
    if grep -q '^search: found' <<<"$found"; then
        sed -n 's/^search: found with seed \([0-9]*\) after \(.*\) s$/\1 \2/p' <<<"$found" |
            awk -v start="$3" '{ print $1 - start + 1, $2 }'
    else
        sed -n 's/^search: not found after \(.*\) s$/- \1/p' <<<"$found" | grep . || echo "- $limit"
    fi
}

# Prints what the real system showed within so many seconds. Nodes of clusters have one port.
stress() { # mutant program seconds
    RT_MUTANT=$1 HEIST_PROGRAM=$2 HEIST_STRESS_SECONDS=$3 flock "$target/$2.lock" \
        timeout --kill-after 5 $((${3%.*} + 200)) "$program" --exact stress::stress --ignored --nocapture \
        2> /dev/null < /dev/null | sed -n 's/^.*stress: //p' | grep . || echo "the process ended"
}

# A line of the table: seeds for each range and their mean, seconds, what the real system shows in how many seconds.
compare() { # mutant program
    local start count took total=0 counts=() mean length
    for start in 0 100000 200000; do
        read -r count took <<<"$(search "$1" "$2" "$start")"
        counts+=("$count")
        total=$(awk "BEGIN { print $total + $took }")
    done
    mean=$(printf '%s\n' "${counts[@]}" |
        awk '$1 != "-" { sum += $1; n++ } END { if (n) printf "%.1f", sum / n; else printf "-" }')
    length=$(awk "BEGIN { each = $total / 3; print (each < 10) ? 10 : each }")
    printf '| `%s` | `%s` | %s | %s | %.1f | %s | %.0f |\n' "$1" "$2" "${counts[*]}" "$mean" \
        "$(awk "BEGIN { print $total / 3 }")" "$(stress "$1" "$2" "$length")" "$length"
}
export -f search stress compare

if (($# == 0)); then
    for name in $few; do
        test=$(sed -n "s/^$name //p" "$target/mutants")
        read -r count took <<<"$(search "$name" "$test" 0)"
        if [[ "$count" == - ]]; then echo "error: $name is not found by $test" >&2; exit 1; fi
        echo "$name: found by $test with seed number $count, in $took s"
    done
    exit
fi
if [[ "$1" == --all ]]; then
    cat "$target/mutants"
else
    for name in "$@"; do
        grep "^$name " "$target/mutants" || { echo "error: there is no mutant $name" >&2; exit 1; }
    done
fi > "$target/chosen"
# Without a mutant nothing is found.
cut -d' ' -f2 "$target/chosen" | sort -u | sed 's/^/none /' >> "$target/chosen"
xargs -P "$(nproc)" -L 1 bash -c 'compare "$@"' compare < "$target/chosen"
