#!/usr/bin/env bash
# Programs that were written for tokio, moved in by a patch: those in examples/moved-in, with crates as their authors
# published them, on io_uring and on polling, against real servers that are started here; the job queue in
# examples/cluster, whose workers are killed; and the proof that no other tokio is built.
#
#   MOVED_IN="redis nats"   only these programs (`cluster` is one of them)
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'stop_services; rm -rf "$work"' EXIT
. ci/services.bash
cd examples/moved-in

# One tokio, and it is ours; nothing else that could run a future beside it.
check_tree() {
    local tree found
    tree=$(cargo tree --locked --workspace --exclude worlds --edges normal,build,dev --prefix none --format '{p}' | sed 's/ (\*)$//' | sort -u)
    found=$(grep '^tokio v' <<<"$tree") || die "tokio is not in the tree: this check looks in the wrong place"
    [[ "$found" == "tokio v1.999.0 ("*"/runtime/tokio)"* && $(wc -l <<<"$found") -eq 1 ]] ||
        die "another tokio is built: $found"
    if found=$(grep -E '^(mio|async-io|async-executor|async-std|smol|tokio-uring|monoio|compio|glommio) ' <<<"$tree"); then
        die "another runtime is built: $found"
    fi
    echo "$(wc -l <<<"$tree") packages; $(grep '^tokio v' <<<"$tree" | sed 's/ (.*//') is the only tokio"
}

passed=0
failed=0
skipped=0

# A program that takes longer has lost a wake-up.
run() { # driver name command...
    local driver=$1 name=$2 start=${EPOCHREALTIME/./}
    shift 2
    if HEIST_DRIVER=$driver timeout --kill-after 5 60 "$@" >"$work/output" 2>&1; then
        printf '%-6s %-12s %6d ms  %s\n' "$driver" "$name" $(((${EPOCHREALTIME/./} - start) / 1000)) "$(tail -n 1 "$work/output")"
        passed=$((passed + 1))
    else
        echo "FAILED with status $?: HEIST_DRIVER=$driver $*" >&2
        cat "$work/output" >&2
        failed=$((failed + 1))
    fi
}

# What a program needs, as the variable that the start of its server sets.
server_of() {
    case $1 in
        pool | postgres) echo DATABASE_URL ;;
        redis) echo REDIS_ADDRESS ;;
        nats | cluster) echo NATS_URL ;;
        mqtt) echo MQTT_ADDRESS ;;
    esac
}

check_tree
# The member `worlds` would build all of it for worlds: see ci/sim.sh.
cargo build --locked --workspace --exclude worlds
echo "built in $SECONDS s"

start_postgres
start_redis
start_nats
start_mosquitto

programs=${MOVED_IN:-$(sed -n '/^\[\[bin\]\]/,/^name/s/^name = "\(.*\)"/\1/p' Cargo.toml) cluster}
for driver in uring poll; do
    for program in $programs; do
        needs=$(server_of "$program")
        if [[ -n "$needs" && -z "${!needs:-}" ]]; then
            skipped=$((skipped + 1))
        elif [[ $program == cluster ]]; then
            # It starts a server of its own; two of its four workers are killed in the middle.
            run "$driver" "$program" target/debug/cluster --jobs 300 --size 3000 --kill 2 --ledger "$work/ledger-$driver"
        else
            run "$driver" "$program" "target/debug/$program"
        fi
    done
done
echo "$passed passed, $failed failed, $skipped skipped"
echo "all of it in $SECONDS s"
[[ "$failed" -eq 0 ]]
