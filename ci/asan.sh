#!/usr/bin/env bash
# The generators' unsafe code under the address sanitizer: every test of their behaviour, optimised and not.
# Needs a nightly toolchain; says so and fails if there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTFLAGS="-Zsanitizer=address"
# Two tests leak on purpose what a cycle holds; leaks are not what is looked for here.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1"
target="$(rustc -vV | sed -n 's/^host: //p')"
tests=()
for file in tests/generator_{async,delegation,iteration,native,protocol,soundness,threads}.rs; do
    tests+=(--test "$(basename "$file" .rs)")
done
for profile in "" --release; do
    cargo +nightly test $profile --target "$target" --target-dir target/asan "${tests[@]}"
done
