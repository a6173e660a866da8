# rotgrad run: a small experiment from file to report, and every way in which it must stop.
. "${BASH_SOURCE[0]%/*}/cli.bash"

cat >x.yaml <<'YAML'
title: Small
grid: {shape: [24, 20]}
density: {mixture: {means: [[-0.5, 0.4]], sigma: 0.9}}
noise: {variance_min: 0, variance_max: 3}
error: [{modes: [{component: 0, wave: [1, 1], sin: 0.3}]}]
tolerance: 1e-5
YAML

# ---- the table
expect 0 run x.yaml
stderr_is ""
stdout_has "Small"
stdout_has "KL(p|q)"
stdout_has "holds"
cp "$texts/out" table
awk 'length > 100 { exit 1 }' table || fail "expected lines of at most 100 characters"
folder_is table x.yaml

expect 0 run --quiet x.yaml
stdout_is ""
stderr_is ""

expect 0 run x.yaml --threads 2 --json
json_is_valid
stdout_has '"schema": "rotgrad.report/1"'
stdout_has "rotgrad run x.yaml --threads 2 --json"
expect 0 run x.yaml --set threads=2 --set noise.churn=0 --check --json
json_is_valid

# ---- a field that jumps across the edge of the box: a warning before the run, once, and in the report
npy jump.npy "(1, 16)" 7 6 5 4 3 2 1 0 -1 -2 -3 -4 -5 -6 -7 -8
cat >jump.yaml <<'YAML'
grid: {shape: [16]}
density: {mixture: {means: [[0.2]], sigma: 0.8}}
noise: {variance_min: 0, variance_max: 0.1}
error: [{constant: [0.1]}, {file: jump.npy}]
tolerance: 1e-2
YAML
expect 0 run jump.yaml --json
stderr_is "rotgrad run: warning: score error 1 jumps across the edge of the box along axis 0, 15 times as far as between any neighbours: no periodic score does; expect small steps; enlarge the box or let the score fade there"
stdout_has '"resolution_alarm": true'
stdout_has 'score error 1 jumps across the edge'
rm jump.npy jump.yaml

# ---- files
expect 0 run x.yaml -o out
stderr_is ""
for file in report.html report.json levels.csv fields.npz; do
    [ -s out/$file ] || fail "expected out/$file"
done
grep -qF "rotgrad run x.yaml -o out" out/report.json || fail "expected the command in the report"
grep -qF "rotgrad run x.yaml -o out" out/report.html || fail "expected the command on the page"
expect 0 info out/fields.npz
expect 1 run x.yaml -o out
stdout_is ""
stderr_is "rotgrad run: out: the folder is not empty; name another one, or replace an earlier result with --force"
expect 0 run x.yaml -o out --force --set tolerance=1e-4
grep -qF -e "--force" out/report.json || fail "expected the new report"
rm -r out
folder_is table x.yaml

# ---- the folder is judged before the run, even before the experiment is read
expect 1 run missing.yaml -o missing/out
stderr_is "rotgrad run: missing/out: cannot make the folder: No such file or directory"
expect 1 run x.yaml -o table
stderr_is "rotgrad run: table: expected a folder or nothing, found a file"
expect 1 run x.yaml -o .
stderr_is "rotgrad run: .: this is the current folder; name a new one below it"
mkdir closed
chmod 555 closed
if [ ! -w closed ]; then
    expect 1 run x.yaml -o closed/out
    stderr_is "rotgrad run: closed/out: cannot make the folder: Permission denied"
fi
rmdir closed

# ---- a disk that fills up
(
    trap '' XFSZ
    ulimit -f 4
    "$program" run x.yaml -o out >"$texts/out" 2>"$texts/err"
)
check 1 $? "run -o out, with ulimit -f 4"
stderr_has "rotgrad run: "
folder_is table x.yaml
if [ -w /dev/full ]; then
    "$program" run x.yaml >/dev/full 2>"$texts/err"
    check 1 $? "run x.yaml >/dev/full"
    stderr_is "rotgrad: standard output: cannot write: No space left on device"
fi

# ---- interrupted
for signal in INT TERM; do
    number=$(kill -l $signal)
    "$program" run x.yaml -o out --set tolerance=1e-13 --set 'grid.shape=[96, 96]' >"$texts/out" 2>"$texts/err" &
    wait_until_caught $! $signal
    kill -s $signal $!
    wait $!
    check $((128 + number)) $? "run, with SIG$signal"
    stdout_is ""
    stderr_is "rotgrad run: interrupted; nothing was written"
done
folder_is table x.yaml

# ---- progress, on a terminal only; erased at the end
if command -v script >/dev/null; then
    script -qec "'$program' run x.yaml" /dev/null >"$texts/out" 2>"$texts/err" </dev/null
    check 0 $? "run x.yaml, on a terminal"
    grep -q $'\r\\[#*-*\\] *[0-9]* %' "$texts/out" || fail "expected a progress bar"
    tr '\r' '\n' <"$texts/out" | grep -n $'^\e\\[K' >/dev/null || fail "expected the bar to be erased"
    script -qec "'$program' run --quiet x.yaml" /dev/null >"$texts/out" 2>"$texts/err" </dev/null
    stdout_is ""
fi

# ---- bad experiments
expect 1 run missing.yaml
stderr_is "rotgrad run: missing.yaml: cannot open: No such file or directory"
expect 1 run x.yaml --set noise.chrun=0
stderr_is 'rotgrad run: --set noise.chrun=0: unknown key "chrun", did you mean "churn"?'
expect 1 run x.yaml --set tolerance=abc
stderr_has "rotgrad run: --set tolerance=abc: expected a number"
sed 's/tolerance/tolerence/' x.yaml >bad.yaml
expect 1 run bad.yaml
stdout_is ""
stderr_is 'rotgrad run: bad.yaml:6:1: unknown key "tolerence", did you mean "tolerance"?'

# ---- usage
refuse() {
    local message=$1
    shift
    expect 2 run "$@"
    usage_error "rotgrad run" "$message"
}
refuse "expected an experiment file"
refuse 'expected one experiment file, got "y.yaml" as well' x.yaml y.yaml
refuse '--set: expected KEY=VALUE, such as noise.churn=0, got "noise.churn"' x.yaml --set noise.churn
refuse '--threads: expected a whole number from 1 to 65536, got "0"' x.yaml --threads 0
refuse '--threads: expected a whole number from 1 to 65536, got "two"' x.yaml --threads two
finish
