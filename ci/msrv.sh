#!/usr/bin/env bash
# The library with all features, the macros, the simulation and the tool compile with the oldest compiler that
# `rust-version` in Cargo.toml permits, and the unit tests of the library's rooms pass with it.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
[[ -n "$version" ]] || { echo "error: Cargo.toml has no rust-version" >&2; exit 1; }
if ! rustup run "$version" rustc --version 2>/dev/null; then
    rustup toolchain install "$version" --profile minimal
fi
compiler=$(rustup run "$version" rustc --version)
if [[ "$compiler" != "rustc $version."* ]]; then
    echo "error: rust-version is $version, but the toolchain of that name is $compiler" >&2
    exit 1
fi

export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
cargo=(rustup run "$version" cargo)
"${cargo[@]}" check --target-dir target/msrv -p heist -p heist-macros -p heist-sim --lib --all-features
"${cargo[@]}" check --target-dir target/msrv -p heist-tool --bins
"${cargo[@]}" test --quiet --target-dir target/msrv --lib
echo "$compiler: passed in $SECONDS s"
