#!/usr/bin/env bash
# What the two lines bring: the programs of benches/moved, built with the patch and without it, measured in turns on this
# machine, beside the goals. A ratio is heist's figure divided by tokio's, the median of the pairs. Only a quiet machine
# tells. Needs wrk, redis-benchmark and python3.
#
#   PAIRS=10        pairs of each measurement (3)
#   SECONDS_EACH=3  length of one load of wrk (1)
#   ONLY="json"     only the measurements whose name has this in it
#   HEIST_DRIVER=poll
set -euo pipefail
cd "$(dirname "$0")/moved"

for tool in wrk redis-benchmark redis-cli python3; do
    command -v "$tool" >/dev/null || { echo "benches/moved.sh: $tool is missing" >&2; exit 1; }
done
target=$(realpath "${CARGO_TARGET_DIR:-../../target}")/moved
for build in tokio heist; do
    cargo build --locked --release --manifest-path "$build/Cargo.toml" --target-dir "$target/$build"
done
# The same crates on both sides, but for the runtime.
cargo tree --locked --manifest-path heist/Cargo.toml --prefix none --format '{p}' --invert tokio | grep -q '^tokio v1.999' ||
    { echo "benches/moved.sh: the patch is not used" >&2; exit 1; }
python3 - "$target" <<'PYTHON'
import os, pathlib, re, resource, statistics, subprocess, sys, tempfile, time

target = pathlib.Path(sys.argv[1])
pairs = int(os.environ.get("PAIRS", 3))
seconds = int(os.environ.get("SECONDS_EACH", 1))
only = os.environ.get("ONLY", "")
builds = ("tokio", "heist")
missed = []


class Server:
    """A program that prints where it listens."""

    def __init__(self, build, program, *arguments):
        command = [target / build / "release" / program, *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        assert self.address, f"{program} of {build} did not start"

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def millis(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def wrk(server, path, threads, connections, script=None):
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-s", script] if script else []
    before = server.cpu_seconds()
    out = subprocess.run(command + [f"http://{server.address}{path}"], capture_output=True, text=True, check=True).stdout
    cpu = server.cpu_seconds() - before
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    return {
        "requests/s": float(re.search(r"Requests/sec: +([\d.]+)", out).group(1)),
        "CPU us/request": cpu / requests * 1e6,
        "p50 ms": millis(re.search(r"50% +(\S+)", out).group(1)),
        "p99 ms": millis(re.search(r"99% +(\S+)", out).group(1)),
    }


def measure(name, take, goals):
    """`take(build)` returns figures by name; `goals` has for each a bound of the ratio,
    such as ">= 1.10", or nothing."""
    if only not in name:
        return
    taken = {build: [] for build in builds}
    for pair in range(pairs):
        for build in builds if pair % 2 == 0 else reversed(builds):
            taken[build].append(take(build))
    for figure, goal in goals.items():
        left, right = ([figures[figure] for figures in taken[build]] for build in builds)
        ratio = statistics.median(heist / tokio for tokio, heist in zip(left, right) if tokio > 0)
        # Without a goal it is only shown.
        reached = not goal or (ratio >= float(goal[3:]) if goal.startswith(">=") else ratio <= float(goal[3:]))
        if not reached:
            missed.append(f"{name}, {figure}: {ratio:.2f}, not {goal}")
        print(
            f"{name:34} {figure:15} {statistics.median(left):12.2f} {statistics.median(right):12.2f} "
            f"{ratio:6.2f}  {goal:8} {'' if reached else 'MISSED'}",
            flush=True,
        )


def both(program, *arguments):
    return {build: Server(build, program, *arguments) for build in builds}


def http(directory):
    files = pathlib.Path(directory, "site")
    files.mkdir()
    for number in range(100):
        (files / str(number)).write_bytes(bytes([number]) * 65536)
    script = pathlib.Path(directory, "files.lua")
    script.write_text(
        'local n = 0\nrequest = function() n = (n + 1) % 100; return wrk.format("GET", "/files/" .. n) end\n'
    )
    servers = both("http", files)
    for threads in (1, 2):
        for connections in (16, 64, 256):
            goals = {
                "requests/s": ">= 1.10" if threads == 1 else ">= 1.00",
                "CPU us/request": "<= 0.95",
                "p50 ms": "<= 1.00",
                "p99 ms": "<= 1.00",
            }
            name = f"axum json -t{threads} -c{connections}"
            measure(name, lambda build: wrk(servers[build], "/hello", threads, connections), goals)
    for threads in (1, 2):
        for connections in (16, 64, 256):
            name = f"ServeDir 64 KiB -t{threads} -c{connections}"
            take = lambda build: wrk(servers[build], "/files/0", threads, connections, script)
            measure(name, take, {"requests/s": ">= 2.00", "CPU us/request": ""})
    for server in servers.values():
        server.__exit__()


def read(directory):
    files = pathlib.Path(directory, "small")
    files.mkdir()
    for number in range(10_000):
        (files / str(number)).write_bytes(bytes(4096))

    def take(build, *how):
        command = [target / build / "release/read", files, *how]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Of two rounds and the start.
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"ms": taken, "CPU ms": cpu * 1000}

    # Five times as fast: a fifth of the time.
    goals = {"ms": "<= 0.20", "CPU ms": ""}
    measure("read 10,000 files at once", take, goals)
    measure("read 10,000 files one by one", lambda build: take(build, "one-by-one"), goals)


def keys():
    servers = both("keys")

    def take(build, *what):
        command = ["redis-benchmark", "-p", servers[build].address, "-q", "--csv", *what]
        before = servers[build].cpu_seconds()
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        cpu = servers[build].cpu_seconds() - before
        # The line has the requests per second in its second column.
        rates = [float(line.split(",")[1].strip('"')) for line in out.splitlines() if not line.startswith('"test"')]
        return {"requests/s": statistics.mean(rates), "CPU s": cpu}

    count = 100_000 * seconds
    for clients in (1, 50, 256):
        for pipelined in (1, 16):
            if clients == 1 and pipelined > 1:
                continue
            requests = count * pipelined // (5 if clients == 1 else 1)
            what = ["-t", "set,get", "-n", str(requests), "-c", str(clients), "-P", str(pipelined), "-r", "10000"]
            goals = {"requests/s": ">= 1.10", "CPU s": ""}
            measure(f"keys set, get -c{clients} -P{pipelined}", lambda build: take(build, *what), goals)

    def publish(build):
        heard = [
            subprocess.Popen(
                ["redis-cli", "-p", servers[build].address, "subscribe", "news"],
                stdout=subprocess.DEVNULL,
            )
            for _ in range(4)
        ]
        while True:
            command = ["redis-cli", "-p", servers[build].address, "publish", "news", "begin"]
            if subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "4":
                break
            time.sleep(0.01)
        figures = take(build, "-n", str(count // 2), "-c", "50", "PUBLISH", "news", "a message of some length")
        for client in heard:
            client.kill()
            client.wait()
        # The server sees the end of them at its next message.
        time.sleep(0.2)
        return figures

    measure("keys publish to 4 -c50", publish, {"requests/s": ">= 1.10", "CPU s": ""})
    for server in servers.values():
        server.__exit__()


print(f"{pairs} pairs; driver: {os.environ.get('HEIST_DRIVER', 'the default')}")
print(f"{'':34} {'':15} {'tokio':>12} {'heist':>12} {'ratio':>6}  goal")
with tempfile.TemporaryDirectory() as directory:
    http(directory)
    read(directory)
keys()
print(f"goals missed: {len(missed)}" if missed else "all goals reached")
PYTHON
