#!/usr/bin/env bash
# The generator room needs `core` and `alloc` only: it is compiled here as a crate of its own, without std, beside a
# stand-in for the names that it takes from `primitive`.
set -euo pipefail
cd "$(dirname "$0")/.."

root="$PWD"
directory="$root/target/no_std"
mkdir -p "$directory"
cat > "$directory/lib.rs" <<RUST
#![no_std]
#[path = "$root/runtime/generator/mod.rs"]
pub mod generator;
mod primitive {
    pub(crate) mod atomic {
        pub(crate) use core::sync::atomic::{AtomicU32, Ordering};
    }
    pub(crate) mod cell {
        pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);
        impl<T> UnsafeCell<T> {
            pub(crate) const fn new(value: T) -> Self { UnsafeCell(core::cell::UnsafeCell::new(value)) }
            pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R { f(self.0.get()) }
        }
    }
}
RUST
cat > "$directory/Cargo.toml" <<TOML
[package]
name = "no_std"
version = "0.0.0"
edition = "2024"
[workspace]
[lib]
path = "lib.rs"
[features]
macros = []
[dependencies]
futures-core = { version = "0.3", default-features = false }
pin-project-lite = "0.2"
TOML
cp Cargo.lock "$directory/"
# A target without std proves it, where it is installed; else `#![no_std]` alone.
if rustc --print target-libdir --target thumbv7m-none-eabi 2>/dev/null | xargs -r test -d; then
    target=(--target thumbv7m-none-eabi)
else
    echo "thumbv7m-none-eabi is not installed (rustup target add thumbv7m-none-eabi): checked for the host"
    target=()
fi
cargo check --manifest-path "$directory/Cargo.toml" "${target[@]}"
