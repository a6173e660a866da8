# rotgrad split: known answers, every refusal, nothing left behind.
. "${BASH_SOURCE[0]%/*}/cli.bash"

# e = (a, b), both functions of x alone on an 8 x 6 grid: a is a gradient, b is solenoidal, for every density of x alone.
row() { repeat 6 "$1"; }
rows() { for value; do row "$value"; done; }
npy e.npy "(2, 8, 6)" $(rows 0 3 0 -3 0 3 0 -3) $(rows 2 0 -2 0 2 0 -2 0)
npy p.npy "(8, 6)" $(rows 1 2 4 2 1 2 4 2)

# ---- known answers
expect 0 split --density p.npy --field e.npy
stderr_is ""
stdout_has "solenoidal    2.2222222e+00   35.714 %"
folder_is e.npy p.npy

expect 0 split -p p.npy -e e.npy --json
json_is_valid
stdout_has '"schema": "rotgrad.split/1"'
stdout_has '"resolved": true'
json_number "$texts/out" total 6.2222222222
json_number "$texts/out" solenoidal 2.2222222222
json_number "$texts/out" orthogonality 0
sed -n '/"energy"/,/}/p' "$texts/out" >"$texts/energy"
json_number "$texts/energy" gradient 4
json_number "$texts/energy" harmonic 0.4444444444 # the constant part, (E_p b)^2

expect 0 split --weight flat --field e.npy --json
sed -n '/"energy"/,/}/p' "$texts/out" >"$texts/energy"
json_number "$texts/energy" gradient 4.5
json_number "$texts/energy" solenoidal 2
stdout_has '"weight": "flat"'
stdout_has '"iterations": 0'

# A constant field under a constant density is harmonic.
npy constant.npy "(1, 5)" 3 3 3 3 3
npy one.npy "(5,)" 1 1 1 1 1
for weight in density flat; do
    expect 0 split -p one.npy -e constant.npy -w $weight --json
    json_number "$texts/out" total 9
    json_number "$texts/out" harmonic 9
done

# The box sets the unit of x: phi doubles with the length, the energies stay.
for box in -pi:2pi,-pi:2pi 0:4pi,1.5:4*pi; do
    expect 0 split -p p.npy -e e.npy --box $box -o "out-$box"
    od -An -tf8 -w8 -j128 "out-$box/potential.npy" | sort -g | tail -n 1 >"$texts/max-$box"
done
paste "$texts"/max-* | awk '{ exit !($1 / $2 > 1.999999 && $1 / $2 < 2.000001 || $2 / $1 > 1.999999 && $2 / $1 < 2.000001) }' ||
    fail "expected potentials in the proportion 1 : 2"
rm -r out-*

# ---- files
expect 0 split -p p.npy -e e.npy -o out
stdout_has "written       out"
[ "$(ls -A out | tr '\n' ' ')" = "gradient.npy potential.npy report.json solenoidal.npy " ] || fail "unexpected files in out"
grep -q "'shape': (2, 8, 6)" out/gradient.npy || fail "expected shape (2, 8, 6) in gradient.npy"
grep -q "'shape': (8, 6)" out/potential.npy || fail "expected shape (8, 6) in potential.npy"
grep -qF '"command": "rotgrad split -p p.npy -e e.npy -o out"' out/report.json || fail "expected the command in the report"
od -An -tf8 -v -w8 -j128 out/solenoidal.npy | awk '
    { i = NR - 1; wanted = i < 48 ? 0 : int((i - 48) / 6) % 4 == 0 ? 2 : int((i - 48) / 6) % 4 == 2 ? -2 : 0
      d = $1 - wanted; if (d > 1e-9 || d < -1e-9) bad = 1 } END { exit bad || NR != 96 }' || fail "wrong solenoidal.npy"

expect 1 split -p p.npy -e e.npy -o out
stderr_is "rotgrad split: out: the folder is not empty; name another one, or replace an earlier result with --force"
cp -r out before
expect 0 split -p p.npy -e e.npy -o out --force --harmonic
[ -e out/harmonic.npy ] || fail "expected harmonic.npy"
cmp -s out/gradient.npy before/gradient.npy || fail "expected the same bits twice"
rm -r out before

expect 0 split -p p.npy -e e.npy -o "a b'c" --json
json_is_valid
grep -qF "\"command\": \"rotgrad split -p p.npy -e e.npy -o 'a b'\\\\''c' --json\"" "a b'c/report.json" ||
    fail "expected a command that can be typed again"
rm -r "a b'c"
cp e.npy $'e\xff.npy'
expect 0 split -p p.npy -e $'e\xff.npy' --json
json_is_valid
stdout_has '"field": "e?.npy"'
rm $'e\xff.npy'

mkdir out
expect 0 split -p p.npy -e e.npy -o out/
[ -e out/report.json ] || fail "expected a report in the folder that was empty"
echo precious >out/notes.txt
expect 1 split -p p.npy -e e.npy -o out --force
stderr_is "rotgrad split: out: the folder holds more than results, and stays; move the rest away or name another one"
rm out/report.json
expect 1 split -p p.npy -e e.npy -o out --force
stderr_is "rotgrad split: out: the folder has no report.json, so it is no earlier result and stays; name another one"
[ "$(cat out/notes.txt)" = precious ] || fail "a file of the user's was lost"
rm -r out
expect 1 split -p p.npy -e e.npy -o . --force
stderr_is "rotgrad split: .: this is the current folder; name a new one below it"
expect 1 split -p p.npy -e e.npy -o e.npy --force
stderr_is "rotgrad split: e.npy: expected a folder or nothing, found a file"
expect 1 split -p p.npy -e e.npy -o missing/out
stderr_is "rotgrad split: missing/out: cannot make the folder: No such file or directory"
expect 1 split -p p.npy -e e.npy -o e.npy/out
stderr_is "rotgrad split: e.npy/out: cannot make the folder: Not a directory"
expect 1 split -p p.npy -e e.npy -o ""
stderr_is "rotgrad split: expected the name of a folder, found nothing"
folder_is constant.npy e.npy one.npy p.npy

# A disk that fills up half-way: files of at most 512 or 1024 bytes.
npy large.npy "(2, 16, 16)" $(repeat 512 1)
npy flat.npy "(16, 16)" $(repeat 256 1)
(
    trap '' XFSZ
    ulimit -f 1
    "$program" split -p flat.npy -e large.npy -o out >"$texts/out" 2>"$texts/err"
)
check 1 $? "split -o out, with ulimit -f 1"
stderr_has ": cannot write: File too large"
folder_is constant.npy e.npy flat.npy large.npy one.npy p.npy
rm flat.npy large.npy

if [ -w /dev/full ]; then
    "$program" split -p p.npy -e e.npy --json >/dev/full 2>"$texts/err"
    check 1 $? "split --json >/dev/full"
    stderr_is "rotgrad: standard output: cannot write: No space left on device"
fi

# ---- plans
expect 0 split -p p.npy -e e.npy --measure
expect 0 split -p p.npy -e e.npy --deterministic
expect 0 split -p p.npy -e e.npy --wisdom plans.txt
[ -s plans.txt ] || fail "expected wisdom in plans.txt"
expect 0 split -p p.npy -e e.npy --wisdom plans.txt
stderr_is ""
head -c 60 plans.txt >cut.txt
expect 1 split -p p.npy -e e.npy --wisdom cut.txt -o out
stderr_has "rotgrad split: cut.txt: expected wisdom of fftw-"
expect 1 split -p p.npy -e e.npy --wisdom missing/plans.txt -o out
stderr_has "rotgrad split: missing/plans.txt: "
expect 1 split -p p.npy -e e.npy --wisdom . -o out
stderr_has "rotgrad split: .: "
rm plans.txt cut.txt
folder_is constant.npy e.npy one.npy p.npy

# ---- usage
refuse() {
    local message=$1
    shift
    expect 2 split "$@"
    usage_error "rotgrad split" "$message"
}
refuse "expected --field E.npy" -p p.npy
refuse "expected --density P.npy, or --weight flat" -e e.npy
refuse '--weight: expected density or flat, got "p"' -w p
refuse '--box: expected lower:length with a length above 0 on axis 0, such as -pi:2pi, got "0"' --box 0
refuse '--box: expected lower:length with a length above 0 on axis 1, such as -pi:2pi, got "0:-1"' --box 0:1,0:-1
refuse '--box: expected lower:length with a length above 0 on axis 1, such as -pi:2pi, got ""' --box 0:1,
refuse '--box: expected lower:length with a length above 0 on axis 0, such as -pi:2pi, got "0:1e999"' --box 0:1e999
refuse '--box: expected at most 3 axes' --box 0:1,0:1,0:1,0:1
refuse '--background: expected a number >= 0 and < 1, got "1"' --background 1
refuse '--background: expected a number >= 0 and < 1, got "nan"' --background nan
refuse '--tolerance: expected a number >= 1e-15 and < 1, got "0"' --tolerance 0
refuse '--tolerance: expected a number >= 1e-15 and < 1, got "1e-8x"' --tolerance 1e-8x
refuse '--max-iterations: expected a whole number >= 1, got "2.5"' --max-iterations 2.5
refuse '--max-iterations: expected a whole number >= 1, got "1e10"' --max-iterations 1e10
refuse 'unexpected argument "e.npy"; files are named by --density and --field' e.npy
refuse '--deterministic: cannot go with --measure or --wisdom' -p p.npy -e e.npy --deterministic --measure
refuse "option requires an argument -- 'o'" -p p.npy -e e.npy -o

# ---- data
reject() {
    local message=$1
    shift
    expect 1 split "$@" -o out
    stdout_is ""
    stderr_is "rotgrad split: $message"
}
fields="expected shape (d, n0, ...) with d = 1, 2 or 3 axes of at least 4 points"
reject "missing.npy: cannot open: No such file or directory" -p p.npy -e missing.npy
reject "missing.npy: cannot open: No such file or directory" -p missing.npy -e e.npy
reject "one.npy: $fields, found (5,)" -p p.npy -e one.npy
npy small.npy "(2, 8, 3)" $(repeat 48 1)
reject "small.npy: $fields, found (2, 8, 3)" -p p.npy -e small.npy
npy deep.npy "(4, 1, 1, 1, 1)" 1 1 1 1
reject "deep.npy: $fields, found (4, 1, 1, 1, 1)" -p p.npy -e deep.npy
npy three.npy "(3, 8, 6)" $(repeat 144 1)
reject "three.npy: expected 2 components on axis 0, found 3" -p p.npy -e three.npy
npy two.npy "(2, 8)" $(repeat 16 1)
reject "two.npy: expected 1 component on axis 0, found 2" -p p.npy -e two.npy
npy turned.npy "(6, 8)" $(repeat 48 1)
reject "turned.npy: expected shape (8, 6), the grid of e.npy, found (6, 8)" -p turned.npy -e e.npy
reject "one.npy: expected shape (8, 6), the grid of e.npy, found (5,)" -p one.npy -e e.npy
reject "--box 0:1: expected LOWER:LENGTH for each of the 2 axes of e.npy, found 1" -p p.npy -e e.npy --box 0:1
npy negative.npy "(8, 6)" 1 $(repeat 12 2) -3 $(repeat 34 1)
reject "negative.npy: expected values >= 0, found -3 at index [2, 1]" -p negative.npy -e e.npy
npy zeros.npy "(8, 6)" $(repeat 48 0)
reject "zeros.npy: expected a positive and finite mass, found 0" -p zeros.npy -e e.npy --background 0.1
npy hole.npy "(8, 6)" $(rows 4 2 1 1 1 1 2) 4 4 0 4 4 4
reject "hole.npy: found 0 at index [7, 2], where there is no score; mix in --background 1e-6, say" -p hole.npy -e e.npy
npy_hex nan.npy "<f4" "(1, 4)" "0000803f 0000c07f 0000803f 0000807f"
reject "nan.npy: expected finite numbers, found NaN at index [0, 1] (2 of 4 are not finite); repair or leave them out" \
    -p one.npy -e nan.npy
printf 'no array' >text.npy
expect 1 split -p p.npy -e text.npy -o out
stderr_has "rotgrad split: text.npy: "
head -c 140 e.npy >cut.npy
expect 1 split -p p.npy -e cut.npy -o out
stderr_has "rotgrad split: cut.npy: "
expect 1 split -p p.npy -e . -o out
stderr_has "rotgrad split: .: "

expect 0 split -p hole.npy -e e.npy --background 1e-3
npy rough.npy "(8, 6)" $(rows 1 100 1 7 50 1 1 120)
npy mixed.npy "(2, 8, 6)" $(rows 1 2 -3 4 5 -6 7 -8) $(repeat 8 1 -2 3 -4 9 0)
expect 1 split -p rough.npy -e mixed.npy --max-iterations 1 --tolerance 1e-12 -o out
stdout_is ""
stderr_has "rotgrad split: stopped after "
stderr_has ", above the tolerance; nothing was written; give a --background, a finer grid,"
[ -e out ] && fail "expected no folder after a failure"
ls -A | grep -q part && fail "something was left behind"

finish
