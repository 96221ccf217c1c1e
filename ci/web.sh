#!/usr/bin/env bash
# The page of `heist web` in headless Chromium, at a real program: the example `watched` of the tool, whose stalls, groups
# and workers must be in the page, with few tasks and with 100,000. Loopback only; some 30 seconds after the build.
#
#   WEB_SCREENSHOT=x.png  where to keep the screenshot of the page
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
watched=
web=
failures=0

finish() {
    for process in $web $watched; do kill -KILL "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

die() { echo "ci/web.sh: $*" >&2; exit 1; }

if ! command -v chromium >/dev/null; then
    echo "installing chromium" >&2
    apt-get install -y -qq chromium >/dev/null 2>&1 || die "chromium is missing and cannot be installed: install the package"
fi

# Waits until the first line of the file is there, and prints it.
first_line() { # file process
    for _ in $(seq 600); do
        if [ "$(wc -l <"$1")" -gt 0 ]; then head -n 1 "$1"; return; fi
        kill -0 "$2" 2>/dev/null || die "it ended: $(cat "$work/err")"
        sleep 0.05
    done
    die "no line came: $(cat "$work/err")"
}

browser() { # options
    timeout 120 chromium --headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --window-size=1300,2400 "--user-data-dir=$work/profile" --enable-logging=stderr --v=0 \
        --virtual-time-budget=120000 "$@" 2>"$work/log"
}

expect() { # name text
    if grep -Fq "$2" "$work/dom"; then
        printf 'ok    %-8s %s\n' "$count" "$1"
    else
        printf 'FAIL  %-8s %s: no "%s" in the page\n' "$count" "$1" "$2"
        failures=$((failures + 1))
    fi
}

refuse() { # name text file
    if grep -Fq "$2" "$3"; then
        printf 'FAIL  %-8s %s: %s\n' "$count" "$1" "$(grep -F "$2" "$3" | head -n 1 | cut -c 1-300)"
        failures=$((failures + 1))
    else
        printf 'ok    %-8s %s\n' "$count" "$1"
    fi
}

cargo build --release --quiet -p heist-tool --bin heist --example watched
release=$(pwd)/${CARGO_TARGET_DIR:-target}/release
# The place where the task that blocks is spawned.
line=$(grep -n 'name("blocks")' runtime/tool/examples/watched.rs | cut -d: -f1)
[ -n "$line" ] || die "there is no task that blocks in runtime/tool/examples/watched.rs"
mkfifo "$work/input"

for count in 20 100000; do
    : >"$work/out"; : >"$work/url"
    HEIST_CONSOLE=$work/socket HEIST_OBSERVE=1 "$release/examples/watched" "$count" <"$work/input" >"$work/out" 2>"$work/err" &
    watched=$!
    exec 3>"$work/input"
    first_line "$work/out" "$watched" >/dev/null
    "$release/heist" web "$work/socket" >"$work/url" 2>"$work/err" 3>&- &
    web=$!
    url=$(first_line "$work/url" "$web")

    begin=$SECONDS
    browser --dump-dom "$url#tree" >"$work/dom" || true
    expect "the runtime ($((SECONDS - begin)) s)" "process $watched, runtime "
    expect "the share of a worker" 'aria-label="worker 0: now '
    expect "the place of the stall" "watched.rs:$line:"
    expect "the name of the stall" '>blocks</td>'
    expect "the busiest tasks" 'with the most time in polls'
    # Beside those that were asked for: four that are ill, and the future of `block_on`.
    expect "all tasks" "$(sed ':a;s/\B[0-9]\{3\}\>/,&/;ta' <<<"$((count + 5))") tasks in"
    expect "the deadlock" '<div>deadlock: '
    expect "the tree of the deadlock" ' [deadlock]</div>'
    expect "nothing has gone" 'role="alert" hidden'
    refuse "no error in the page" 'CONSOLE' "$work/log"
    if [ -n "${WEB_SCREENSHOT:-}" ] && [ "$count" = 20 ]; then
        browser "--screenshot=$WEB_SCREENSHOT" "$url#tree" >/dev/null || true
    fi

    exec 3>&-
    wait "$watched" || die "the program ended with $?: $(cat "$work/err")"
    watched=
    browser --dump-dom "$url" >"$work/dom" || true
    expect "the end of the program" '>The service has gone, or does not answer: '

    kill -INT "$web"
    wait "$web" || die "heist web ended with $? on Ctrl-C: $(cat "$work/err")"
    web=
done
[ "$failures" -eq 0 ] || die "$failures checks failed"
echo "all checks passed in $SECONDS s"
