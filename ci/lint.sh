#!/usr/bin/env bash
# Clippy without a warning: everything, and the library with each set of features that someone may choose.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo clippy --workspace --all-targets -- -D warnings
echo "+ nothing of std that is newer than rust-version"
cargo clippy --lib -p heist -p heist-macros -- -D clippy::incompatible_msrv
for features in "" futures-io macros tokio-io hyper; do
    echo "+ library with features: ${features:-none}"
    cargo clippy --lib --no-default-features --features "$features" -- -D warnings
done
