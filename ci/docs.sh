#!/usr/bin/env bash
# The documentation, private rooms included, without a warning: no link rots. Headers may link into their rooms: who
# reads them has the sources.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links"
cargo doc --no-deps --document-private-items --workspace
