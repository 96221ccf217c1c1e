#!/usr/bin/env bash
# Liveness of the idle protocol: `ci/idle.pml` says that what waits is run, for three workers and every fair schedule. Loom
# cannot say so: it looks at every interleaving of a few steps, and has no word for "in the end". Each mutant of the model
# must break it.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v spin > /dev/null || ! command -v gcc > /dev/null; then
    apt-get update -qq && apt-get install -y -qq spin gcc > /dev/null
fi

model=$PWD/ci/idle.pml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Prints the number of errors and of states. -a: liveness, -f: with weak fairness.
errors_of() {
    spin -a "$@" "$model" > spin.log 2>&1 || { cat spin.log >&2; exit 1; }
    gcc -O2 -DVECTORSZ=2048 -DMEMLIM=4096 -w -o pan pan.c
    ./pan -a -f -n -m2000000 -w24 > pan.log 2>&1
    if grep -qE "max search depth too small|out of memory|memory limit" pan.log; then
        cat pan.log >&2
        exit 1
    fi
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}

expect() { # verdict, what it is, definitions
    local verdict=$1 name=$2 errors states
    shift 2
    errors=$(errors_of "$@")
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    case "$verdict-$errors" in
        holds-0) echo "holds: $name ($states states)" ;;
        breaks-0) echo "error: $name is not noticed" >&2; exit 1 ;;
        breaks-*) echo "is noticed: $name" ;;
        *) echo "error: what waits is not always run: $name" >&2; cat pan.log >&2; exit 1 ;;
    esac
}

expect holds "three workers, three tasks" -DWORKERS=3 -DTASKS=3
expect holds "three workers, the first of three tasks is stuck until the others ran" -DWORKERS=3 -DTASKS=3 -DSTUCK
expect breaks "a worker that sleeps without a last look" -DTASKS=2 -DNO_LAST_LOOK
expect breaks "a last searcher that is silent" -DTASKS=3 -DSTUCK -DSILENT_LAST
expect breaks "a push that is not announced" -DTASKS=2 -DNO_ANNOUNCE
