# The key manifold: known numbers of a constant error, what is written, every refusal.
. "${BASH_SOURCE[0]%/*}/cli.bash"

cat >m.yaml <<'END'
grid: {shape: [64]}
density: {points: [[-1], [0.7]]}
noise: {sigma_min: 0.25, sigma_max: 1.25}
error: [{constant: [2]}]
manifold: {tube: [0.3, 0.9], levels: 5}
tolerance: 1e-4
END

# ---- known answers: 1/2 4 (1.25^2 - 0.25^2) = 3, and twice that
expect 0 run m.yaml -o out
stderr_is ""
[ "$(ls out | tr '\n' ' ')" = "fields.npz levels.csv manifold.csv report.html report.json " ] || fail "expected manifold.csv among: $(ls out)"
header=sigma,variance,readout,readout_error,error_length,error_length_error,path_kl,path_kl_error,log_novikov,log_novikov_error
header=$header,log_path_chi2,log_path_chi2_error,distance_p,distance_p_error,distance_q,distance_q_error,outside_p_0,outside_p_0_error
header=$header,outside_p_1,outside_p_1_error,outside_q_0,outside_q_0_error,outside_q_1,outside_q_1_error
[ "$(head -n 1 out/manifold.csv)" = "$header" ] || fail "expected another header: $(head -n 1 out/manifold.csv)"
[ "$(wc -l <out/manifold.csv)" = 6 ] || fail "expected five levels"
awk -F, 'NR == 6 { exit !($1 == 0.25 && $5 - 2 < 1e-9 && $7 - 3 < 1e-9 && 3 - $7 < 1e-9 && $9 - 3 < 1e-4 && 3 - $9 < 1e-4 &&
    $11 - 6 < 1e-3 && 6 - $11 < 1e-3 && $13 > 0.15 && $13 < 0.25 && $17 > $19 && $21 > $17) }' out/manifold.csv ||
    fail "expected path KL 3, Novikov 3, chi^2 6: $(tail -n 1 out/manifold.csv)"
for claim in path_kl path_chi2; do
    grep -A20 "\"name\": \"$claim\"" out/report.json | grep -m1 '"verdict"' | grep -q '"holds"' || fail "expected $claim to hold"
done
sed -n '/"manifold"/,/"levels"/p' out/report.json >"$texts/out"
stdout_has '"axes": 1'
stdout_has '"dimension": 0'
stdout_has '"outside_q": ['

# Without the key there is nothing; a density without a manifold has no distances.
expect 0 run m.yaml --set manifold=null -o plain
[ -e plain/manifold.csv ] && fail "expected no manifold.csv"
grep -q '"path_kl"' plain/report.json && fail "expected no claim about paths"
grep -q '"manifold": null' plain/report.json || fail "expected manifold: null"
expect 0 run m.yaml --set 'density={mixture: {means: [[0]], sigma: 0.5}}' --set manifold.tube=[] -o mix
grep -q '"dimension": null' mix/report.json || fail "expected dimension: null"
awk -F, 'NR == 6 { exit $13 != "nan" }' mix/manifold.csv || fail "expected no distance"

# ---- drawn
cat >r.yaml <<'END'
runs: [{name: r, directory: out}]
panels:
  - {heat: {values: q_levels}}
  - {curves: [{y: manifold.outside_q_0, error: true}, {y: readout}]}
END
expect 0 plot r.yaml -o r.png
sed -i 's/outside_q_0/outside_q_7/' r.yaml
expect 1 plot r.yaml -o r2.png
stderr_has 'the level table has no column "outside_q_7", did you mean "outside_q_0"?'
expect 0 plot out/fields.npz -o f.vti

# ---- refusals
refused() { # refused MESSAGE SETTING...
    local message=$1
    shift
    expect 1 run m.yaml "$@" -o no
    stderr_has "$message"
    [ ! -e no ] || fail "expected nothing to be written"
}
refused "expected noise.churn above 0: without noise no path has a density to another" --set noise.churn=0
refused "expected a density on a manifold: samples, points, or one of the shapes" --set 'density={mixture: {means: [[0]], sigma: 0.5}}'
refused "expected radii in ascending order, got 0.3 after 0.9" --set 'manifold.tube=[0.9, 0.3]'
refused "expected at most 8 radii, got 9" --set 'manifold.tube=[1, 2, 3, 4, 5, 6, 7, 8, 9]'
refused "expected a number above 0, because samples have no density before they are smoothed" --set noise.sigma_min=0
refused "circle: expected a grid with 2 axes, got 1" --set 'density={shape: circle}'
refused "expected only beside the curves circle, figure_eight and torus_knot" --set grid.shape=[8,8,8] --set 'density={shape: sphere, count: 4}'
refused "because this shape has no density before it is smoothed" --set grid.shape=[8,8] --set 'density={shape: circle}' \
    --set noise.sigma_min=0 --set error=[]
refused "constant: with this profile it is infinite at sigma = 0" --set 'density={mixture: {means: [[0]], sigma: 0.5}}' --set manifold=null \
    --set noise.sigma_min=0 --set 'error=[{constant: [1], profile: inverse_sigma}]'

finish
