#!/usr/bin/env bash
# Well-known crates on heist: the programs in examples/ecosystem and the crates that the docs recommend, on io_uring and on
# polling, against a PostgreSQL and a Redis that are started here; and the proof that no other runtime is built for it.
# A service that can be neither found nor installed fails the run where CI is set, and is skipped loudly at home.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'stop_services; rm -rf "$work"' EXIT
. ci/services.bash

# tokio's traits, channels and locks are welcome; whatever else of it is built could start a runtime, or need one.
check_tree() {
    local tree found features
    tree=$(cargo tree --locked --package ecosystem --edges normal,build,dev --prefix none --format '{p} {f}')
    if found=$(grep -E '^(mio|async-io|async-executor|async-global-executor|async-std|smol|tokio-uring|monoio|compio|glommio) ' <<<"$tree"); then
        die "another runtime is built: $found"
    fi
    features=$(sed -nE 's/^tokio v[^ ]* ([^ ]*).*/\1/p' <<<"$tree" | tr ',' '\n' | sort -u)
    [ -n "$features" ] || die "tokio's traits are not in the tree: this check looks in the wrong place"
    if found=$(grep -vxE 'bytes|default|io-util|sync' <<<"$features"); then
        die "tokio is built with $(tr '\n' ' ' <<<"$found"): only bytes, io-util and sync build no part of a runtime"
    fi
    echo "$(sort -u <<<"$tree" | wc -l) packages, none of them another runtime; tokio has" $features
}

check_tree
start_postgres
start_redis
if [ -n "${CI:-}" ]; then export HEIST_REQUIRE_SERVICES=1; fi
# Debug information of two hundred packages would take longer than the rest.
export CARGO_PROFILE_DEV_DEBUG=line-tables-only
cargo test --locked --package ecosystem
# Libraries that need tokio's runtime: with the feature that brings one, and without.
cargo test --locked --package tokio_context
cargo test --locked --package tokio_context --no-default-features
echo "all of it in $SECONDS s"
