#!/usr/bin/env bash
# The lower bounds in Cargo.toml are true: the crates compile with the lowest version of each direct dependency, and with
# the newest indirect ones that these permit. What tests, examples and benches need is nobody else's bound.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
work=$root/target/minimal
rm -rf "$work/tree"
mkdir -p "$work/tree"
awk '
    /^\[/ { is_kept = !/dev-dependencies|^\[\[(example|test)\]\]/ }
    /^members = / { $0 = "members = [\".\", \"runtime/macros\", \"runtime/sim\"]" }
    is_kept' Cargo.toml >"$work/tree/Cargo.toml"
for entry in runtime docs README.md; do ln -s "$root/$entry" "$work/tree/$entry"; done
cd "$work/tree"

# The option is unstable in a stable cargo; what it chooses is compiled without it.
RUSTC_BOOTSTRAP=1 cargo generate-lockfile -Z direct-minimal-versions
export CARGO_TARGET_DIR=$work/build CARGO_PROFILE_DEV_DEBUG=0
cargo check --locked --workspace --all-features --lib
echo "+ the poller of other systems"
RUSTFLAGS="${RUSTFLAGS:-} --cfg rt_portable" cargo check --locked --all-features --lib

echo "+ the tool"
# In a workspace of its own: what its dependencies need is above the lower bounds of the library.
mkdir -p "$work/tree/alone/runtime/tool"
cd "$work/tree/alone"
awk '
    /^\[/ { is_kept = /^\[workspace/ }
    /^members = / { $0 = "members = [\"runtime/tool\"]" }
    /^exclude = / { next }
    is_kept' "$root/Cargo.toml" >Cargo.toml
# The library is the tree above.
awk '
    /^\[/ { is_kept = !/dev-dependencies/ }
    /^heist = / { sub("path = \"../..\"", "path = \"../../..\"") }
    is_kept' "$root/runtime/tool/Cargo.toml" >runtime/tool/Cargo.toml
for entry in src README.md; do ln -s "$root/runtime/tool/$entry" "runtime/tool/$entry"; done
RUSTC_BOOTSTRAP=1 cargo generate-lockfile -Z direct-minimal-versions
cargo check --locked
