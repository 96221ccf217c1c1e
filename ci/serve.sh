#!/usr/bin/env bash
# The example `serve`, end to end with real clients: curl, wrk, headless Chromium and 10,000 idle connections, on
# io_uring, on polling, and where a seccomp filter refuses io_uring. Loopback only; some two minutes.
#
#   SERVE_FILE_MIB=1024     size of the large file (256)
#   SERVE_IDLE=10000        idle connections
#   SERVE_WRK_SECONDS=5     length of the load
#   SERVE_SCREENSHOT=x.png  where to keep the screenshot of the listing
set -euo pipefail
cd "$(dirname "$0")/.."

file_mib=${SERVE_FILE_MIB:-256}
idle=${SERVE_IDLE:-10000}
wrk_seconds=${SERVE_WRK_SECONDS:-5}
work=$(mktemp -d)
server=
failures=0

finish() {
    if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

die() { echo "ci/serve.sh: $*" >&2; exit 1; }

# Says one result. The check itself is the exit code handed in.
report() { # code name figure
    if [ "$1" -eq 0 ]; then
        printf 'ok    %-7s %-26s %s\n' "$driver" "$2" "$3"
    else
        printf 'FAIL  %-7s %-26s %s\n' "$driver" "$2" "$3"
        failures=$((failures + 1))
    fi
}

expect() { # name expected found
    if [ "$2" = "$3" ]; then report 0 "$1" "$3"; else report 1 "$1" "expected '$2', found '$3'"; fi
}

need() { # command package
    command -v "$1" >/dev/null && return
    echo "installing $2" >&2
    apt-get install -y -qq "$2" >/dev/null 2>&1 || die "$1 is missing and cannot be installed: install the package $2"
}

tools() {
    need curl curl
    need wrk wrk
    need chromium chromium
    need python3 python3
    # Both ends of the idle connections need a descriptor each.
    ulimit -n "$(ulimit -Hn)"
    [ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge $((idle + 500)) ] ||
        die "the descriptor limit $(ulimit -n) is too low for $idle connections: raise it with ulimit -Hn"
}

site() {
    mkdir -p "$work/site/pictures" "$work/site/.hidden"
    echo 'hello, world' >"$work/site/hello.txt"
    echo '<p>escaped' >"$work/site/tom & jerry <3.html"
    head -c 4096 /dev/urandom >"$work/site/pictures/noise.bin"
    # Random at both ends and a hole between, so that it costs little to make and every part is checked.
    head -c 32M /dev/urandom >"$work/site/large.bin"
    truncate -s "$((file_mib - 32))M" "$work/site/large.bin"
    head -c 32M /dev/urandom >>"$work/site/large.bin"
    sum=$(sha256sum <"$work/site/large.bin")
}

# Writes a program that runs another one, whose io_uring_setup is answered with EPERM as container sandboxes do.
write_filter() {
    cat >"$work/without_uring.py" <<'PYTHON'
import ctypes, os, platform, struct, sys
if platform.machine() not in ("x86_64", "aarch64"):
    sys.exit("no filter for this machine")
load, equal, allow, refuse = (0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050001)
code = b"".join(struct.pack("HBBI", *step) for step in (load, equal, refuse, allow))
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[1], sys.argv[1:])
PYTHON
}

start() { # command prefix and options
    # The output of the server before is not this one's.
    : >"$work/out"
    "$@" --dir "$work/site" --addr 127.0.0.1:0 --header-seconds 3600 >"$work/out" 2>"$work/err" &
    server=$!
    for _ in $(seq 1200); do
        if grep -q '^workers: ' "$work/out"; then
            url=$(sed -n 's/^url: //p' "$work/out")
            return
        fi
        kill -0 "$server" 2>/dev/null || die "the server ended: $(cat "$work/err")"
        sleep 0.05
    done
    die "the server did not start"
}

stop() {
    local began=$SECONDS code=0
    kill -INT "$server"
    wait "$server" || code=$?
    server=
    report "$code" "stop on Ctrl-C" "exit $code within $((SECONDS - began + 1)) s; $(tail -n 1 "$work/out")"
    expect "nothing on stderr" "" "$(cat "$work/err")"
}

memory() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$server/status"; }

check_curl() {
    expect "curl GET" "hello, world" "$(curl -sS "${url}hello.txt")"
    expect "curl HEAD" "200 13" "$(curl -sSI -o /dev/null -w '%{http_code} %header{content-length}' "${url}hello.txt")"
    expect "curl range" "206 world" "$(curl -sS -r 7-11 -w '' -D "$work/head" "${url}hello.txt" >"$work/part"
        printf '%s %s' "$(sed -n '1s/[^ ]* \([0-9]*\).*/\1/p' "$work/head")" "$(cat "$work/part")")"
    local tag
    tag=$(curl -sSI -o /dev/null -w '%header{etag}' "${url}hello.txt")
    expect "curl If-None-Match" 304 "$(curl -sS -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "${url}hello.txt")"
    expect "curl ../" 404 "$(curl -sS -o /dev/null -w '%{http_code}' --path-as-is "${url}../../../../etc/passwd")"
    expect "curl POST" 405 "$(curl -sS -o /dev/null -w '%{http_code}' -d x "${url}hello.txt")"
}

check_large() {
    local speed
    if [ "$(curl -sS -w '%{stderr}%{speed_download}' "${url}large.bin" 2>"$work/speed" | sha256sum)" = "$sum" ]; then
        speed=$(cut -d. -f1 "$work/speed")
        report 0 "$file_mib MiB, sha256" "equal, $((speed >> 20)) MiB/s through curl and sha256sum"
    else
        report 1 "$file_mib MiB, sha256" "differs"
    fi
    local peak
    peak=$(memory VmHWM)
    report "$((peak > 65536))" "memory after it" "peak $peak KiB"
}

check_wrk() {
    # An answer that takes two seconds, on a machine that is busy, is no error of the socket.
    wrk -t2 -c200 "-d${wrk_seconds}s" --timeout 60s --latency "${url}hello.txt" >"$work/wrk" 2>&1 || true
    local rate
    rate=$(sed -n 's/^Requests\/sec: *//p' "$work/wrk")
    if [ -z "$rate" ] || grep -Eq 'Socket errors|Non-2xx' "$work/wrk"; then
        report 1 "wrk -t2 -c200" "$(tr '\n' ' ' <"$work/wrk")"
    else
        report 0 "wrk -t2 -c200" "$rate requests/s, p99 $(sed -n 's/^ *99% *//p' "$work/wrk")"
    fi
}

browser() { # options
    timeout 300 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --window-size=1000,700 "--user-data-dir=$(mktemp -d -p "$work")" "$@" 2>/dev/null
}

check_browser() {
    local dom shot=${SERVE_SCREENSHOT:-$work/listing.png}
    dom=$(browser --dump-dom "$url") || true
    case $dom in
    *'tom &amp; jerry &lt;3.html</a>'*) report 0 "Chromium listing" "${#dom} characters of DOM" ;;
    *) report 1 "Chromium listing" "the name is not in: ${dom:0:200}" ;;
    esac
    expect "Chromium opens a file" 1 "$(browser --dump-dom "${url}hello.txt" | grep -c 'hello, world')"
    browser "--screenshot=$shot" "$url" >/dev/null || true
    local size
    size=$(stat -c %s "$shot" 2>/dev/null || echo 0)
    report "$((size < 5000))" "Chromium screenshot" "$size bytes"
}

# Opens the connections, has others served meanwhile, and then uses every one of them.
check_idle() {
    python3 - "$url" "$idle" "$server" >"$work/idle" 2>&1 <<'PYTHON' || true
import resource, selectors, socket, sys, time, urllib.request
url, count, server = sys.argv[1], int(sys.argv[2]), sys.argv[3]
host, port = url.split("/")[2].split(":")
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def resident():
    with open(f"/proc/{server}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
before, began = resident(), time.monotonic()
idle = [socket.create_connection((host, int(port)), 60) for _ in range(count)]
opened = time.monotonic() - began
slowest = 0.0
for _ in range(300):
    began = time.monotonic()
    body = urllib.request.urlopen(url + "hello.txt", timeout=60).read()
    assert body == b"hello, world\n", body
    slowest = max(slowest, time.monotonic() - began)
each = (resident() - before) / count
assert each < 2, f"{each:.1f} KiB for each connection that has not spoken"
# An end of stream or an error would make an idle connection readable.
watch = selectors.DefaultSelector()
for connection in idle:
    watch.register(connection, selectors.EVENT_READ)
closed = len(watch.select(0))
assert closed == 0, f"{closed} idle connections were closed"
request = f"GET /hello.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
for connection in idle:
    connection.sendall(request)
for connection in idle:
    answer = b""
    while not answer.endswith(b"hello, world\n"):
        piece = connection.recv(4096)
        assert piece, f"closed after {answer!r}"
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 "), answer
print(f"opened in {opened:.1f} s, {each:.1f} KiB each; others within {slowest * 1000:.0f} ms; all {count} answered after")
PYTHON
    if grep -q "all $idle answered after" "$work/idle"; then
        report 0 "$idle idle connections" "$(cat "$work/idle")"
    else
        report 1 "$idle idle connections" "$(tail -n 1 "$work/idle")"
    fi
}

check_refused() {
    driver=refused
    start python3 "$work/without_uring.py" "$serve" --driver auto
    expect "auto falls back" "driver: poll" "$(grep '^driver: ' "$work/out")"
    expect "curl GET" "hello, world" "$(curl -sS "${url}hello.txt")"
    stop
    local code=0
    timeout 60 python3 "$work/without_uring.py" "$serve" --driver uring --dir "$work/site" --addr 127.0.0.1:0 >"$work/out" 2>"$work/err" || code=$?
    expect "uring is an error" "1 0" "$code $(wc -c <"$work/out")"
    code=0
    grep -Eq 'io_uring_setup failed with EPERM.*HEIST_DRIVER=poll' "$work/err" || code=1
    report "$code" "and says why" "$(head -n 1 "$work/err")"
}

tools
cargo build --release --quiet --example serve
serve=$(pwd)/${CARGO_TARGET_DIR:-target}/release/examples/serve
site
write_filter
for driver in uring poll; do
    start "$serve" --driver "$driver"
    check_curl
    check_large
    check_browser
    check_wrk
    check_idle
    stop
done
check_refused
[ "$failures" -eq 0 ] || die "$failures checks failed"
echo "all checks passed in $SECONDS s"
