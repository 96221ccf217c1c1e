#!/usr/bin/env bash
# The lock files are current, and no other runtime comes in with the library.
set -euo pipefail
cd "$(dirname "$0")/.."

for manifest in . benches/moved/{heist,tokio} benches/worlds/{heist,madsim,turmoil} examples/moved-in; do
    cargo metadata --locked --format-version 1 --manifest-path "$manifest/Cargo.toml" >/dev/null
done
# Every feature but `tokio-context`, which is there to bring tokio's runtime in.
features=$(cargo metadata --locked --no-deps --format-version 1 |
    python3 -c 'import json, sys
features = next(p for p in json.load(sys.stdin)["packages"] if p["name"] == "heist")["features"]
print(",".join(sorted(set(features) - {"default", "tokio-context"})))')
tree=$(cargo tree --locked --package heist --edges normal,build --features "$features" --prefix none --format '{p} {f}')
if found=$(grep -E '^(mio|async-io|async-executor|async-task|smol|tokio-uring|monoio|compio) |^tokio .*\brt\b' <<<"$tree"); then
    printf 'error: the library depends on another runtime:\n%s\n' "$found" >&2
    exit 1
fi
echo "$(sort -u <<<"$tree" | wc -l) packages, none of them another runtime"
