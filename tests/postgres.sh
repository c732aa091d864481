#!/usr/bin/env bash
# A private PostgreSQL 15 for the tests.
#
#   tests/postgres.sh start DIR   starts one whose data lie in DIR, if it does not run already, and
#                                 prints FAELLED_TEST_POSTGRES=postgres://…  (its only output)
#   tests/postgres.sh stop DIR    ends it and removes its data; does nothing if there is none
#
# It runs as an ordinary user, listens on a free loopback port (and on a socket in DIR), and is not
# safe against power loss: fsync is off, since every test begins with a database of its own.
set -euo pipefail

readonly major=15
readonly role=faelled

say() { echo "postgres.sh: $*" >&2; }

usage() {
    echo "usage: tests/postgres.sh start|stop DIR" >&2
    exit 64
}

# Debian keeps the server's programs out of PATH, and what PATH has may be another version.
find_binaries() {
    local candidate
    for candidate in "/usr/lib/postgresql/$major/bin" \
        "$(command -v pg_config >/dev/null && pg_config --bindir || true)" \
        "$(dirname "$(command -v postgres || echo /nowhere/postgres)")"; do
        if [[ -x $candidate/initdb && -x $candidate/postgres && -x $candidate/pg_ctl ]] &&
            [[ $("$candidate/postgres" --version) =~ \)\ $major[.\ ] ||
                $("$candidate/postgres" --version) =~ \ $major\. ]]; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

install_server() {
    say "PostgreSQL $major is not installed; installing Debian's postgresql-$major"
    # The package would create a cluster of its own and start it; the tests need none.
    if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
        as_root mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" |
            as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    as_root apt-get update >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        -o Dpkg::Options::=--force-confold "postgresql-$major" >&2
}

# PostgreSQL refuses to run as root.
server_user() {
    if [[ $(id -u) -ne 0 ]]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        id faelled-test >/dev/null 2>&1 ||
            useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin faelled-test >&2
        echo faelled-test
    fi
}

as_server() {
    # From a folder that the server's user may enter, with an environment of its own.
    if [[ $(id -u) -eq 0 ]]; then
        (cd / && exec runuser -u "$user" -- env -u LC_ALL LANG=C.UTF-8 "$@")
    else
        (cd / && exec env -u LC_ALL LANG=C.UTF-8 "$@")
    fi
}

is_running() {
    [[ -s $data/postmaster.pid ]] && as_server "$bin/pg_ctl" status -D "$data" >/dev/null 2>&1
}

free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    say "found no free port"
    return 1
}

start() {
    bin=$(find_binaries) || {
        install_server
        bin=$(find_binaries) || { say "the package brought no server"; exit 1; }
    }
    user=$(server_user)
    if is_running && [[ -s $dir/url ]]; then
        cat "$dir/url"
        return
    fi

    rm -rf "$home" "$dir/url"
    mkdir -p "$home"
    chmod 755 "$dir"
    chmod 700 "$home"
    [[ $(id -u) -ne 0 ]] || chown "$user" "$home"
    as_server test -w "$home" || { say "$user cannot enter $home"; exit 1; }

    local password
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    # Text is compared as Danes do, so that what relies on the order of bytes has to say so.
    as_server sh -c 'umask 077 && printf %s "$2" > "$1/password" && exec "$3/initdb" \
        --pgdata "$1/data" --username "$4" --pwfile "$1/password" \
        --auth-local scram-sha-256 --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8 \
        --locale-provider icu --icu-locale da-DK --no-sync' \
        initdb "$home" "$password" "$bin" "$role" >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }

    # The path of a socket has room for 107 characters.
    local sockets=$home
    [[ ${#sockets} -le 85 ]] || sockets=
    as_server sh -c 'cat >> "$0/postgresql.conf"' "$data" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$sockets'
max_connections = 400
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
deadlock_timeout = 200ms
log_min_messages = warning
CONF

    local port
    for _ in 1 2 3 4 5; do
        port=$(free_port)
        # The server must not hold this script's output open: whoever reads it waits for its end.
        if as_server "$bin/pg_ctl" start --wait --timeout 60 -D "$data" -l "$home/server.log" \
            -o "-p $port" >/dev/null 2>&1 </dev/null; then
            printf 'FAELLED_TEST_POSTGRES=postgres://%s:%s@127.0.0.1:%s/postgres?sslmode=disable\n' \
                "$role" "$password" "$port" >"$dir/url"
            chmod 600 "$dir/url"
            cat "$dir/url"
            return
        fi
    done
    as_server cat "$home/server.log" >&2 || true
    say "the server did not start"
    exit 1
}

stop() {
    if [[ -d $home ]]; then
        if bin=$(find_binaries); then
            user=$(server_user)
            if is_running; then
                as_server "$bin/pg_ctl" stop --wait -m immediate -D "$data" >/dev/null 2>&1 || true
            fi
        fi
        rm -rf "$home"
    fi
    rm -f "$dir/url" "$dir/initdb.log"
}

[[ $# -eq 2 ]] || usage
if [[ $1 == start ]]; then
    mkdir -p "$2"
fi
dir=$(realpath -m "$2")
home=$dir/server
data=$home/data
case $1 in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
