#!/usr/bin/env bash
# The commands of the README, in the orders that differ: each of them first in a target directory of its own, and after it
# the tests that start programs. In copies of the tree whose paths have spaces; a test that leaves anything in the tree
# fails.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
work="$root/target/read me"
rm -rf "$work"
mkdir -p "$work"
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_RELEASE_DEBUG=0
host=$(rustc -vV | sed -n 's/^host: //p')
loom=$(sed -n 's/^ *`\(RUSTFLAGS="--cfg rt_loom".*\) models`\..*/\1/p' README.md)
[[ -n "$loom" ]] || { echo "error: the loom command of README.md was not found" >&2; exit 1; }
server='cargo run --release --example serve -- --dir \.'
grep -q "^$server" README.md || { echo "error: README.md has another first command" >&2; exit 1; }

copy() { # name
    local copy=$work/$1
    mkdir "$copy"
    git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t "$copy"
    cd "$copy"
    git init -q
    git add -A
    git -c user.name=check -c user.email=check@localhost commit -qm copy
}

# Tests that start programs which they do not contain, one or two of each suite.
start_programs() { # arguments of cargo test
    cargo test "$@" --test serve --test examples -- --skip endurance
    if [[ -n "$(git status --porcelain)" ]]; then
        git status --porcelain
        echo "error: the tests changed the tree" >&2
        exit 1
    fi
}

serve() {
    local port server answer=""
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cargo build --release --example serve
    cargo run --release --example serve -- --dir . --addr "127.0.0.1:$port" &
    server=$!
    for _ in $(seq 300); do
        answer=$(curl -s "http://127.0.0.1:$port/README.md") && break
        sleep 0.1
    done
    kill -INT "$server"
    wait "$server"
    [[ "$answer" == "$(cat README.md)" ]] || { echo "error: serve answered with something else" >&2; exit 1; }
}

echo "=== loom first, then the tests"
(copy loom; eval "$loom canary"; start_programs)
rm -rf "$work/loom"

echo "=== the server first, then the tests, optimised as it is"
(copy serve; serve; start_programs --release)
rm -rf "$work/serve"

echo "=== a target and a target directory asked for by name, one below the other"
(copy named; start_programs --target "$host" --target-dir "$work/out/some where")
rm -rf "$work/named" "$work/out"

echo "=== a target directory of the environment"
(copy environment; CARGO_TARGET_DIR=$work/out start_programs)
rm -rf "$work"
echo "the commands of README.md work in every order"
