#!/usr/bin/env bash
# Shows of every model that it can fail: `ci/mutants/*.txt` lists changes that weaken an ordering or drop a step, and the
# tests that must notice each. All of them are seeded into one copy of the tree (`ci/mutants/seed.rs`), which is built once
# for loom, which runs the models, once for shuttle, which runs the scenarios, and once as it is, which runs the other tests
# inside of the crate: those that need the kernel; `RT_MUTANT` chooses one at run time. Without a mutant the same builds must
# pass.
#
# Usage: ci/mutants.sh [NAME...]   only the mutants of these names
set -euo pipefail
cd "$(dirname "$0")/.."

target=$PWD/target/mutants
tree=$target/tree
jobs=$(nproc)
# A test that runs longer has not failed: it hangs, and that proves nothing. They take seconds, on a busy machine a minute.
export TIMEOUT_SECONDS=600

mkdir -p "$tree"
rustc --edition 2024 -Awarnings -o "$target/seed" ci/mutants/seed.rs
find "$tree" -mindepth 1 -delete
tar --exclude=./target --exclude=./.git --exclude='./*/*/target' -cf - . | tar -C "$tree" -xf -
"$target/seed" "$tree" ci/mutants/*.txt > "$target/mutants"
if (($# > 0)); then
    for name in "$@"; do
        grep -E "^$name " "$target/mutants" || { echo "error: there is no mutant $name" >&2; exit 1; }
    done > "$target/chosen"
    mv "$target/chosen" "$target/mutants"
fi

# Prints the path of the test binary. The same directories as ci/loom.sh and ci/shuttle.sh, so that what does not change is
# compiled once. Never `target` itself: there, other builds would take the seeded library for that of the tree.
build() { # loom, shuttle or plain
    local log=$target/build-$1
    local profile=()
    if [[ $1 != plain ]]; then
        profile=(--release)
        export RUSTFLAGS="--cfg rt_$1"
    fi
    cargo test --manifest-path "$tree/Cargo.toml" --lib "${profile[@]}" \
        --target-dir "$PWD/target/$1" --no-run 2>&1 | tee "$log" >&2 || return 1
    sed -n 's/.*Executable.*(\(.*\))$/\1/p' "$log"
}
loom=none
shuttle=none
plain=none
if grep -q ' [a-z_:]*::models::' "$target/mutants"; then loom=$(build loom); fi
if grep -q ' scenarios::' "$target/mutants"; then shuttle=$(build shuttle); fi
if grep -q ' [a-z_:]*::tests::' "$target/mutants"; then plain=$(build plain); fi
export loom shuttle plain
# Of each kind, for each scenario.
export RT_SCHEDULES=1000

# Prints one line per run: verdict, mutant or "none", test.
run_one() {
    local mutant=$1 test=$2 binary=$loom log outcome=0
    log=$(mktemp)
    if [[ "$test" == scenarios::* ]]; then binary=$shuttle; fi
    if [[ "$test" == *::tests::* ]]; then binary=$plain; fi
    if [[ "$mutant" != none ]]; then export RT_MUTANT=$mutant; fi
    # Two threads: with one, the harness runs tests on its own thread and models lose their names.
    timeout "$TIMEOUT_SECONDS" "$binary" --exact "$test" --test-threads=2 > "$log" 2>&1 || outcome=$?
    # Few of the schedules show some of them.
    if [[ "$mutant" != none && "$test" == scenarios::* ]] && ((outcome == 0)); then
        RT_SCHEDULES=20000 timeout "$TIMEOUT_SECONDS" "$binary" --exact "$test" --test-threads=2 > "$log" 2>&1 || outcome=$?
    fi
    if ! grep -q '^running 1 test' "$log"; then
        echo "error $mutant $test: there is no such test"
    elif ((outcome == 124)); then
        echo "error $mutant $test: still running after $TIMEOUT_SECONDS s"
    elif [[ "$mutant" == none ]] && ((outcome != 0)); then
        echo "error $mutant $test: fails without a mutant"
    elif [[ "$mutant" != none ]] && ((outcome == 0)); then
        echo "error $mutant $test: does not notice the mutant"
    else
        echo "ok $mutant $test"
    fi
    rm -f "$log"
}
export -f run_one

{
    while read -r name tests; do
        for test in $tests; do echo "$name $test"; done
    done < "$target/mutants"
    cut -d' ' -f2- "$target/mutants" | tr ' ' '\n' | sort -u | sed 's/^/none /'
} | {
    # A panic while another one unwinds aborts, of which the shell would tell.
    xargs -P "$jobs" -L 1 bash -c 'run_one "$@"' run_one 2> /dev/null
} | tee "$target/verdicts"

if grep '^error' "$target/verdicts" >&2; then exit 1; fi
echo "$(wc -l < "$target/mutants") mutants are noticed, by $(grep -c '^ok none' "$target/verdicts") tests that pass without them"
