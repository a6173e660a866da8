# What surrounds a run goes wrong: full disks, signals, damaged files. No output half-written, earlier ones intact.
. "${BASH_SOURCE[0]%/*}/cli.bash"

cat >x.yaml <<'YAML'
grid: {shape: [12, 10]}
density: {mixture: {means: [[-0.5, 0.4]], sigma: 0.9}}
noise: {variance_min: 0.1, variance_max: 2}
tolerance: 1e-3
budget: {samples: 20, class: fourier:1, steps: 4}
YAML
cat >s.yaml <<'YAML'
experiment: x.yaml
ensemble: {random: {members: 3, seed: 1, band: 1, gradient: [1e-3, 0.1], solenoidal: [1e-3, 0.1]}}
samples: 100
waves: 1
replicates: 100
YAML
npy p.npy "(8, 8)" $(repeat 32 1 2)
npy a.npy "(7, 7)" $(repeat 24 1 2) 1 # their potential and flux are short enough
npy b.npy "(7, 7)" $(repeat 24 2 1) 1
npy f.npy "(2, 8, 8)" $(repeat 64 2 1)
npy t.npy "(6, 4)" $(seq 1 24)

# ---- a limit on the size of files, as a full disk: the message names the file that was asked for
limited() { # FILE ARGUMENT...
    local file=$1
    shift
    (
        ulimit -f 1
        exec "$program" "$@" >"$texts/out" 2>"$texts/err" </dev/null
    )
    check 1 $? "$*, limited"
    [ "$(tail -n 1 "$texts/err")" = "rotgrad $1: $file: cannot write: File too large" ] || fail "expected a message about $file"
    folder_is $before
}
before=$(ls -A | tr '\n' ' ')
before=${before% }
limited out/report.json run x.yaml -q -o out
limited out/report.json budget x.yaml -q -o out/
limited out/path.csv sample x.yaml -q --particles 4 -o out
limited out/transport.png transport --from a.npy --to b.npy --scale -o out
limited out/pairs.png memorise --train t.npy --samples t.npy --image 2x2 -o out
limited out/gradient.npy split --density p.npy --field f.npy -o out
limited x.png plot p.npy -o x.png
limited x.pdf plot p.npy -o x.pdf
(
    ulimit -f 1
    exec "$program" run x.yaml --json >"$texts/big" 2>"$texts/err"
)
check 1 $? "run x.yaml --json, limited"
stderr_is "rotgrad: standard output: cannot write: File too large"
folder_is $before

# ---- a hangup keeps the run as Ctrl-C does, unless nohup
start() { # PARTICLES COMMAND...: in the background
    local particles=$1
    shift
    command="sample, under $1"
    "$@" "$program" sample x.yaml --particles $particles --steps 40000 -q -o long >"$texts/out" 2>"$texts/err" </dev/null &
    pid=$!
}
start 4000 env
wait_until_caught $pid HUP
kill -HUP $pid
wait $pid
check 129 $? "sample, hung up"
stderr_is "rotgrad sample: interrupted; long.checkpoint.npz keeps the run, the same command with --resume goes on"
[ -e long.checkpoint.npz ] || fail "expected a checkpoint"
rm -f long.checkpoint.npz
start 4000 nohup
wait_until_caught $pid TERM
has_signal $pid SigIgn 1 || fail "expected nohup to be respected"
kill -HUP $pid
kill -TERM $pid
wait $pid
check 143 $? "nohup sample, hung up and terminated"
rm -f long.checkpoint.npz

# ---- two different signals: the first is kept for the end of the step, which takes long here, the second ends the program
start 2000000 env
wait_until_caught $pid HUP
kill -INT $pid
for ((tenth = 0; tenth < 600; tenth++)); do
    has_signal $pid SigCgt 2 || break
    sleep 0.1
done
kill -TERM $pid
wait $pid 2>/dev/null
check 143 $? "sample, interrupted and terminated"
stderr_is ""
[ -e long.checkpoint.npz ] && fail "expected no checkpoint"

# ---- tables of a study: only a last line that is cut short is removed
expect 0 study s.yaml -q -o study
cp study/members.csv whole.csv
sed -i '2s/,/,"/' study/members.csv
cp study/members.csv damaged.csv
expect 1 study s.yaml -q -o study
stderr_is "rotgrad study: study/members.csv:2: expected a second quotation mark before the end of the file; repair the line"
cmp -s study/members.csv damaged.csv || fail "expected the damaged table to stay"
refuse_table() { # TEXT COMPLAINT: another file, without a whole line
    printf '%s' "$1" >study/members.csv
    expect 1 study s.yaml -q -o study
    stderr_has "study/members.csv:1: $2; the table is of another study"
    [ "$(cat study/members.csv)" = "$1" ] || fail "expected another file to stay: $1"
}
header=$(head -n 1 whole.csv)
refuse_table 'my notes' 'expected the column index, got "my notes"'
refuse_table ',my notes and more' 'expected the column index, got ""'
refuse_table 'index,label,some other program wrote this' 'expected the column value, got "some other program wrote this"'
refuse_table '"index",la' 'expected the column label, got "",la"'
refuse_table "$header," "expected $(tr , '\n' <<<"$header" | wc -l) columns, got more"
printf '%s' "$header" >study/members.csv # cut short as it was written, at its end
expect 0 study s.yaml -q -o study
[ "$(wc -l <study/members.csv)" = 4 ] || fail "expected the study anew"
printf 'index,la' >study/members.csv # and before
expect 0 study s.yaml -q -o study
[ "$(wc -l <study/members.csv)" = 4 ] || fail "expected the study anew"
rm -r study damaged.csv whole.csv

# ---- damaged results: no waiting for a pipe, no control characters on the terminal
mkdir run
mkfifo run/report.json
command="plot run"
timeout 10 "$program" plot run -o x.png >"$texts/out" 2>"$texts/err"
check 1 $? "plot run"
stderr_is "rotgrad plot: run/report.json: expected a regular file, found a pipe; name a file that is stored on disk"
rm run/report.json
printf '{"a": 1,\033[31m' >run/report.json
expect 1 plot run -o x.png
stderr_has "run/report.json:1:9: not JSON"
grep -q $'\033' "$texts/err" && fail "expected no control characters"
rm run/report.json
expect 1 plot run -o x.png
stderr_is "rotgrad plot: run: expected a directory written by rotgrad run, with report.json in it"
ln -s report.json run/report.json # to itself: there is one, and it cannot be opened
expect 1 plot run -o x.png
stderr_is "rotgrad plot: run/report.json: cannot open: Too many levels of symbolic links"
rm -r run

# ---- a place that turns out to be none, before the work
ln -s nowhere link
for name in link link/ link//; do
    expect 1 run x.yaml -q -o $name
    stderr_is "rotgrad run: $name: expected a folder or nothing, found a symbolic link to nothing"
done
rm link
folder_is $before

finish
