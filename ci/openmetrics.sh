#!/usr/bin/env bash
# The text of `RuntimeMetrics::openmetrics`, as the example `metrics` serves it while it is busy, before Prometheus' own
# parsers, on both drivers:
# - the strict one of OpenMetrics, with which promtool imports samples. They need a time, which a scrape does not have;
# - `promtool check metrics`, which also judges names, units and help texts. It reads the older format, in which the name of
#   a counter has its `_total` in the lines before the samples as well.
# First each is seen to refuse broken texts: a check that cannot fail is none.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
server=

finish() {
    if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

die() { echo "ci/openmetrics.sh: $*" >&2; exit 1; }

# The package has a server with users and services; only one program of it is needed.
find_promtool() {
    promtool=$(command -v promtool || true)
    [ -z "$promtool" ] || return 0
    local tools=target/tools/prometheus
    promtool=$tools/usr/bin/promtool
    [ ! -x "$promtool" ] || return 0
    echo "fetching promtool" >&2
    (cd "$work" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; }) \
        >"$work/apt" 2>&1 || { cat "$work/apt" >&2; die "promtool is missing and cannot be fetched: install the package prometheus"; }
    mkdir -p "$tools"
    dpkg -x "$work"/prometheus_*.deb "$tools"
    [ -x "$promtool" ] || die "the package prometheus has no promtool"
}

is_openmetrics() { # text
    sed -E '/^#/! s/$/ 1700000000/' "$1" >"$work/timed"
    rm -rf "$work/blocks"
    "$promtool" tsdb create-blocks-from openmetrics "$work/timed" "$work/blocks" >"$work/log" 2>&1
}

passes_lint() { # text
    sed -E 's/^# (TYPE|HELP|UNIT) (heist_[a-z_]+)(.*)$/# \1 \2@\3/' "$1" | awk '
        { lines[NR] = $0 }
        $2 == "TYPE" && $4 == "counter" { is_counter[$3] = 1 }
        END { for (i = 1; i <= NR; i++) {
            split(lines[i], words, " ")
            sub(/@/, is_counter[words[3]] ? "_total" : "", lines[i])
            print lines[i]
        } }' >"$work/older"
    "$promtool" check metrics <"$work/older" >"$work/log" 2>&1
}

must_refuse() { # check, what is broken, sed expression
    sed -E "$3" "$work/text" >"$work/broken"
    ! cmp -s "$work/text" "$work/broken" || die "nothing was broken: $2"
    ! "$1" "$work/broken" || die "$1 accepts a text with $2"
}

scrape() { # driver, whether it is observed
    : >"$work/out"
    HEIST_DRIVER=$1 HEIST_OBSERVE=$2 "$example" 127.0.0.1:0 >"$work/out" 2>"$work/err" &
    server=$!
    local url=
    for _ in $(seq 600); do
        url=$(sed -n "s/^metrics of the .* driver on //p" "$work/out")
        [ -z "$url" ] || break
        kill -0 "$server" 2>/dev/null || { cat "$work/err" >&2; die "the example has ended"; }
        sleep 0.05
    done
    [ -n "$url" ] || die "the example does not serve"
    # A runtime that has run something: its counters are not all zero.
    for _ in $(seq 600); do
        curl -sSf -D "$work/head" -o "$work/text" "$url"
        ! grep -q '^heist_budget_forced_yields_total 0$' "$work/text" || { sleep 0.05; continue; }
        break
    done
    kill -INT "$server"
    wait "$server" || die "the example fails when it is interrupted"
    server=
    grep -qi '^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' "$work/head" ||
        die "another type: $(cat "$work/head")"
    ! grep -q '^heist_budget_forced_yields_total 0$' "$work/text" || die "the example is not busy"
}

find_promtool
cargo build --release --quiet --example metrics
example=$(pwd)/${CARGO_TARGET_DIR:-target}/release/examples/metrics

drivers=(poll)
# `ci/test.sh` makes sure that rings are there where they must be.
if HEIST_DRIVER=uring "$example" >/dev/null 2>&1; then drivers+=(uring); else echo "SKIPPED: io_uring is refused here" >&2; fi
for run in "${drivers[@]/%/ 0}" "${drivers[@]/%/ 1}"; do
    read -r driver observed <<<"$run"
    scrape "$driver" "$observed"
    for check in is_openmetrics passes_lint; do
        "$check" "$work/text" || { cat "$work/text" "$work/log" >&2; die "$check refuses the text"; }
    done
    must_refuse is_openmetrics "no end" '/^# EOF$/d'
    must_refuse is_openmetrics "a unit that is not in the name" 's/^# UNIT heist_worker_busy_seconds seconds/# UNIT heist_worker_busy_seconds bytes/'
    must_refuse is_openmetrics "a value that is no number" 's/^(heist_workers) .*/\1 two/'
    must_refuse is_openmetrics "a label without an end" 's/^(heist_worker_polls_total\{worker="0)"/\1/'
    must_refuse passes_lint "a figure without help" '/^# HELP heist_workers/d'
    must_refuse passes_lint "a counter without _total" 's/_total//'
    echo "$driver, observed $observed: $(grep -c '^heist_' "$work/text") samples of $(grep -c '^# TYPE' "$work/text") figures"
done
