# rotgrad transport: known answers, every refusal, nothing left behind.
. "${BASH_SOURCE[0]%/*}/cli.bash"

# A mass of 2 moves along axis 1 from column 1 to column 6 of 8, on every one of 7 rows: 3 steps around the torus, 5 in space.
npy p.npy "(7, 8)" $(repeat 7 0 2 0 0 0 0 0 0)
npy q.npy "(7, 8)" $(repeat 7 0 0 0 0 0 0 2 0)
npy line_p.npy "(8,)" 0 2 0 0 0 0 0 0
npy line_q.npy "(8,)" 0 0 0 0 0 0 2 0

# ---- known answers
expect 0 transport --from line_p.npy --to line_q.npy --box 0:8 --scale --json
stderr_is ""
json_is_valid
stdout_has '"schema": "rotgrad.transport/1"'
stdout_has '"boundary": "periodic"'
json_number "$texts/out" lower 3
json_number "$texts/out" upper 3
sed -n '/"w1"/,/}/p' "$texts/out" >"$texts/w1"
json_number "$texts/w1" value 3

expect 0 transport --from line_p.npy --to line_q.npy --box 0:8 --scale --free --json --mmd energy --mmd gaussian:1
stdout_has '"boundary": "free"'
json_number "$texts/out" upper 5
json_number "$texts/out" energy_squared 10
json_number "$texts/out" gaussian_squared 1.9999925466936 # 2 - 2 exp(-25 / 2)

expect 0 transport -p p.npy -q q.npy --box 0:7,0:8 --scale --gap 1e-8 --json
awk '$1 == "\"upper\":" { exit !($2 + 0 > 2.9999999 && $2 + 0 < 3.0000001) }' "$texts/out" || fail "expected W1 = 3"
stdout_has '"converged": true'

expect 0 transport -p p.npy -q p.npy --scale
stdout_has "W1          0"
stdout_has "grid        (7, 8), periodic"
folder_is line_p.npy line_q.npy p.npy q.npy

# ---- files
expect 0 transport -p p.npy -q q.npy --scale -o out
stdout_has "written     out"
[ "$(ls -A out | tr '\n' ' ')" = "flux.npy potential.npy report.json transport.png " ] || fail "unexpected files in out"
grep -q "'shape': (2, 7, 8)" out/flux.npy || fail "expected shape (2, 7, 8) in flux.npy"
grep -q "'shape': (7, 8)" out/potential.npy || fail "expected shape (7, 8) in potential.npy"
grep -qF '"command": "rotgrad transport -p p.npy -q q.npy --scale -o out"' out/report.json || fail "expected the command"
expect 1 transport -p p.npy -q q.npy --scale -o out
stderr_has "out"
expect 0 transport -p p.npy -q q.npy --scale -o out --force
expect 0 transport -p line_p.npy -q line_q.npy --scale -o line
npy cube_p.npy "(7, 8, 7)" $(repeat 196 1 2)
npy cube_q.npy "(7, 8, 7)" $(repeat 98 1 1 2 2)
expect 0 transport -p cube_p.npy -q cube_q.npy -o cube
for made in line cube; do
    [ -s $made/transport.png ] || fail "expected a picture in $made"
done
rm -r out line cube cube_?.npy

# ---- refusals
expect 2 transport
usage_error "rotgrad transport" "expected --from P.npy and --to Q.npy"
expect 2 transport -p p.npy -q q.npy more
usage_error "rotgrad transport" 'unexpected argument "more"; files are named by --from and --to'
expect 2 transport -p p.npy -q q.npy --gap 1e-12
usage_error "rotgrad transport" '--gap: expected a number >= 1e-10 (double precision cannot certify less) and < 1, got "1e-12"'
expect 2 transport -p "" -q q.npy
usage_error "rotgrad transport" "expected --from P.npy and --to Q.npy"
for box in 0:1e-101,0:1 0:1,0:1e101; do
    expect 2 transport -p p.npy -q q.npy --box $box
    stderr_has "--box: expected lengths from 1e-100 to 1e100, got 1e"
done
expect 2 transport -p p.npy -q q.npy --box 0:1,2e9:1
usage_error "rotgrad transport" '--box: expected lower ends of at most 1e9 lengths, got 2e+09: shift the box'
expect 2 transport -p p.npy -q q.npy --mmd gaussian:1 --mmd gaussian:2
usage_error "rotgrad transport" '--mmd: expected one gaussian:WIDTH, got "gaussian:2" as well'
for text in foo gaussian:0 gaussian:x gaussian:; do
    expect 2 transport -p p.npy -q q.npy --mmd gaussian:1 --mmd $text
    usage_error "rotgrad transport" "--mmd: expected energy, or gaussian:WIDTH with a width above 0, got \"$text\""
done
expect 2 transport -p p.npy -q q.npy --mmd gaussian:0
usage_error "rotgrad transport" '--mmd: expected energy, or gaussian:WIDTH with a width above 0, got "gaussian:0"'
expect 1 transport -p missing.npy -q q.npy
stderr_has "rotgrad transport: missing.npy: "
expect 1 transport -p p.npy -q line_q.npy
stderr_is "rotgrad transport: line_q.npy: expected shape (7, 8), the grid of p.npy, found (8,)"
expect 1 transport -p p.npy -q q.npy --box 0:1
stderr_is "rotgrad transport: --box 0:1: expected LOWER:LENGTH for each of the 2 axes of p.npy, found 1"
npy small.npy "(6, 8)" $(repeat 6 1 1 1 1 1 1 1 1)
expect 1 transport -p small.npy -q small.npy
stderr_is "rotgrad transport: small.npy: expected shape (n0, ...) with 1, 2 or 3 axes of at least 7 points, found (6, 8)"
npy negative.npy "(7, 8)" 1 -3 $(repeat 54 1)
expect 1 transport -p negative.npy -q q.npy
stderr_is "rotgrad transport: negative.npy: expected values >= 0, found -3 at index [0, 1]"
npy zero.npy "(7, 8)" $(repeat 56 0)
expect 1 transport -p zero.npy -q q.npy
stderr_is "rotgrad transport: zero.npy: expected a positive and finite mass, found 0"
npy heavy.npy "(7, 8)" $(repeat 56 1)
expect 1 transport -p heavy.npy -q q.npy --box 0:7,0:8
stderr_is "rotgrad transport: q.npy: expected the mass of heavy.npy, 56, found 14; --scale makes both 1"
npy_hex faint.npy "<f8" "(7, 8)" "$(repeat 56 2be6708b68120000)" # 1e-310
expect 1 transport -p q.npy -q faint.npy --box 0:7,0:8 --scale
stderr_is "rotgrad transport: faint.npy: expected a mass from 2e-308 to 1e308, found 5.6e-309: scale the density or the box"
folder_is faint.npy heavy.npy line_p.npy line_q.npy negative.npy p.npy q.npy small.npy zero.npy

finish
