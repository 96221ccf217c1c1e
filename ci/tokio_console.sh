#!/usr/bin/env bash
# tokio-console: what the real console-subscriber serves of the tasks of heist, read by the console's own client; and the
# spans and events of which it is made. console-subscriber starts only with a flag for the whole build, so this has a
# target directory of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_PROFILE_DEV_DEBUG=line-tables-only
RUSTFLAGS="${RUSTFLAGS:-} --cfg console_without_tokio_unstable" \
    cargo test --locked --target-dir target/console --package tokio_console
cargo test --locked --features tracing --test tracing
cargo test --locked --features tracing --lib -- task:: runtime::
echo "all of it in $SECONDS s"
