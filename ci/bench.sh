#!/usr/bin/env bash
# The benchmarks run: one short round of everything, two cells of every row of the grid, one row explained, and the files
# that a record consists of. It shows no speed; `cargo run --release -p benches` does.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

need() { # command package
    command -v "$1" >/dev/null || [[ -x "/usr/sbin/$1" ]] && return
    echo "installing $2" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1 ||
        { echo "error: $1 is missing and cannot be installed: install the package $2" >&2; exit 1; }
}

# The packages of benches/src/tools.rs.
need wrk wrk
need nginx nginx-light
need go golang-go
need strace strace
need valgrind valgrind

cargo build --release --example serve
cargo run --release -p benches -- list
cargo run --release -p benches -- compare --quick --rounds 1 --json "$work/record.json"
cargo run --release -p benches -- grid --quick --json "$work/grid.json" 2>&1 | tee "$work/grid.txt"
if grep -q '^MISSING' "$work/grid.txt"; then
    echo "error: the grid is not whole" >&2
    exit 1
fi
cargo run --release -p benches -- explain chained_spawn
for file in record.json record.svg grid.json grid.svg; do
    [[ -s "$work/$file" ]] || { echo "error: no $file was written" >&2; exit 1; }
done
cargo run --release -p benches -- generators --quick
# The build that `benches/sentinel.sh` compares with.
RUSTFLAGS="--cfg rt_unwatched" cargo check --lib --target-dir target/unwatched
