# rotgrad memorise: known answers, files, every refusal.
. "${BASH_SOURCE[0]%/*}/cli.bash"

# One dimension, training points 0, 10, 30; held out 2 (ratio 1/4), 25 (1/3), 4.5 would be (9/11): by tens, 45.
npy train.npy "(3,)" 0 100 60
npy held.npy "(3,)" 20 85 27
npy y.npy "(4,)" 1 99 61 30

# Ratios of the held out: 20 -> 20/40, 85 -> 15/25, 27 -> 27/33. alpha 0.5: k = 2, threshold 0.6. Samples: 1/59, 1/39, 1/39, 1.
expect 0 memorise --train train.npy --held-out held.npy --samples y.npy --alpha 0.5 --json
stderr_is ""
json_is_valid
stdout_has '"schema": "rotgrad.memorise/1"'
stdout_has '"null": "held out"'
json_number "$texts/out" threshold 0.6
sed -n '/"copies": {/,$p' "$texts/out" >"$texts/copies"
json_number "$texts/copies" count 3
json_number "$texts/copies" share 0.75
json_number "$texts/copies" training_points_copied 3
json_number "$texts/copies" equal_to_a_training_point 0

# rows to leave out are the held-out data
npy all.npy "(6,)" 20 0 85 100 60 27
npy mask.npy "(6,)" 1 0 1 0 0 1
expect 0 memorise --train all.npy --exclude mask.npy --samples y.npy --alpha 0.5
stdout_has "training data all.npy (3, 1)"
stdout_has "copies        3 of 4, 75.0 %"
stdout_has "a copy has a ratio below 0.6000; 0 samples equal a training point"

# images of 1 x 2 pixels
npy images.npy "(4, 1, 2)" 0 0 9 9 0 9 9 0
npy made.npy "(2, 1, 2)" 1 0 9 8
expect 0 memorise --train images.npy --samples made.npy --image 1x2 -o out
stderr_has "warning: the training points are too few to tell copies at alpha 0.05; at least 19 are needed"
stdout_has "copies        not to be told from so few points; 0 samples equal a training point"
[ "$(ls out | tr '\n' ' ')" = "neighbours.npy pairs.npz pairs.png report.json " ] || fail "files: $(ls out)"
expect 1 memorise --train images.npy --samples made.npy -o out
stderr_has "out: the folder is not empty"
expect 0 memorise --train images.npy --samples made.npy -o out --force
[ "$(ls out | tr '\n' ' ')" = "neighbours.npy report.json " ] || fail "files: $(ls out)"
rm -rf out

# samples of an experiment
cat >e.yaml <<'END'
density: {samples: images2.npy}
noise: {sigma_min: 0.01, sigma_max: 30}
END
npy images2.npy "(4, 2)" 0 0 9 9 0 9 9 0
expect 0 memorise --train images.npy --experiment e.yaml --particles 12 --seed 3 --json
json_is_valid
sed -n '/"samples": {/,$p' "$texts/out" >"$texts/samples"
json_number "$texts/samples" count 12

# ---- refusals
reject() {
    local message=$1
    shift
    expect 1 memorise "$@"
    stderr_is "rotgrad memorise: $message"
    stdout_is ""
}
expect 2 memorise
usage_error "rotgrad memorise" "expected --train X.npy"
expect 2 memorise --train train.npy
usage_error "rotgrad memorise" "expected --samples Y.npy or --experiment E.yaml"
expect 2 memorise --train train.npy --samples y.npy --experiment e.yaml
usage_error "rotgrad memorise" "expected --samples Y.npy or --experiment E.yaml, got both"
expect 2 memorise --train train.npy --samples y.npy --particles 3
usage_error "rotgrad memorise" "--set, --particles and --seed: expected --experiment as well"
expect 2 memorise --train train.npy --samples y.npy --image 3
usage_error "rotgrad memorise" '--image: expected HEIGHTxWIDTH, such as 28x28, got "3"'
expect 2 memorise --train train.npy --samples y.npy --alpha 1
usage_error "rotgrad memorise" '--alpha: expected a number between 0 and 1, got "1"'
reject "made.npy: expected rows of 1 numbers, as in train.npy, found 2" --train train.npy --samples made.npy
reject "--image 3x3: expected 9 numbers a row of images.npy, found 2" --train images.npy --samples made.npy --image 3x3 -o out
npy short.npy "(5,)" 0 0 0 0 0
reject "short.npy: expected shape (6,), one entry for each row of all.npy, found 5 numbers" --train all.npy --exclude short.npy \
    --samples y.npy
npy one.npy "(1,)" 3
reject "one.npy: expected at least two training points, got 1" --train one.npy --samples y.npy
npy most.npy "(6,)" 1 1 1 1 1 0
reject "all.npy without its excluded rows: expected at least two training points, got 1" --train all.npy --exclude most.npy \
    --samples y.npy
npy same.npy "(4,)" 3 3 3 3
reject "same.npy: the training points stand at one place, or two: there is no second nearest" --train same.npy --samples y.npy
npy_hex nan.npy "<f4" "(1, 2)" "0000803f 0000c07f"
reject "nan.npy: expected finite numbers, found NaN at index [0, 1] (1 of 2 are not finite); repair or leave them out" \
    --train nan.npy --samples y.npy
npy_hex large.npy "<f8" "(3,)" "000000000000f03f 0000000000000040 5a62d7d718e77469" # 1, 2, 1e200
reject "large.npy: row 2 is too large for its square: rescale all points" --train large.npy --samples y.npy
reject "large.npy: row 2 is too large for its square: rescale all points" --train train.npy --samples large.npy
reject "large.npy: row 2 is too large for its square: rescale all points" --train train.npy --samples y.npy --held-out large.npy
npy_hex small.npy "<f8" "(3,)" "acf74e15927e6816 acf74e15927e7816 97b5a29a369e8e16" # 1e-200, 2e-200, 5e-200
reject "small.npy: the training points are too small for their squares: rescale all points" --train small.npy --samples y.npy
ls -A | grep -q '^out\|part' && fail "something was left behind"

finish
