#!/usr/bin/env bash
# Every test, as the README says; then the other members (but for those that have ci/ecosystem.sh, ci/sim.sh and
# ci/tokio_console.sh), and once more optimised, where races show that debug builds hide.
# HEIST_REQUIRE_URING=0 permits a machine that refuses io_uring; without it, tests fail where the kernel has it and
# something else refuses it.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z "${HEIST_REQUIRE_URING:-}" && "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null)" == 0 ]]; then
    export HEIST_REQUIRE_URING=1
fi
echo "HEIST_REQUIRE_URING=${HEIST_REQUIRE_URING:-}"

cargo test
cargo test --workspace --exclude heist --exclude heist-sim --exclude simulated --exclude ecosystem --exclude tokio_console
cargo test --release --lib --tests
echo "+ the poller of other systems"
RUSTFLAGS="${RUSTFLAGS:-} --cfg rt_portable" cargo test --target-dir target/portable --lib -- driver:: system::
echo "+ the same without edges"
RUSTFLAGS="${RUSTFLAGS:-} --cfg rt_portable --cfg rt_oneshot" cargo test --target-dir target/oneshot --lib driver::
