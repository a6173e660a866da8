# rotgrad budget: the ladder on the command line, its files, every refusal, nothing left behind.
. "${BASH_SOURCE[0]%/*}/cli.bash"

cat >x.yaml <<'END'
title: A small ladder
grid: {shape: [32], lower: [-1.3], length: [4.6]}
density: {mixture: {means: [[0.3], [1.9]], sigma: 0.35, weights: [0.7, 0.3]}}
noise: {sigma_min: 0.3, sigma_max: 1.3}
tolerance: 1e-3
budget: {samples: 40, class: fourier:3, steps: 8}
END

# ---- the table, JSON, files
expect 0 budget x.yaml
stderr_is ""
for text in "A small ladder" "early stopping" "class of scores" "finite sample" "denoising objective" "prior" \
    "finite steps" "sum, exact" "P' is the law of 40 samples" "0 violated"; do
    stdout_has "$text"
done
folder_is x.yaml

expect 0 budget x.yaml --json --set budget.steps=0 --set budget.prior=exact
json_is_valid
stdout_has '"schema": "rotgrad.budget/1"'
stdout_has '"samples": 40'
stdout_has '"functions": 7'
grep -q '"name": "steps"' "$texts/out" && fail "expected no rung of steps"
grep -q '"name": "prior"' "$texts/out" && fail "expected no rung of the prior"

expect 0 budget x.yaml -q -o out --set 'budget.sweep={modes: [1, 2, 3], sigma_min: [0.3, 0.5]}'
stdout_is ""
stderr_is ""
[ "$(ls out | tr '\n' ' ')" = "ladder.csv ladder.png laws.npz report.json sweep.csv sweeps.png " ] || fail "found: $(ls out)"
[ "$(wc -l <out/ladder.csv)" = 7 ] || fail "expected a header and 6 rungs in ladder.csv"
[ "$(wc -l <out/sweep.csv)" = 6 ] || fail "expected a header and 5 points in sweep.csv"
head -n 1 out/ladder.csv | grep -q '^rung,w1,w1_error,kl' || fail "expected the columns of ladder.csv"
expect 0 info out/laws.npz
stdout_has "objective"

# The same bytes from run to run, but for the time it took.
expect 0 budget x.yaml -q -o again --set 'budget.sweep={modes: [1, 2, 3], sigma_min: [0.3, 0.5]}'
for file in ladder.csv sweep.csv laws.npz ladder.png sweeps.png; do
    cmp -s out/$file again/$file || fail "expected the same bytes in $file"
done

# Points: no density, so KL is null, W1 is not.
npy points.npy "(6, 1)" 0 1 1 2 0 3
cat >points.yaml <<'END'
grid: {shape: [32], lower: [-1], length: [6]}
density: {samples: points.npy}
noise: {sigma_min: 0.4, sigma_max: 1.5}
tolerance: 1e-2
budget: {class: none, steps: 0}
END
expect 0 budget points.yaml --json
json_is_valid
stdout_has '"truth_has_density": false'
stdout_has '"kl": {'
stdout_has '"value": null'
expect 0 budget points.yaml
stdout_has "infinite"

# ---- refusals
expect 1 budget x.yaml -o out
stderr_has "out"
expect 1 budget nothere.yaml
stderr_has "nothere.yaml"
expect 1 budget x.yaml --set budget.class=spline:3
stderr_is 'rotgrad budget: --set budget.class=spline:3: expected fourier:M, rff:N or none, got "spline:3"'
expect 1 budget x.yaml --set budget.class=rff:18
stderr_is "rotgrad budget: --set budget.class=rff:18: expected rff:N with an even N (a cosine and a sine each) from 2 to 16 in 1 dimension, got 18"
expect 1 budget x.yaml --set budget.class=fourier:1500
stderr_is "rotgrad budget: --set budget.class=fourier:1500: expected fourier:M with an M from 1 to 1499 in 1 dimension ((2 M + 1)^d functions), got 1500"
expect 1 budget x.yaml --set budget.class=fourier:16
stderr_is "rotgrad budget: x.yaml: budget.class: the class has wave 16 on axis 0, which needs more than 32 grid points: take a smaller class or a finer grid"
for samples in -1 0 1.5 1e9; do
    expect 1 budget x.yaml --set budget.samples=$samples
    stderr_has "expected a whole number from 1 to 100000000, a file FILE.npy or none, got $samples"
done
for samples in nan true all folder.npy/points; do # names of files, of which any will do
    expect 1 budget x.yaml --set budget.samples=$samples
    stderr_is "rotgrad budget: --set budget.samples=$samples: $samples: cannot open: No such file or directory"
done
npy pts.npy "(4, 1)" 0 1 -2 3
for samples in pts X.NPY; do
    cp pts.npy $samples
    expect 0 budget x.yaml --set budget.samples=$samples -q
    rm $samples
done
rm pts.npy
npy_hex far.npy "<f8" "(2, 1)" "0000000000000000 9c7500883ce4377e" # 0 and 1e300
expect 1 budget x.yaml --set budget.samples=far.npy
stderr_is "rotgrad budget: --set budget.samples=far.npy: expected points within 1e+09 periods of the box, got 1e+300 on axis 0 of point 1: is the unit that of the box?"
rm far.npy
expect 1 budget x.yaml --set noise.sigma_min=0
stderr_has "x.yaml: noise: sigma_min: expected a number above 0"
expect 1 budget x.yaml --set budget.sweep.sigma_max='[0.1]'
stderr_has "budget.sweep.sigma_max: expected numbers above sigma_min (0.3), got 0.1"
expect 1 budget x.yaml --set budget.sweep.sigma_max='[1e200]'
stderr_has "budget.sweep.sigma_max: expected numbers whose squares are not 0 or infinite, got 1e+200"
expect 1 budget x.yaml --set budget.sweep.sigma_min='[1e-9]'
stderr_has "x.yaml: budget.sweep.sigma_min: the lowest noise level, sigma_min = 1e-09, is too small to smooth samples with"
expect 1 budget x.yaml --set budget.sweep.modes='[2, 16]'
stderr_has "x.yaml: budget.sweep.modes: the class has wave 16 on axis 0, which needs more than 32 grid points"
# More waves than the halved grid has, in the sweep alone.
expect 0 budget x.yaml --set budget.sweep.modes='[3, 9]' -q
expect 2 budget
usage_error "rotgrad budget" "expected an experiment file"
expect 2 budget x.yaml y.yaml
usage_error "rotgrad budget" 'expected one experiment file, got "y.yaml" as well'
expect 2 budget x.yaml --set budget
usage_error "rotgrad budget" '--set: expected KEY=VALUE, such as noise.churn=0, got "budget"'
rm -r out again
folder_is points.npy points.yaml x.yaml

finish
