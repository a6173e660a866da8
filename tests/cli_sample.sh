# rotgrad sample: the same bits again and after a stop, the files, every refusal.
. "${BASH_SOURCE[0]%/*}/cli.bash"

npy x.npy "(5, 3)" 1 2 3 4 5 6 7 8 9 1 2 3 -4 0 2
cat >x.yaml <<'END'
title: Five points
density: {samples: x.npy}
noise: {sigma_min: 0.01, sigma_max: 20}
error: [{constant: [0.1, 0, -0.1]}]
sample: {particles: 40, steps: 30}
END

# ---- results
expect 0 sample x.yaml
stdout_has "Five points"
stdout_has "particles             40 in 3 dimensions, R^d"
stdout_has "noise                 sigma from 20 to 0.01 in 30 steps, churn 1"
stderr_has "warning: 1 of the 5 samples repeat an earlier one"
folder_is x.npy x.yaml

expect 0 sample x.yaml --json -q -o out
json_is_valid
stdout_has '"schema": "rotgrad.sample/1"'
json_number "$texts/out" particles 40
json_number "$texts/out" dimension 3
json_number "$texts/out" repeated_samples 1
[ "$(ls out | tr '\n' ' ')" = "distance.npy nearest.npy path.csv path.npz report.json samples.npy " ] || fail "files: $(ls out)"
[ "$(wc -l <out/path.csv)" = 32 ] || fail "expected 32 lines in path.csv"
head -n 1 out/path.csv | grep -q '^step,sigma,score_square,error_square,path_energy,' || fail "columns of path.csv"

expect 1 sample x.yaml -o out
stderr_has "out: the folder is not empty"
expect 0 sample x.yaml -q -o again -t 2
for file in samples.npy path.csv path.npz nearest.npy distance.npy; do cmp -s out/$file again/$file || fail "$file differs"; done
expect 0 sample x.yaml -q -o other --seed 2
cmp -s out/samples.npy other/samples.npy && fail "another seed gave the same samples"
expect 0 sample x.yaml --particles 7 --steps 3 --set noise.churn=0 --json
json_number "$texts/out" particles 7
json_number "$texts/out" steps 3
stdout_has '"method": "heun"'
stdout_has '"novikov": null'

# ---- stopped, and gone on with
"$program" sample x.yaml -q -o long --particles 3000 --steps 3000 >"$texts/out" 2>"$texts/err" </dev/null &
pid=$!
wait_until_caught $pid INT
kill -INT $pid
wait $pid
check 130 $? "sample, interrupted"
stderr_has "interrupted; long.checkpoint.npz keeps the run, the same command with --resume goes on"
[ -e long ] && fail "an interrupted run wrote its folder"
expect 1 sample x.yaml -q -o long --particles 3000 --steps 3000
stderr_has "long.checkpoint.npz: a run that was stopped stands here: --resume goes on with it, --force begins again"
expect 1 sample x.yaml -q -o long --particles 3000 --steps 3000 --resume --seed 3
stderr_has "long.checkpoint.npz: a run of another experiment"
expect 0 sample x.yaml -q -o long --particles 3000 --steps 3000 --resume
[ -e long.checkpoint.npz ] && fail "the checkpoint was left behind"
expect 0 sample x.yaml -q -o whole --particles 3000 --steps 3000
for file in samples.npy path.csv distance.npy; do cmp -s long/$file whole/$file || fail "$file differs after a stop"; done
rm -rf long whole out again other

# ---- refusals
expect 2 sample
usage_error "rotgrad sample" "expected an experiment file"
expect 2 sample x.yaml --resume
usage_error "rotgrad sample" "--resume: expected -o DIR as well"
expect 2 sample x.yaml --particles 0
usage_error "rotgrad sample" '--particles: expected a whole number >= 1, got "0"'
expect 1 sample x.yaml --resume -o out
stderr_is "rotgrad sample: out.checkpoint.npz: there is no stopped run to go on with"
expect 1 sample x.yaml --set noise.sigma_min=0
stderr_has "--set noise.sigma_min=0: expected a number above 0, because samples have no density before they are smoothed, got 0"
expect 1 sample x.yaml --set error.0.constant=[1]
stderr_has "--set error.0.constant=[1]: expected 3 numbers, one for each axis, got a list of 1"
npy_hex nan.npy "<f4" "(1, 2)" "0000803f 0000c07f"
expect 1 sample x.yaml --set density.samples=nan.npy
stderr_has "nan.npy: expected finite numbers, found NaN at index [0, 1]"
# the box counts the noise that is worth computing; none of these may take long
torus='{grid: {shape: [12, 12]}, density: {mixture: {means: [[0, 1]], sigma: 0.5}}, noise: {sigma_min: 0.1, sigma_max: 3}, sample: {particles: 4, steps: 4}}'
echo "$torus" >torus.yaml
expect 0 sample torus.yaml --set noise.sigma_max=1e9
expect 1 sample torus.yaml --set density.mixture.sigma=1e9
stderr_has "--set density.mixture.sigma=1e9: expected deviations of at most 10 times the box (62.83185307), where the law is uniform"
expect 1 sample torus.yaml --set grid.length=[1e-300,1]
stderr_has "--set grid.length=[1e-300,1]: expected lengths from 1e-100 to 1e100, got 1e-300: choose another unit"
expect 1 sample torus.yaml --set sample.score=grid --set 'error=[{constant: [1e300, 1e100]}]'
stderr_has "left for infinity at sigma"
expect 1 sample missing.yaml
stderr_has "missing.yaml"
rm -f long.checkpoint.npz
folder_is nan.npy torus.yaml x.npy x.yaml

finish
