#!/usr/bin/env bash
# `runtime/tokio/items.txt` lists every public item of tokio, with implementations and auto traits, and says of each
# whether the crate `tokio` of this tree has it. Checked here: what is listed as there is there, and what is listed as
# not there is not. Platforms other than Linux are not listed.
#
# Usage: ci/tokio_items.sh [--record]   with --record the list is made anew, from the release of tokio that it names;
#                                       the reasons of the items that are not there are kept
set -euo pipefail
cd "$(dirname "$0")/.."

# The compiler that `ci/api.sh` lists with.
compiler=$(sed -n 's/^compiler=//p' ci/api.sh)
work=$PWD/target/api
list=runtime/tokio/items.txt
release=$(sed -n 's/^# tokio \([0-9.]*\),.*/\1/p' "$list")
export CARGO_PROFILE_DEV_DEBUG=0 LC_ALL=C
if [[ "$(rustc --version)" != "rustc $compiler "* ]]; then
    export RUSTUP_TOOLCHAIN=$compiler
    rustc --version > /dev/null 2>&1 || rustup toolchain install "$compiler" --profile minimal
fi

document() { # the arguments of `cargo rustdoc`
    # The JSON is unstable in a stable compiler.
    RUSTC_BOOTSTRAP=1 cargo rustdoc --quiet --lib "$@" -- -Z unstable-options --output-format json --cap-lints allow
}

cargo build --quiet --locked --manifest-path ci/api/Cargo.toml --target-dir "$work/tool"
document --locked --package heist --all-features --target-dir "$work"
document --locked --package tokio@1.999.0 --all-features --target-dir "$work"
"$work/tool/debug/items" "$work/doc/tokio.json" "$work/doc/heist.json" | cut -f1 | sort -u > "$work/ours.txt"

if [[ "${1:-}" == --record ]]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir "$scratch/src"
    touch "$scratch/src/lib.rs"
    cat > "$scratch/Cargo.toml" << EOF
[package]
name = "recorded"
version = "0.0.0"
edition = "2024"
[dependencies]
tokio = { version = "=$release", features = ["full", "test-util"] }
[workspace]
EOF
    (cd "$scratch" && document --package tokio --target-dir "$work/release")
    "$work/tool/debug/items" "$work/release/doc/tokio.json" | cut -f1 | sort -u > "$work/theirs.txt"
    {
        grep '^#' "$list"
        comm -12 "$work/theirs.txt" "$work/ours.txt" | sed 's/^/have     /'
        comm -23 "$work/theirs.txt" "$work/ours.txt" | while IFS= read -r item; do
            grep -E '^(differs|not)' "$list" | grep -F "  $item | " || echo "not      $item | NO REASON"
        done
    } > "$work/items.txt"
    cp "$work/items.txt" "$list"
fi

grep '^have' "$list" | sed 's/^have  *//' | sort -u > "$work/have.txt"
grep -E '^(differs|not)' "$list" | sed -E 's/^(differs|not)  *//; s/ \| .*//' | sort -u > "$work/lacked.txt"
comm -23 "$work/have.txt" "$work/ours.txt" | sed 's/^/no longer there: /' > "$work/faults.txt"
comm -12 "$work/lacked.txt" "$work/ours.txt" | sed 's/^/there by now: /' >> "$work/faults.txt"
grep -F '| NO REASON' "$list" | sed 's/^/without a reason: /' >> "$work/faults.txt" || true
if [[ -s "$work/faults.txt" ]]; then
    cat "$work/faults.txt" >&2
    echo "error: $list is stale. See ci/tokio_items.sh --record" >&2
    exit 1
fi
echo "tokio $release: $(wc -l < "$work/have.txt") items have, $(grep -c '^differs' "$list") differ, $(grep -c '^not' "$list") not"
