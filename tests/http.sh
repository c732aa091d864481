#!/usr/bin/env bash
# The transports and the pages of a built server, judged by other people's clients.
#
#   tests/http.sh BINARY
#
# Builds web/dist if it is missing or older than its sources, starts BINARY in demo mode on a free
# port with a record of its own in a temporary folder, runs the suites of web/ and tests/http
# against it, and ends it by SIGTERM: it has to leave in good order while clients are connected.
#
# A debug build of the server reads web/dist when it is asked; a release build carries the pages
# that were there when it was built.
set -euo pipefail

readonly grace=5 # Seconds; what the server is told, too.

fail() {
    echo "http.sh: $*" >&2
    [[ ! -s ${home:-}/log ]] || { echo "--- the server's last words" >&2; tail -n 40 "$home/log" >&2; }
    exit 1
}

[[ $# -eq 1 && -x $1 ]] || { echo "usage: tests/http.sh BINARY" >&2; exit 64; }
binary=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
server=
home=$(mktemp -d)

# Called by the trap.
# shellcheck disable=SC2329
clean_up() {
    [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
    rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# npm ci, unless what is installed is what the lock file asks for.
install() {
    (cd "$1" && [[ node_modules/.package-lock.json -nt package-lock.json ]] && npm ls >/dev/null 2>&1) ||
        (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
}

pages_are_stale() {
    [[ ! -e $root/web/dist/graphiql.html ]] || [[ -n $(find "$root/web" \
        \( -name node_modules -o -name dist \) -prune -o -type f -newer "$root/web/dist/graphiql.html" -print -quit) ]]
}

start() {
    env --ignore-environment PATH="$PATH" HOME="$home" \
        FAELLED_SERVER__DEMO=true \
        FAELLED_SERVER__LISTEN=127.0.0.1:0 \
        FAELLED_SERVER__REQUEST_TIMEOUT=3s \
        FAELLED_SERVER__GRACE="${grace}s" \
        FAELLED_RECORD__URL="sqlite://$home/record.sqlite?mode=rwc" \
        FAELLED_METRICS__LISTEN= \
        FAELLED_SECRET__FILE="$home/secret.key" \
        FAELLED_CITIZENS__KEYS="$home/citizens.key" \
        FAELLED_GRAPHQL__WS_INIT_TIMEOUT=1s \
        "$binary" serve >"$home/said" 2>"$home/log" </dev/null &
    server=$!
    for _ in $(seq 300); do
        kill -0 "$server" 2>/dev/null || fail "the server did not start"
        url=$(grep --only-matching --max-count=1 'http://127\.0\.0\.1:[0-9]*' "$home/said" || true)
        # The last token is on its line when the line ends.
        if [[ -n $url && $(grep --count '^ *faelled_[0-9a-f]*$' "$home/said") -ge 4 ]] &&
            curl --silent --fail --output /dev/null --max-time 2 "$url/readyz"; then
            return
        fi
        sleep 0.1
    done
    fail "the server was not ready within 30 s"
}

# The token that the server's greeting has under this line.
token_of() {
    local token
    token=$(grep --after-context=1 --line-regexp "  $1" "$home/said" | tail -n 1 | tr -d ' ')
    [[ $token == faelled_* ]] || fail "the greeting has no token of $1"
    echo "$token"
}

# SIGTERM, while one client is idle and another has sent half a request.
stop() {
    local address=${url#http://} began=$SECONDS status=0
    exec 8<>"/dev/tcp/${address%:*}/${address#*:}" 9<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n' >&8
    read -r -t 5 _ <&8 || fail "an idle client got no answer"
    printf 'POST /graphql HTTP/1.1\r\nhost: loc' >&9
    kill -TERM "$server"
    for _ in $(seq $(((grace + 5) * 10))); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    ! kill -0 "$server" 2>/dev/null || fail "the server still runs $((grace + 5)) s after SIGTERM"
    wait "$server" || status=$?
    server=
    exec 8>&- 9>&-
    [[ $status -eq 0 ]] || fail "the server ended with $status"
    ! grep --quiet 'panicked' "$home/log" || fail "the server panicked"
    echo "http.sh: ended in good order within $((SECONDS - began)) s of SIGTERM"
}

install "$root/web"
install "$root/tests/http"
! pages_are_stale || (cd "$root/web" && npm run build --silent)
start
export FAELLED_URL=$url FAELLED_WS_INIT_TIMEOUT_MS=1000 FAELLED_REQUEST_TIMEOUT_MS=3000
FAELLED_TOKEN_VOLUNTEER=$(token_of 'a volunteer')
FAELLED_TOKEN_COORDINATOR=$(token_of 'a coordinator of an association')
export FAELLED_TOKEN_VOLUNTEER FAELLED_TOKEN_COORDINATOR
failed=
(cd "$root/web" && npm test --silent) || failed+=" web"
(cd "$root/tests/http" && npm test --silent) || failed+=" tests/http"
kill -0 "$server" 2>/dev/null || fail "the server died under the suites"
stop
[[ -z $failed ]] || fail "failed:$failed"
