#!/usr/bin/env bash
# The crates as they would be published: each has its licences and its readme, the packaged tests, examples and docs of
# heist compile with nothing but what is shipped, and so does the packaged tool.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/target/packaged
rm -rf "$work/crates"
mkdir -p "$work/crates"
# At home the tree may hold changes that are not committed: they are packaged as well.
cargo package --locked --no-verify --allow-dirty --target-dir "$work" -p heist-macros -p heist-sim -p heist -p heist-tool

for crate in heist-macros heist-sim heist heist-tool; do
    archive=$(ls "$work/package/$crate-"[0-9]*.crate)
    tar xzf "$archive" -C "$work/crates"
    directory=$work/crates/$(basename "$archive" .crate)
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        [[ -s "$directory/$file" ]] || { echo "error: $crate is packaged without $file" >&2; exit 1; }
    done
    for field in license readme description keywords categories rust-version; do
        grep -q "^$field = " "$directory/Cargo.toml" || { echo "error: $crate has no $field" >&2; exit 1; }
    done
done

macros=$(ls -d "$work"/crates/heist-macros-*)
heist=$(ls -d "$work"/crates/heist-[0-9]*)
# The macros are not published yet: the packaged ones take their place.
sim=$(ls -d "$work"/crates/heist-sim-*)
printf '\n[workspace]\n[patch.crates-io]\nheist-macros = { path = "%s" }\nheist-sim = { path = "%s" }\n' "$macros" "$sim" \
    >>"$heist/Cargo.toml"
cd "$heist"
export CARGO_TARGET_DIR=$work/build CARGO_PROFILE_DEV_DEBUG=0
cargo test --all-features --no-run
# And they run: these start programs and compile others.
cargo test --all-features --test examples net::
cargo test --all-features --test task spawn::
cargo doc --all-features --no-deps
cd "$(ls -d "$work"/crates/heist-tool-*)"
printf '\n[workspace]\n[patch.crates-io]\nheist = { path = "%s" }\nheist-macros = { path = "%s" }\nheist-sim = { path = "%s" }\n' \
    "$heist" "$macros" "$sim" >>Cargo.toml
cargo test --no-run
