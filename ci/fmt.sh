#!/usr/bin/env bash
# Is everything formatted?
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
# The workspaces beside the main one; `--all` would go into the library again.
for manifest in examples/moved-in examples/cluster benches/moved/tokio; do
    cargo fmt --check --manifest-path "$manifest/Cargo.toml"
done
