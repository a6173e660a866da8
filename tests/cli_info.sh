# rotgrad info: what it says of arrays, archives and experiments, and of files that are none.
. "${BASH_SOURCE[0]%/*}/cli.bash"

npy p.npy "(4, 5)" 0 $(repeat 18 2) 4
expect 0 info p.npy
stderr_is ""
stdout_is "p.npy
  shape     (4, 5), type |i1, C order
  range     0 to 4, mean 2
  sum       40
  counts    20 values: 0 NaN, 0 infinite, 1 zero, 0 negative
  hint      looks like a density (n0, ...)
  hint      zeros: a density needs a background there"

expect 0 info --box 0:2,0:3 p.npy
stdout_has "  mass      12"
expect 0 info --box 0:2 p.npy
grep -q mass "$texts/out" && fail "expected no mass for a box with another number of axes"
expect 0 info --box 0:2,0:3 --json p.npy
json_is_valid
stdout_has '"schema": "rotgrad.info/1"'
json_number "$texts/out" mass 12
json_number "$texts/out" sum 40
json_number "$texts/out" zero 1

# hint FILE TEXT
hint() {
    expect 0 info "$1"
    stdout_has "  hint      $2"
}
npy samples.npy "(4, 2)" 1 2 -3 0 1 -1 2 -2
hint samples.npy "looks like samples (N, d)"
grep -q beyond "$texts/out" && fail "expected no remark on values inside [-pi, pi)"
npy degrees.npy "(4, 2)" 100 -90 30 0 1 120 2 -2
hint degrees.npy "values beyond [-2pi, 2pi]: degrees? angles are expected in radians"
npy turns.npy "(4, 2)" 4 2 3 0 1 5 2 6
hint turns.npy "values beyond [-pi, pi): they are wrapped into the box"
npy mask.npy "(6,)" 0 1 0 0 1 0
hint mask.npy "looks like a mask (N,)"
npy sigma.npy "(3,)" 2 5 9
hint sigma.npy "looks like noise levels (K,), ascending"
npy field.npy "(2, 4, 4)" $(repeat 16 1 -1)
hint field.npy "looks like a vector field (d, n0, ...)"
npy learned.npy "(3, 2, 4, 4)" $(repeat 48 1 -1)
hint learned.npy "looks like a learned score (K, d, n0, ...)"
npy empty.npy "(0, 3)"
hint empty.npy "there is no value in it"
stdout_has "range     nan to nan, mean nan"
npy scalar.npy "()" 7
expect 0 info scalar.npy
stdout_has "shape     (), type |i1"
npy_hex nan.npy ">f4" "(2, 2)" "3f800000 7fc00000 ff800000 c0000000"
hint nan.npy "NaN or infinite values: they are refused, repair or leave them out"
stdout_has "range     -2 to 1, mean -0.5"
stdout_has "counts    4 values: 1 NaN, 1 infinite, 0 zero, 2 negative"
expect 0 info --json nan.npy empty.npy
json_is_valid
stdout_has '"min": null'

# ---- experiments
cat >x.yaml <<'YAML'
title: Small
grid: {shape: [8, 10], length: [2pi, 3]}
density: {mixture: {means: [[0, 1]], sigma: 0.5}, background: 0.01}
noise: {variance_min: 0.25, variance_max: 4, churn: 0}
error: [{constant: [1, 0]}, {rotation: 0.5}]
YAML
expect 0 info x.yaml
sed -i 's/SHA-256 .*/SHA-256/; s/^  stepping.*//' "$texts/out"
stdout_is "x.yaml
  title     Small
  grid      (8, 10), box [-3.14159, 3.14159) [-3.14159, -0.141593)
  density   mixture of Gaussians (1), background 0.01
  noise     sigma 0.5 to 2 (variance 0.25 to 4), churn 0
  prior     exact
  error     constant
  error     rotation

  input     x.yaml, SHA-256"
expect 0 info --json x.yaml
json_is_valid
stdout_has '"churn": 0'
stdout_has "\"sha256\": \"$(sha256sum <x.yaml | cut -d' ' -f1)\""

# ---- files that are none, and going on after them
printf 'gird: {shape: [8]}\n' >bad.yaml
printf 'no array' >text.npy
expect 1 info missing.npy p.npy bad.yaml text.npy . sigma.npy
stdout_has "p.npy"
stdout_has "sigma.npy"
[ "$(wc -l <"$texts/err")" = 4 ] || fail "expected four messages"
stderr_has "rotgrad info: missing.npy: cannot open: No such file or directory"
stderr_has 'rotgrad info: bad.yaml:1:1: unknown key "gird", did you mean "grid"?'
stderr_has "rotgrad info: text.npy: "
stderr_has "rotgrad info: .: "
expect 1 info --json missing.npy p.npy
json_is_valid
stdout_has '"error": "missing.npy: cannot open: No such file or directory"'
stdout_has '"file": "p.npy"'
printf 'PK no archive' >bad.npz
expect 1 info bad.npz bad.npz:x
[ "$(wc -l <"$texts/err")" = 2 ] || fail "expected two messages"

# ---- the shipped files
expect 0 info "$source_dir"/grids/mixture_2d.yaml "$source_dir"/grids/alanine_sigma.npy
stdout_has "looks like noise levels (K,), ascending"

# ---- usage
expect 2 info
usage_error "rotgrad info" "expected a file"
expect 2 info --box 1 p.npy
usage_error "rotgrad info" '--box: expected lower:length with a length above 0 on axis 0, such as -pi:2pi, got "1"'

if [ -w /dev/full ]; then
    "$program" info p.npy >/dev/full 2>"$texts/err"
    check 1 $? "info p.npy >/dev/full"
    stderr_is "rotgrad: standard output: cannot write: No space left on device"
fi
finish
