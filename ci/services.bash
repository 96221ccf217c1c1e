# Servers for the scripts beside this file, which source it: each is found or installed, and runs in `$work` on a port of
# its own until `stop_services`. One that can be neither found nor installed fails the run where CI is set, and is skipped
# loudly at home. The script sets `work`, and calls `stop_services` when it ends.

services=()

stop_services() {
    for service in "${services[@]}"; do kill -INT "$service" 2>/dev/null || true; done
    for service in "${services[@]}"; do wait "$service" 2>/dev/null || true; done
}

die() { echo "$0: $*" >&2; exit 1; }

# Debian keeps PostgreSQL's programs, and those of the administrator, out of the way.
find_command() {
    PATH="$PATH:/usr/sbin:$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)"
    command -v "$1" >/dev/null
}

have() { # command package
    find_command "$1" && return
    echo "installing $2" >&2
    apt-get install -y -qq "$2" >"$work/apt" 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq "$2"; } >"$work/apt" 2>&1 || true
    find_command "$1" && return
    echo "$1 is missing and cannot be installed: install the package $2" >&2
    [ -z "${CI:-}" ] || die "and in CI nothing is skipped"
    echo "SKIPPED: everything that needs $2" >&2
    return 1
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

listens() { python3 -c "import socket; socket.create_connection(('127.0.0.1', $1), 1)"; }

until_ready() { # name log command...
    local name=$1 log=$2
    shift 2
    for _ in $(seq 1200); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.05
    done
    cat "$log" >&2
    die "$name did not start"
}

# Sets DATABASE_URL.
start_postgres() {
    have initdb postgresql || return 0
    local as=() data=$work/postgres port
    port=$(free_port)
    mkdir "$data"
    echo secret >"$work/password"
    if [ "$(id -u)" -eq 0 ]; then
        # It refuses to run as root: it runs as nobody.
        chmod 711 "$work"
        chown 65534:65534 "$data" "$work/password"
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    fi
    "${as[@]}" initdb -D "$data" -U heist --auth scram-sha-256 --pwfile "$work/password" --no-sync >"$work/initdb" 2>&1 ||
        { cat "$work/initdb" >&2; die "initdb failed"; }
    "${as[@]}" postgres -D "$data" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off \
        -c unix_socket_directories= >"$work/postgres.log" 2>&1 &
    services+=($!)
    until_ready PostgreSQL "$work/postgres.log" pg_isready -q -h 127.0.0.1 -p "$port"
    export DATABASE_URL="postgres://heist:secret@127.0.0.1:$port/postgres"
    postgres --version
}

# Sets REDIS_ADDRESS.
start_redis() {
    have redis-server redis-server || return 0
    local port
    port=$(free_port)
    redis-server --bind 127.0.0.1 --port "$port" --dir "$work" --save '' >"$work/redis.log" 2>&1 &
    services+=($!)
    until_ready Redis "$work/redis.log" redis-cli -h 127.0.0.1 -p "$port" ping
    export REDIS_ADDRESS="127.0.0.1:$port"
    redis-server --version
}

# Sets NATS_URL; with JetStream.
start_nats() {
    have nats-server nats-server || return 0
    local port
    port=$(free_port)
    nats-server --addr 127.0.0.1 --port "$port" --jetstream --store_dir "$work/nats" >"$work/nats.log" 2>&1 &
    services+=($!)
    until_ready NATS "$work/nats.log" listens "$port"
    export NATS_URL="nats://127.0.0.1:$port"
    nats-server --version
}

# Sets MQTT_ADDRESS.
start_mosquitto() {
    have mosquitto mosquitto || return 0
    local port
    port=$(free_port)
    printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\n' "$port" >"$work/mosquitto.conf"
    mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
    services+=($!)
    until_ready mosquitto "$work/mosquitto.log" listens "$port"
    export MQTT_ADDRESS="127.0.0.1:$port"
    # Its help ends with an error.
    mosquitto -h | sed -n 1p || true
}
