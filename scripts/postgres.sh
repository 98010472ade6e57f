#!/usr/bin/env bash
# A private PostgreSQL cluster for tests, from Debian's package: `start` prints the variable that
# tells its place, `stop` ends and removes it.
set -euo pipefail
# Each checkout has its own, so that tests of two may run at once.
checkout=$(cd "$(dirname "$0")/.." && pwd | cksum | cut -d ' ' -f 1)
here="${TMPDIR:-/tmp}/sealwright-postgres-$(id -u)-$checkout"
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

case "${1:-}" in
start)
    if [ -f "$here/port" ] && as_postgres "$bin/pg_ctl" -D "$here/data" status >/dev/null 2>&1; then
        echo "export SEALWRIGHT_TEST_POSTGRES=postgres://postgres@127.0.0.1:$(cat "$here/port")"
        exit 0
    fi
    rm -rf "$here"
    mkdir -p "$here"
    if [ "$(id -u)" = 0 ]; then chown postgres "$here"; fi
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as_postgres "$bin/initdb" -D "$here/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
    as_postgres "$bin/pg_ctl" -D "$here/data" -l "$here/log" -w start \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$here -c max_connections=300" >/dev/null
    echo "$port" >"$here/port"
    echo "export SEALWRIGHT_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port"
    ;;
stop)
    as_postgres "$bin/pg_ctl" -D "$here/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$here"
    ;;
*)
    echo "usage: $0 start|stop" >&2
    exit 2
    ;;
esac
