#!/usr/bin/env bash
# The documentation, private rooms included, without a warning: no link rots.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTDOCFLAGS="-D warnings"
cargo doc --no-deps --document-private-items --workspace
