#!/usr/bin/env bash
# Endurance: first, each fault that can be planted is noticed by its check; then `soak` works for MINUTES (3), half of
# them on each driver, both at once, and nothing may be lost, doubled, reordered or leaked. `ci/soak.sh 960` is a night.
#
#   SOAK_SEED=7         repeats the random choices of a run
#   SOAK_RECORD=x.txt   keeps what the runs print
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-3}
seed=${SOAK_SEED:-}
record=${SOAK_RECORD:-/dev/null}

die() { echo "ci/soak.sh: $*" >&2; exit 1; }

[[ "$minutes" =~ ^[0-9]+(\.[0-9]+)?$ ]] || die "write the number of minutes, such as 3; found '$minutes'"
half=$(awk "BEGIN { print $minutes / 2 }")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A fault, and what the violation that it causes says.
plants() {
    cat <<'TABLE'
lost lost or reordered: number
doubled doubled: number
reordered lost or reordered: number
altered altered: byte
doubled-datagram doubled: number
wrong-byte file byte .* was written
leaked-descriptor descriptors instead of
leaked-task tasks instead of
leaked-timer timers instead of
leaked-operation operations in flight instead of
leaked-thread threads instead of
leaked-memory KiB of memory instead of
stuck-task the round did not end
swallowed-panic a panic was swallowed
wrong-exit a child ended with
lost-signal a batch of signals was not noticed
no-limit worked without descriptors
kept-future futures have not
early-timer a timer fired early
TABLE
}

# No fault may be planted that the table above does not have.
check_table() {
    local known listed
    known=$("$soak" --plant '?' 2>&1 || true)
    known=$(sed -n 's/.*\[possible values: \(.*\)\]/\1/p' <<<"$known" | tr -d ' ' | tr ',' '\n' | sort)
    listed=$(plants | cut -d' ' -f1 | sort)
    [[ -n "$known" && "$known" == "$listed" ]] || die "the table of plants is not that of the program: $known"
}

expect_noticed() { # plant and pattern in one line, driver
    local plant=${1%% *} pattern=${1#* } code=0
    local output=$work/$plant
    # Only a ring has operations in flight.
    if [[ "$plant" == leaked-operation && "$2" == poll ]]; then
        echo "left out $plant: it needs io_uring"
        return
    fi
    "$soak" --plant "$plant" --driver "$2" --minutes 0.01 --round-seconds 2 --patience-seconds 8 >"$output" 2>&1 || code=$?
    if [[ "$code" != 1 ]] || ! grep -Eq "VIOLATION: .*$pattern" "$output"; then
        cat "$output" >&2
        die "the planted fault '$plant' was not noticed: exit code $code, expected 1 and '$pattern'"
    fi
    printf 'noticed  %-18s %s\n' "$plant" "$(grep -m 1 -o 'VIOLATION: .*' "$output" | cut -c1-120)"
}

cargo build --locked --release --quiet --package soak
soak=${CARGO_TARGET_DIR:-target}/release/soak
drivers=(uring poll)
probe=$("$soak" --driver uring --plant lost --minutes 0.01 --round-seconds 1 2>&1 || true)
if [[ "$probe" != *'driver io_uring'* ]]; then
    [[ "${HEIST_REQUIRE_URING:-0}" != 1 ]] || die "the kernel refuses io_uring, and HEIST_REQUIRE_URING is 1"
    echo "no io_uring here: everything runs on polling"
    drivers=(poll)
fi

check_table
# Two at a time: they wait more than they work.
export -f expect_noticed die
export soak work
plants | xargs -d '\n' -P 2 -I '{}' bash -euo pipefail -c 'expect_noticed "$1" "$2"' soak.sh '{}' "${drivers[0]}"

shifts=()
for driver in "${drivers[@]}"; do
    "$soak" --minutes "$half" --driver "$driver" ${seed:+--seed "$seed"} >"$work/of-$driver" 2>&1 &
    shifts+=($!)
done
code=0
for shift in "${shifts[@]}"; do wait "$shift" || code=1; done
for driver in "${drivers[@]}"; do tee -a "$record" <"$work/of-$driver"; done
((code == 0)) || die "see above"
echo "nothing lost, doubled, reordered or leaked; $SECONDS s in all"
