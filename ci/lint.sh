#!/usr/bin/env bash
# Clippy without a warning: everything, and the libraries with each set of features that someone may choose.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo clippy --workspace --all-targets -- -D warnings
echo "+ nothing of std that is newer than rust-version"
cargo clippy --lib -p heist -p heist-macros -p heist-sim -- -D clippy::incompatible_msrv
cargo clippy --bins -p heist-tool -- -D clippy::incompatible_msrv
for features in "" futures-io macros tokio-io hyper console sim tracing; do
    echo "+ library with features: ${features:-none}"
    cargo clippy --lib --no-default-features --features "$features" -- -D warnings
done
# Cargo shows the warnings of a patch that is a path to everyone who builds with it.
for features in "" rt rt-multi-thread macros net sync time io-util io-std fs process signal test-util tracing \
    rt,macros macros,rt-multi-thread rt,net,time macros,sync full; do
    echo "+ tokio with features: ${features:-none}"
    cargo clippy --lib -p tokio@1.999.0 --no-default-features --features "$features" -- -D warnings
done
