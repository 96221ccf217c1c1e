#!/usr/bin/env bash
# Type-checks, without a warning, for systems on which nothing is run here: the library with its features, the crate
# `tokio` and the tool for each of them. The tests and the examples distinguish Linux, which `ci/lint.sh` checks, other
# Unix systems and Windows, so they are checked for one of each of the other two.
set -euo pipefail
cd "$(dirname "$0")/.."

systems=(
    x86_64-pc-windows-gnu
    aarch64-apple-darwin
    x86_64-unknown-freebsd
    x86_64-unknown-netbsd
    x86_64-unknown-illumos
    aarch64-linux-android
    x86_64-unknown-linux-musl
    aarch64-unknown-linux-gnu
    i686-unknown-linux-gnu
)
kinds=(x86_64-pc-windows-gnu x86_64-unknown-freebsd)
rustup target add "${systems[@]}"

flags="${RUSTFLAGS:-} -D warnings"
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
# One call per set of features: cargo would mix those of packages that are checked together.
for system in "${systems[@]}"; do
    check=(cargo check --quiet --target-dir target/cross --target "$system")
    features=console,hyper,tokio-io,tracing
    # The simulation takes over the calls of glibc on 64-bit machines; musl and 32-bit machines have other forms of them.
    # On other systems than Linux it says that it is not there.
    [[ "$system" == *-musl || "$system" == i686-* ]] || features+=,sim
    # The crate io-uring asks whether its layouts hold for other machines than 64-bit ones. They do: the kernel's are of
    # numbers with a fixed width.
    export RUSTFLAGS=$flags
    [[ "$system" != i686-* ]] || RUSTFLAGS+=" --cfg io_uring_skip_arch_check"
    echo "+ $system"
    "${check[@]}" -p heist --lib --features "$features"
    "${check[@]}" -p heist-tool --bins
    "${check[@]}" -p tokio@1.999.0 --lib --features full
    if [[ " ${kinds[*]} " == *" $system "* ]]; then
        echo "+ $system: tests and examples"
        "${check[@]}" -p heist --lib --tests --examples --features "$features"
    fi
done
echo "${#systems[@]} systems in $SECONDS s"
