#!/usr/bin/env bash
# The engine of a built server, judged by a second reading of docs/MATCHING.md.
#
#   tests/oracle.sh BINARY
#
# Runs the oracle's own tests, then starts BINARY on free ports with records of its own in a
# temporary folder and compares its answers with the oracle's: the Viborg demo, and the demo with a
# generated nation of 10,000 listings, each two weeks before a change of the hour; the nation also
# seven months after it was loaded, when many listings are over.
#
# FAELLED_PROVE=1 asks more, with a fresh seed; FAELLED_ORACLE_SEED=N repeats one.
set -euo pipefail

readonly listings=10000
readonly spring=2026-03-16T09:20:30Z autumn=2026-10-12T05:30:00Z

[[ $# -eq 1 && -x $1 ]] || { echo "usage: tests/oracle.sh BINARY" >&2; exit 64; }
binary=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
prove=${FAELLED_PROVE:-}
seed=${FAELLED_ORACLE_SEED:-1}
[[ -z $prove || -n ${FAELLED_ORACLE_SEED:-} ]] || seed=$((RANDOM * 32768 + RANDOM))
venv=$root/target/oracle-venv
server=
passed=0
failed=0
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

# What could not even be compared is one failure.
broken() {
    failed=$((failed + 1))
    echo "oracle.sh: $*" >&2
    [[ ! -s $home/log ]] || { echo "--- the server's last words" >&2; tail -n 20 "$home/log" >&2; }
}

install() {
    local wanted=$root/tests/oracle/requirements.txt
    if ! cmp --silent "$wanted" "$venv/installed"; then
        rm -rf "$venv"
        "${PYTHON:-python3}" -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
        cp "$wanted" "$venv/installed"
    fi
}

python() {
    env --chdir="$root/tests" PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m "$@"
}

own_tests() {
    local status=0 ran
    python unittest oracle.test_judge oracle.test_compare >"$home/tests" 2>&1 || status=$?
    ran=$(sed -n 's/^Ran \([0-9]*\) tests.*/\1/p' "$home/tests")
    if [[ $status -eq 0 && ${ran:-0} -gt 0 ]]; then
        passed=$((passed + ran))
        echo "the oracle's own tests: $ran passed"
    else
        cat "$home/tests"
        broken "the oracle's own tests fail"
    fi
}

# on RECORD CLOCK: makes `faelled` the binary with these.
on() {
    faelled=(env --ignore-environment --chdir="$home" PATH="$PATH" HOME="$home"
        FAELLED_SERVER__DEMO=true
        FAELLED_SERVER__LISTEN=127.0.0.1:0
        FAELLED_RECORD__URL="sqlite://$home/$1.sqlite?mode=rwc"
        FAELLED_METRICS__LISTEN=
        FAELLED_SECRET__FILE="$home/secret.key"
        FAELLED_CITIZENS__KEYS="$home/citizens.key"
        FAELLED_CLOCK__FIXED="$2"
        FAELLED_LOG__FILTER=warn
        "$binary")
}

# start RECORD CLOCK
start() {
    on "$1" "$2"
    "${faelled[@]}" serve >"$home/said" 2>"$home/log" </dev/null &
    server=$!
    for _ in $(seq 600); do
        kill -0 "$server" 2>/dev/null || break
        url=$(grep --only-matching --max-count=1 'http://127\.0\.0\.1:[0-9]*' "$home/said" || true)
        [[ -z $url ]] || return 0
        sleep 0.1
    done
    broken "the server did not start"
    stop
    return 1
}

stop() {
    [[ -z $server ]] || kill -TERM "$server" 2>/dev/null || true
    for _ in $(seq 150); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}

# compare NAME RECORD CLOCK QUERIES SUGGESTIONS PAGES ARGUMENT…
compare() {
    local name=$1 record=$2 clock=$3 last different poor
    start "$record" "$clock" || return 0
    python oracle.compare --url "$url/graphql" --now "$clock" --seed "$seed" \
        --queries "$4" --suggestions "$5" --max-pages "$6" "${@:7}" >"$home/compared" 2>&1 || true
    stop
    last=$(sed -n 's/^\([0-9]* comparisons.*\)/\1/p' "$home/compared")
    if [[ -z $last ]]; then
        tail -n 40 "$home/compared"
        broken "$name: could not be compared"
        return 0
    fi
    echo "$name: $last; $(tail -n 1 "$home/compared")"
    different=$(sed -n 's/.*, \([0-9]*\) differences.*/\1/p' <<<"$last")
    poor=$(sed -n 's/.*too poor in \([0-9]*\).*/\1/p' <<<"$last")
    passed=$((passed + ${last%% *} - different))
    failed=$((failed + different + ${poor:-0}))
    if [[ $different -gt 0 || -n $poor ]]; then
        grep --extended-regexp ' [1-9][0-9]* different$|^TOO POOR' "$home/compared" || true
        sed -n '/^the first differences/,/^[0-9]* comparisons/p' "$home/compared" | sed '$d'
    fi
}

install
own_tests

if [[ -n $prove ]]; then
    echo "seed $seed (FAELLED_ORACLE_SEED=$seed repeats it)"
    ask_demo=(660 478 20)
    ask_nation=(330 500 20)
else
    ask_demo=(220 478 20)
    ask_nation=(110 150 4)
fi
demo=(--moved "$root/seed/data/demo")
# That a declared no keeps a pair out occurs in the nation; so does what is over by autumn.
none=(--waive "pairs kept out by requirement")
gone=(--loaded "${spring%T*}" --need "not open" --waive "exceptions in the window")

compare "demo, spring" spring "$spring" "${ask_demo[@]}" "${demo[@]}" "${none[@]}"
compare "demo, autumn" autumn "$autumn" "${ask_demo[@]}" "${demo[@]}" "${none[@]}"

mkdir "$home/nation"
on nation "$spring"
generate=("${faelled[@]}" seed national --listings "$listings" --seed "$seed")
if "${generate[@]}" >"$home/seeded" 2>&1 &&
    "${generate[@]}" --csv "$home/nation" >>"$home/seeded" 2>&1; then
    # Serving the nation in demo mode loads the demo beside it.
    both=("${demo[@]}" --data "$home/nation")
    compare "nation, spring" nation "$spring" "${ask_nation[@]}" "${both[@]}"
    compare "nation, autumn" nation "$autumn" "${ask_nation[@]}" "${both[@]}" "${gone[@]}"
else
    tail -n 20 "$home/seeded"
    broken "the nation could not be generated"
fi

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
