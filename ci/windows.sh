#!/usr/bin/env bash
# Builds tests for Windows and runs them under wine. `ci/windows.skip` lists, with the reason, each test that does not pass
# there. A test of the list that passes fails this script, as does any other that does not.
# Needs mingw and wine, which it installs with apt-get if it runs as root.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
binaries=(lib every_system generator runtime scheduler sync task tcp time udp)
work=$PWD/target/windows
wine=/usr/lib/wine/wine64
limit_seconds=400
# A listed test that hangs is given up after this time.
patience_seconds=20

missing=()
[[ -x "$wine" ]] || missing+=(wine wine64)
command -v x86_64-w64-mingw32-gcc >/dev/null || missing+=(gcc-mingw-w64-x86-64-win32)
if ((${#missing[@]} > 0)); then
    if ((EUID != 0)); then
        echo "error: ${missing[*]} not installed (apt-get install ${missing[*]})" >&2
        exit 1
    fi
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null
fi
rustup target add "$target"

export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
select=()
for binary in "${binaries[@]}"; do
    if [[ "$binary" == lib ]]; then select+=(--lib); else select+=(--test "$binary"); fi
done
built=$(cargo test --no-run --target "$target" --target-dir "$work" "${select[@]}" 2>&1 | tee /dev/stderr)

# The path of a binary that was built: its name is followed by a hash.
program_of() {
    local name=$1
    if [[ "$name" == lib ]]; then name=heist; fi
    sed -n "s|.*Executable .*(\(.*/${name}-[0-9a-f]*\.exe\)).*|\1|p" <<<"$built"
}

# Of the programs beside which it lies. This wine lacks the function by which std finds its seeds.
directory=$(dirname "$(program_of lib)")
x86_64-w64-mingw32-gcc -shared -o "$directory/bcryptprimitives.dll" -x c - -ladvapi32 <<'C'
unsigned char __stdcall SystemFunction036(void *bytes, unsigned long count);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *bytes, unsigned long long count) {
    return SystemFunction036(bytes, (unsigned long)count);
}
C

export WINEDEBUG=-all WINEPREFIX="$work/wine"
mkdir -p "$work"
"$wine" wineboot --init >/dev/null 2>&1 || true

# Prints the names of tests that the list has of a binary, of one kind or of all.
listed_of() {
    awk -v kind="$2" -v binary="$1" '!/^#/ && $2 == binary && (kind == "any" || $1 ~ kind) { print $3 }' ci/windows.skip
}

passed=0
listed=0
failures=()
for binary in "${binaries[@]}"; do
    program=$(program_of "$binary")
    [[ -n "$program" ]] || { echo "error: the tests of $binary were not built" >&2; exit 1; }
    mapfile -t names < <(listed_of "$binary" any)
    skips=()
    for name in "${names[@]}"; do skips+=(--skip "$name"); done
    # Models repeat the logic that all systems share, many times: `ci/loom.sh` is for them.
    if [[ "$binary" == lib ]]; then skips+=(--skip ::models::); fi
    echo "+ $binary"
    log=$work/$binary.log
    if timeout "$limit_seconds" "$wine" "$program" "${skips[@]}" >"$log" 2>&1; then
        count=$(tr -d '\r' <"$log" | sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p')
        if ((${count:-0} == 0)); then failures+=("$binary has run no test"); fi
        passed=$((passed + ${count:-0}))
        echo "$binary: ${count:-0} passed, ${#names[@]} listed"
    else
        cat "$log"
        failures+=("$binary")
    fi
    # The list is true: each test is there, and does not pass.
    tests=$("$wine" "$program" --list 2>/dev/null | tr -d '\r')
    for name in "${names[@]}"; do
        grep -qxF "$name: test" <<<"$tests" || failures+=("$binary has no test $name: take it off ci/windows.skip")
        listed=$((listed + 1))
    done
    while IFS= read -r name; do
        if timeout "$patience_seconds" "$wine" "$program" --exact "$name" >/dev/null 2>&1; then
            failures+=("$binary: $name passes: take it off ci/windows.skip")
        fi
    done < <(listed_of "$binary" '^(wine|system)$')
done
WINEPREFIX="$work/wine" wineserver -k 2>/dev/null || true

if ((${#failures[@]} > 0)); then
    printf 'error: %s\n' "${failures[@]}" >&2
    exit 1
fi
echo "$passed tests passed on Windows, $listed are listed in ci/windows.skip, in $SECONDS s"
