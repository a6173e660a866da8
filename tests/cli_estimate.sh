# rotgrad estimate: known answers, every refusal, nothing left behind.
. "${BASH_SOURCE[0]%/*}/cli.bash"

# Twelve points of a law with E x = E y = 0; e = (3, -2), a constant: the gradient of 3 x - 2 y.
npy x.npy "(12, 2)" $(repeat 3 1 2 -1 2 1 -2 -1 -2)
npy e.npy "(12, 2)" $(repeat 12 3 -2)
npy s.npy "(12, 2)" $(repeat 3 2 -4 4 -4 2 0 4 0)

energy() { sed -n '/"gradient_energy"/,/}/p' "$texts/out" >"$texts/energy"; }

# ---- known answers
expect 0 estimate --samples x.npy --score s.npy --error e.npy --features polynomial:1 --ridge 0
stderr_is ""
stdout_has "samples       x.npy (12, 2)"
stdout_has "form          oracle"
stdout_has "polynomial:1: 2 functions, effective dimension 2.0, ridge 0"
stdout_has "gradient       1.3000000e+01  95 % from 1.3000000e+01 to 1.3000000e+01"
stdout_has "total          1.3000000e+01  +- 0.0e+00; gradient 100.000 %"
folder_is e.npy s.npy x.npy

expect 0 estimate --samples x.npy --score s.npy --error e.npy --features polynomial:1 --ridge 0 --json
json_is_valid
stdout_has '"schema": "rotgrad.estimate/1"'
stdout_has '"form": "oracle"'
energy
json_number "$texts/energy" in_sample 13
json_number "$texts/energy" held_out 13
json_number "$texts/energy" average 13
json_number "$texts/energy" in_sample_bias 0
sed -n '/"total_energy"/,/}/p' "$texts/out" >"$texts/total"
json_number "$texts/total" value 13
json_number "$texts/out" effective_dimension 2
json_number "$texts/out" dimension 2
sed -n '/"ksd"/,/}/p' "$texts/out" >"$texts/ksd"
json_number "$texts/ksd" samples 12

# Stein: b = E s = (3, -2), and there is no Laplacian.
expect 0 estimate -x x.npy -s s.npy -F polynomial:1 --ridge 0 --json
energy
json_number "$texts/energy" in_sample 13
stdout_has '"form": "stein"'
stdout_has '"total_energy": null'
stdout_has '"error": null'

# Denoising: e is replaced by s + (x - x0) / sigma^2 with x0 = x - (1, 4), sigma = 2: (3.25, -1).
npy x0.npy "(12, 2)" $(repeat 3 0 -2 -2 -2 0 -6 -2 -6)
expect 0 estimate -x x.npy -s s.npy --clean x0.npy --sigma 2 -F polynomial:1 --ridge 0 --json
energy
json_number "$texts/energy" in_sample 11.5625
stdout_has '"form": "denoising"'
json_number "$texts/out" sigma 2

# One column, as (N,) or (N, 1); the box for all columns or for each.
npy column.npy "(12,)" $(repeat 2 1 -1 2 -2 3 -3)
npy column_s.npy "(12, 1)" $(repeat 2 -1 1 -2 2 -3 3)
expect 0 estimate -x column.npy -s column_s.npy -F polynomial:1
stdout_has "samples       column.npy (12, 1)"
for box in -pi:2pi -pi:2pi,-pi:2pi; do
    expect 0 estimate -x x.npy -s s.npy --box $box --features fourier:1 --json
    grep -v command "$texts/out" >"$texts/box-$box"
    stdout_has '"count": 8'
done
cmp -s "$texts"/box-* || fail "expected one pair of the box to serve both axes"
for features in rff:4 nystrom:3; do
    expect 0 estimate -x x.npy -s s.npy --features $features --json --seed 3
    cp "$texts/out" "$texts/first"
    expect 0 estimate -x x.npy -s s.npy --features $features --json --seed 3
    cmp -s "$texts/out" "$texts/first" || fail "expected the same text twice"
    expect 0 estimate -x x.npy -s s.npy --features $features --json --seed 4
    ! cmp -s "$texts/out" "$texts/first" || fail "expected another text for another seed"
done

# A time series that forgets nothing.
npy slow.npy "(60, 1)" $(repeat 20 1) $(repeat 20 5) $(repeat 20 9)
npy slow_s.npy "(60, 1)" $(repeat 20 4) $(repeat 20 0) $(repeat 20 -3)
expect 0 estimate -x slow.npy -s slow_s.npy -F polynomial:1
stderr_has "rotgrad estimate: warning: neighbouring samples are correlated ("
stderr_has "), so the interval is too narrow; give --block, a number of samples beyond which they are not"
expect 0 estimate -x slow.npy -s slow_s.npy -F polynomial:1 --block 6
stderr_is ""

# ---- files
rm slow.npy slow_s.npy column.npy column_s.npy
expect 0 estimate -x x.npy -s s.npy -F polynomial:1 -o out
stdout_has "written       out"
[ "$(ls -A out | tr '\n' ' ')" = "gradient.npy influence.npy report.json " ] || fail "unexpected files in out"
grep -q "'shape': (12, 2)" out/gradient.npy || fail "expected shape (12, 2) in gradient.npy"
grep -q "'shape': (12,)" out/influence.npy || fail "expected shape (12,) in influence.npy"
grep -qF '"command": "rotgrad estimate -x x.npy -s s.npy -F polynomial:1 -o out"' out/report.json ||
    fail "expected the command in the report"
expect 1 estimate -x x.npy -s s.npy -F polynomial:1 -o out
stderr_is "rotgrad estimate: out: the folder is not empty; name another one, or replace an earlier result with --force"
expect 0 estimate -x x.npy -s s.npy -F polynomial:1 -o out --force
rm -r out
if [ -w /dev/full ]; then
    "$program" estimate -x x.npy -s s.npy -F polynomial:1 --json >/dev/full 2>"$texts/err"
    check 1 $? "estimate --json >/dev/full"
    stderr_is "rotgrad: standard output: cannot write: No space left on device"
fi
folder_is e.npy s.npy x.npy x0.npy

# ---- usage
refuse() {
    local message=$1
    shift
    expect 2 estimate "$@"
    usage_error "rotgrad estimate" "$message"
}
refuse "expected --samples X.npy" -s s.npy
refuse "expected --score S.npy" -x x.npy
refuse "--error: cannot go with --clean" -x x.npy -s s.npy --error e.npy --clean x0.npy --sigma 1
refuse "--clean: expected --sigma as well" -x x.npy -s s.npy --clean x0.npy
refuse "--sigma: expected --clean X0.npy as well" -x x.npy -s s.npy --sigma 1
refuse '--sigma: expected a number > 0, got "0"' -x x.npy -s s.npy --clean x0.npy --sigma 0
refuse '--sigma: expected a number > 0, got "-1"' -x x.npy -s s.npy --clean x0.npy --sigma -1
refuse "--features fourier:2: expected --box as well; on R^D take rff:N" -x x.npy -s s.npy -F fourier:2
refuse "--box: expected lower:length with a length above 0, such as -pi:2pi, got \"0:-1\"" -x x.npy -s s.npy --box 0:1,0:-1,0:1,0:1
refuse "--features polynomial:2: not periodic; with --box take fourier:M or rff:N" -x x.npy -s s.npy -F polynomial:2 --box 0:1
refuse "--features nystrom:3: not periodic; with --box take fourier:M or rff:N" -x x.npy -s s.npy -F nystrom:3 --box 0:1
classes="expected fourier:M, rff:N, polynomial:1, polynomial:2 or nystrom:N, got"
refuse "--features: $classes \"furier\", did you mean \"fourier\"?" -F furier:8
refuse "--features: $classes \"wavelets\"" -F wavelets:8
refuse '--features: expected rff:N with a whole number N >= 1, got "rff"' -F rff
refuse '--features: expected rff:N with a whole number N >= 1, got "rff:0"' -F rff:0
refuse '--features: expected rff:N with a whole number N >= 1, got "rff:2.5"' -F rff:2.5
refuse '--ridge: expected a number >= 0, got "-1"' --ridge -1
refuse '--block: expected a whole number >= 1, got "0"' --block 0
refuse '--folds: expected a whole number from 2 to 100, got "1"' --folds 1
refuse '--replicates: expected a whole number from 100 to 1000000, got "99"' --replicates 99
refuse '--seed: expected a whole number >= 0, got "x"' --seed x
refuse 'unexpected argument "x.npy"; files are named by --samples and --score' x.npy

# ---- data
reject() {
    local message=$1
    shift
    expect 1 estimate "$@" -o out
    stdout_is ""
    stderr_is "rotgrad estimate: $message"
}
reject "missing.npy: cannot open: No such file or directory" -x missing.npy -s s.npy
npy deep.npy "(3, 2, 2)" $(repeat 12 1)
reject "deep.npy: expected shape (N, D), found (3, 2, 2)" -x deep.npy -s s.npy
npy narrow.npy "(12, 1)" $(repeat 12 1)
reject "narrow.npy: expected shape (12, 2), that of x.npy, found (12, 1)" -x x.npy -s narrow.npy
reject "narrow.npy: expected shape (12, 2), that of x.npy, found (12, 1)" -x x.npy -s s.npy --error narrow.npy
npy short.npy "(11, 2)" $(repeat 22 1)
reject "short.npy: expected shape (12, 2), that of x.npy, found (11, 2)" -x x.npy -s s.npy --clean short.npy --sigma 1
npy_hex nan.npy "<f4" "(2, 2)" "0000803f 0000803f 0000803f 0000c07f"
reject "nan.npy: expected finite numbers, found NaN at index [1, 1] (1 of 4 are not finite); repair or leave them out" \
    -x nan.npy -s s.npy
npy single.npy "(1, 2)" 1 2
reject "expected at least 10 samples, found 1" -x single.npy -s single.npy -F polynomial:1
npy same.npy "(12, 2)" $(repeat 12 7 8)
reject "all 12 samples are the same point" -x same.npy -s s.npy -F polynomial:1
npy flat.npy "(12, 2)" $(for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "$i 8"; done)
reject "component 1 of all 12 samples is 8: they have no density along it; leave it out" -x flat.npy -s s.npy -F polynomial:1
npy labels.npy "(100, 2)" $(for i in {1..100}; do echo "$((i * 37 % 101)) $((i % 2))"; done)
npy scores.npy "(100, 2)" $(repeat 200 1)
expect 0 estimate -x labels.npy -s scores.npy -F polynomial:2
stderr_is "rotgrad estimate: warning: component 1 of the samples has 2 values only: such samples have no density and no score, and the estimate means little; add the noise of a noise level first"
expect 1 estimate -x labels.npy -s scores.npy -F polynomial:3 # the warning stands before the work
[ "$(grep -c "values only" "$texts/err")" = 1 ] || fail "expected the warning"
stderr_has "expected polynomials of degree 1 or 2, got 3"
expect 0 estimate -x labels.npy -s scores.npy -F polynomial:2 --error scores.npy
stderr_is ""
reject "expected more samples than features, found 12 samples for 12 features" -x x.npy -s s.npy -F rff:12
reject "expected more samples than features, found 12 samples for 24 features" -x x.npy -s s.npy -F fourier:2 --box -pi:2pi
reject "expected an even number of random features (a cosine and a sine each), got 5" -x x.npy -s s.npy -F rff:5
reject "expected polynomials of degree 1 or 2, got 3" -x x.npy -s s.npy -F polynomial:3
reject "expected 1 to 10000 features; in 2 dimensions this class has more" -x x.npy -s s.npy -F fourier:60 --box 0:1
reject "expected at least 10 blocks, and as many as folds, found 6 blocks of 2 samples" -x x.npy -s s.npy -F polynomial:1 --block 2
reject "--box 0:1,0:1,0:1: expected one LOWER:LENGTH, or one for each of the 2 columns of x.npy, found 3" \
    -x x.npy -s s.npy -F fourier:1 --box 0:1,0:1,0:1
reject "the features are linearly dependent on these samples: let the ridge be chosen, or give a larger one" \
    -x x.npy -s s.npy -F nystrom:11 --ridge 0
long=0:1$(printf '0%.0s' {1..400}) # its beginning alone is a fine pair
expect 2 estimate -x x.npy -s s.npy --box "$long"
usage_error "rotgrad estimate" "--box: expected lower:length with a length above 0, such as -pi:2pi, got \"$long\""
ls -A | grep -q '^out\|part' && fail "something was left behind"

finish
