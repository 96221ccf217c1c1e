#!/usr/bin/env bash
# Type-checks the library with its features, the crate `tokio` and the tool for systems on which nothing is run here. Only
# errors count: there are still warnings, for example of parameters that only rings use, and they are not shown.
set -euo pipefail
cd "$(dirname "$0")/.."

systems=(x86_64-pc-windows-gnu aarch64-apple-darwin x86_64-unknown-freebsd)
rustup target add "${systems[@]}"

export RUSTFLAGS="${RUSTFLAGS:-} --cap-lints=allow"
for system in "${systems[@]}"; do
    echo "+ $system"
    cargo check --quiet --target "$system" -p heist --lib --features console,hyper,sim,tokio-io,tracing
    cargo check --quiet --target "$system" -p heist-tool --bins
    cargo check --quiet --target "$system" -p tokio@1.999.0 --lib --features full
done
echo "${#systems[@]} systems in $SECONDS s"
