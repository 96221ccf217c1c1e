#!/usr/bin/env bash
# The public API of both crates, all features on, is the one that `ci/api/` lists: what changes it changes the list, for
# everyone to see. Platforms other than Linux are not listed, nor is what the documentation hides.
#
# Usage: ci/api.sh [--record]   with --record the list becomes what the code has
#
# The list is of one compiler: rustdoc's format and the paths in std belong to it.
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=1.95.0
work=$PWD/target/api
export CARGO_PROFILE_DEV_DEBUG=0
if [[ "$(rustc --version)" != "rustc $compiler "* ]]; then
    export RUSTUP_TOOLCHAIN=$compiler
    rustc --version > /dev/null 2>&1 || rustup toolchain install "$compiler" --profile minimal
fi

cargo build --quiet --locked --manifest-path ci/api/Cargo.toml --target-dir "$work/tool"
failed=0
for crate in heist heist-macros heist-sim; do
    # The JSON is unstable in a stable compiler.
    RUSTC_BOOTSTRAP=1 cargo rustdoc --quiet --locked --package "$crate" --lib --all-features --target-dir "$work" -- \
        -Z unstable-options --output-format json --cap-lints allow
    "$work/tool/debug/api" "$work/doc/${crate//-/_}.json" > "$work/$crate.txt"
    if [[ "${1:-}" == --record ]]; then
        cp "$work/$crate.txt" "ci/api/$crate.txt"
    elif ! diff -u "ci/api/$crate.txt" "$work/$crate.txt" >&2; then
        failed=1
    fi
    echo "$crate: $(wc -l < "$work/$crate.txt") lines"
done
if ((failed)); then
    echo "error: the public API has changed. If that is meant: ci/api.sh --record, commit ci/api/, CHANGELOG.md" >&2
    exit 1
fi
