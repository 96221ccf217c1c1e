#!/usr/bin/env bash
# Well-known crates on heist: the programs in examples/ecosystem and the crates that the docs recommend, on io_uring and on
# polling, against a PostgreSQL and a Redis that are started here; and the proof that no other runtime is built for it.
# A service that can be neither found nor installed fails the run where CI is set, and is skipped loudly at home.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
services=()

finish() {
    for service in "${services[@]}"; do kill -INT "$service" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT

die() { echo "ci/ecosystem.sh: $*" >&2; exit 1; }

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

# Debian keeps PostgreSQL's programs out of the way.
find_command() {
    PATH="$PATH:$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)"
    command -v "$1" >/dev/null
}

have() { # command package
    find_command "$1" && return
    echo "installing $2" >&2
    apt-get install -y -qq "$2" >"$work/apt" 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq "$2"; } >"$work/apt" 2>&1 || true
    find_command "$1" && return
    echo "$1 is missing and cannot be installed: install the package $2" >&2
    [ -z "${CI:-}" ] || die "and in CI nothing is skipped"
    echo "SKIPPED: everything that needs $2" >&2
    return 1
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

until_ready() { # name log command...
    local name=$1 log=$2
    shift 2
    for _ in $(seq 1200); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.05
    done
    cat "$log" >&2
    die "$name did not start"
}

start_postgres() {
    have initdb postgresql || return 0
    local as=() data=$work/postgres port
    port=$(free_port)
    mkdir "$data"
    echo secret >"$work/password"
    if [ "$(id -u)" -eq 0 ]; then
        # It refuses to run as root: it runs as nobody.
        chmod 711 "$work"
        chown 65534:65534 "$data" "$work/password"
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    fi
    "${as[@]}" initdb -D "$data" -U heist --auth scram-sha-256 --pwfile "$work/password" --no-sync >"$work/initdb" 2>&1 ||
        { cat "$work/initdb" >&2; die "initdb failed"; }
    "${as[@]}" postgres -D "$data" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off \
        -c unix_socket_directories= >"$work/postgres.log" 2>&1 &
    services+=($!)
    until_ready PostgreSQL "$work/postgres.log" pg_isready -q -h 127.0.0.1 -p "$port"
    export DATABASE_URL="postgres://heist:secret@127.0.0.1:$port/postgres"
    postgres --version
}

start_redis() {
    have redis-server redis-server || return 0
    local port
    port=$(free_port)
    redis-server --bind 127.0.0.1 --port "$port" --dir "$work" --save '' >"$work/redis.log" 2>&1 &
    services+=($!)
    until_ready Redis "$work/redis.log" redis-cli -h 127.0.0.1 -p "$port" ping
    export REDIS_ADDRESS="127.0.0.1:$port"
    redis-server --version
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
