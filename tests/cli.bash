# What the tests of the command line share. Sourced by cli_*.sh with the program and the source tree as $1 and $2; leaves
# the test in a folder of its own, which is removed at the end.
#
#     expect 1 split -e missing.npy       runs "rotgrad split ...", checks the exit code
#     stderr_is "rotgrad split: ..."      checks the whole text
#     stdout_has "energy"                 checks that a line contains the text
set -u
program=$1
source_dir=$2
failures=0
: "${LSAN_OPTIONS:=suppressions=$source_dir/tests/leaks.txt:print_suppressions=0}"
: "${OMP_NUM_THREADS:=1}"
export LSAN_OPTIONS OMP_NUM_THREADS LC_ALL=C

texts=$(mktemp -d) || exit 1
folder=$(mktemp -d) || exit 1
trap 'cd /; rm -rf "$texts" "$folder"' EXIT
cd "$folder" || exit 1

fail() {
    failures=$((failures + 1))
    echo "${BASH_SOURCE[-1]##*/}: $*"
    echo "--- command: rotgrad $command"
    sed 's/^/--- stdout: /' "$texts/out" | head -n 40
    sed 's/^/--- stderr: /' "$texts/err" | head -n 40
}

# expect CODE ARGUMENT...
expect() {
    local code=$1
    shift
    command="$*"
    "$program" "$@" >"$texts/out" 2>"$texts/err" </dev/null
    local found=$?
    [ "$found" = "$code" ] || fail "expected exit code $code, found $found"
}

# For commands with redirections of their own: check CODE FOUND, after filling $texts/out and $texts/err.
check() {
    command=$3
    [ "$2" = "$1" ] || fail "expected exit code $1, found $2"
}

text_is() {
    [ "$(cat "$texts/$1")" = "$2" ] || fail "expected $1 to be: $2"
}
stdout_is() { text_is out "$1"; }
stderr_is() { text_is err "$1"; }
stdout_has() { grep -qF -e "$1" "$texts/out" || fail "expected in stdout: $1"; }
stderr_has() { grep -qF -e "$1" "$texts/err" || fail "expected in stderr: $1"; }

# usage_error VERB MESSAGE: what argp adds is the same everywhere, but for the end of its line.
usage_error() {
    stdout_is ""
    local found wanted
    wanted="$1: $2 Try \`$1 --help' or \`$1 --usage' for more information. "
    found=$(tr '\n' ' ' <"$texts/err")
    [ "$found" = "${wanted% }" ] || [ "$found" = "$wanted" ] || fail "expected stderr to be: $wanted"
}

# has_signal PID SET NUMBER: whether the signal is in the process's set, SigCgt (caught) or SigIgn (ignored).
has_signal() {
    local set
    set=$(awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status" 2>/dev/null)
    [ -n "$set" ] && [ $(((16#$set >> ($3 - 1)) & 1)) -eq 1 ]
}

# wait_until_caught PID NAME: a busy machine may take its time to start a program in the background, and a signal before
# it has its handler does something else. Handlers come in the order INT, TERM, HUP; this shell's own, which a child keeps
# until it becomes the program, do not count.
wait_until_caught() {
    local number tenth
    number=$(kill -l "$2")
    for ((tenth = 0; tenth < 600; tenth++)); do
        [ ! "/proc/$1/exe" -ef "/proc/$$/exe" ] && has_signal "$1" SigCgt "$number" && return
        sleep 0.1
    done
    fail "expected a handler of SIG$2 within a minute"
}

# Names in the folder of the test, hidden ones too.
folder_is() {
    local found
    found=$(ls -A | tr '\n' ' ')
    [ "${found% }" = "$*" ] || fail "expected the folder to hold: $*, found: $found"
}

json_is_valid() {
    command -v jq >/dev/null || return 0
    jq -e . "$texts/out" >/dev/null 2>&1 || fail "expected valid JSON"
}

# json_number FILE KEY VALUE: the first number of that key, to 1e-9.
json_number() {
    awk -v key="\"$2\":" -v wanted="$3" '
        $1 == key { value = $2 + 0; found = 1; exit }
        END { d = value - wanted; exit !(found && d < 1e-9 && d > -1e-9) }' "$1" ||
        fail "expected $2 to be $3 in $1"
}

# npy FILE SHAPE VALUE...: small whole numbers, stored as signed bytes.
npy() {
    local file=$1 shape=$2 bytes="" value
    shift 2
    for value; do
        printf -v value '\\%03o' $((value & 255))
        bytes+=$value
    done
    npy_header "|i1" "$shape" >"$file"
    printf "$bytes" >>"$file"
}

# npy_hex FILE TYPE SHAPE HEX: the bytes as they stand.
npy_hex() {
    npy_header "$2" "$3" >"$1"
    printf "$(printf '%s' "$4" | tr -d ' ' | sed 's/../\\x&/g')" >>"$1"
}

npy_header() {
    printf '\x93NUMPY\x01\x00\x76\x00'
    printf '%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
}

# repeat COUNT WORD...: for the values of arrays.
repeat() {
    local count=$1 i
    shift
    for ((i = 0; i < count; i++)); do printf '%s ' "$@"; done
}

finish() {
    [ "$failures" = 0 ] && exit 0
    echo "$failures failures"
    exit 1
}
