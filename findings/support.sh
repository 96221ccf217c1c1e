# Sourced by every finding: a temporary folder that goes away at the end, and in it a small program
# with pinned crates.
set -euo pipefail

findings=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in cargo rustc timeout; do
    command -v "$tool" >/dev/null || { echo "error: $tool is missing; install it and run this again" >&2; exit 2; }
done

# program LINE...: builds the program on standard input, with these lines of dependencies, and runs
# it for a minute at most.
program() {
    mkdir -p "$work/src"
    cp "$findings/check.rs" "$work/src/"
    cat >"$work/src/main.rs"
    {
        printf '[package]\nname = "finding"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
        printf '[profile.dev]\ndebug = false\n\n[dependencies]\n'
        printf '%s\n' "$@"
    } >"$work/Cargo.toml"
    # A machine that has the crates needs no network.
    (cd "$work" && export CARGO_TARGET_DIR=$work/target &&
        { cargo build --quiet --offline 2>/dev/null || cargo build --quiet; })
    echo "$(basename "$0" .sh) on Linux $(uname -r), $(uname -m), $(rustc --version)"
    printf '  with %s\n' "$@"
    TMPDIR=$work timeout 60 "$work/target/debug/finding" || {
        echo "error: this is not what was found; see CHANGED above (124: it took more than a minute)" >&2
        exit 1
    }
    echo "as found"
}
