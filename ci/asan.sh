#!/usr/bin/env bash
# Unsafe code under the address sanitizer. The generators': every test of their behaviour, optimised and not. All other:
# the tests of the library's rooms, and those of what is dropped, panics or stays, not optimised: where the memory of tasks
# is kept and used again, the sanitizer does not see that one was freed.
# Needs a nightly toolchain; says so and fails if there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTFLAGS="-Zsanitizer=address"
# Some tests leak on purpose, such as what a cycle holds; leaks are not what is looked for here.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1"
target="$(rustc -vV | sed -n 's/^host: //p')"
for profile in "" --release; do
    cargo +nightly test $profile --target "$target" --target-dir target/asan --test generator
done
cargo +nightly test --target "$target" --target-dir target/asan --lib --test cancel_safety
# The sanitizer ends a process whose stack overflows by itself, and with another code.
cargo +nightly test --target "$target" --target-dir target/asan --test task -- local:: panic:: wake:: \
    --skip panic::a_task_that_overflows_the_stack_ends_the_process_at_once
cargo +nightly test --target "$target" --target-dir target/asan -p tokio@1.999.0 --all-features --test io
