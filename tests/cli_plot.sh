# rotgrad plot: arrays, directories and recipes become pictures; what cannot be drawn leaves no file behind.
. "${BASH_SOURCE[0]%/*}/cli.bash"

cat >x.yaml <<'YAML'
title: Small
grid: {shape: [16, 12]}
density: {mixture: {means: [[-0.5, 0.4]], sigma: 0.9}}
noise: {variance_min: 0.1, variance_max: 3}
error: [{modes: [{component: 0, wave: [1, 1], sin: 0.3}]}]
tolerance: 1e-4
YAML
cat >r.yaml <<'YAML'
title: "{title}"
runs: [{name: one, experiment: x.yaml}, {name: many, experiment: x.yaml, sweep: {key: noise.churn, values: [0.5, 1]}}]
panels:
  - {heat: {values: norm(error)}}
  - {run: many.1, heat: {values: log_ratio(q_full), map: diverging}}
YAML
npy plane.npy "(3, 4)" 1 2 3 4 5 6 7 8 9 10 11 -12
npy line.npy "(5,)" 1 2 3 4 5
npy vector.npy "(2, 4, 4)" $(repeat 8 1 2 3 4)
npy solid.npy "(4, 5, 6)" $(repeat 30 1 2 3 4)
npy four.npy "(2, 3, 4, 5)" $(repeat 30 1 2 3 4)
npy empty.npy "(0, 4)"
npy one.npy "(1, 1)" 3
npy_hex nan.npy "<f4" "(2, 2)" "0000c07f 0000c07f 0000c07f 0000c07f"
start=$(ls -A | tr '\n' ' ')

is_png() { [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "expected $1 to be a PNG"; }
nothing_new() { folder_is ${start% }; }

# ---- arrays
expect 0 plot plane.npy -o a.png
stdout_is ""
stderr_is ""
is_png a.png
expect 1 plot plane.npy -o a.png
stderr_is "rotgrad plot: a.png: the file exists; name another one, or replace it with --force"
cp a.png b.png
expect 0 plot plane.npy -o a.png --force
cmp -s a.png b.png || fail "expected the same bytes"
rm a.png b.png
expect 0 plot plane.npy -o a.pdf --map sequential --range 0:5 --scale linear --unit '"m"' --title 'a {{x'
expect 1 plot plane.npy -o b.pdf --unit '<b>'
stderr_has 'expected a text in Pango markup, got "<b>"'
expect 0 plot plane.npy -o a.svg --box 0:1,-pi:2pi --labels 'a,b<sub>1</sub>' --degrees --dpi 72 --size 90 --json
json_is_valid
stdout_has '"schema": "rotgrad.plot/1"'
stdout_has '"map": "diverging"'
stdout_has '"lower": -12.0'
stdout_has '"label": "b<sub>1</sub>"'
stdout_has '"a.svg"'
rm a.pdf a.svg
for array in line.npy vector.npy solid.npy; do
    expect 0 plot $array -o a.png --json
    json_is_valid
    stdout_has '"title"'
    is_png a.png
    rm a.png
done
expect 0 plot vector.npy -o a.png --as arrows --json
stdout_has '"arrows"'
expect 0 plot solid.npy -o a.png -f --slice 2:5 --json
stdout_has '"title": "x<sub>2</sub> = 2.09"'
expect 0 plot plane.npy plane.npy -o a.png -f --json
stdout_has '"title": "plane.npy"'
rm a.png
nothing_new

# ---- a run and the figures that come along
expect 0 plot --list
stdout_has "marginals"
stdout_has "parts"
expect 0 run -q x.yaml -o out
for figure in marginals errors parts bounds flat harm; do
    expect 0 plot out --figure $figure -o a.png
    stderr_is ""
    is_png a.png
    rm a.png
done
expect 0 plot out -o a.png
cmp -s a.png out/figures/marginals.png || fail "expected the figure of the run"
mv out marginals # the name of a figure, too
expect 0 plot marginals -o a.png --force
mv marginals out
rm a.png
expect 0 plot out/fields.npz:p_end -o a.png --scale log
rm a.png
expect 0 plot out --figure parts --data a.csv --gnuplot a.gp
head -n 1 a.csv | grep -q '^panel,title,layer,' || fail "expected a table"
grep -q plot a.gp || fail "expected a script"
expect 1 plot out --figure parts --data a.csv -o a.png
stderr_is "rotgrad plot: a.csv: the file exists; name another one, or replace it with --force"
expect 1 plot out --figure parts --data a.txt
stderr_is "rotgrad plot: a.txt: expected a file name that ends in .csv or .npz"
expect 0 plot out -o a.vti
grep -q VTKFile a.vti || fail "expected a VTK file"
expect 0 plot out/fields.npz -o a.vti --force
expect 1 plot r.yaml -o b.vti
stderr_is "rotgrad plot: r.yaml: a .vti is made of one directory of a run, or of its fields.npz"
rm a.csv a.gp a.vti
expect 1 plot out --figure marginal -o a.png
stderr_is 'rotgrad plot: unknown figure "marginal", did you mean "marginals"?; see --list'
expect 1 plot out out -o a.png
stderr_is "rotgrad plot: marginals draws from 1 run, found 2 directories"
expect 1 plot nowhere -o a.png
stderr_is "rotgrad plot: nowhere: expected a directory written by rotgrad run, with report.json in it"
expect 0 run -q x.yaml -o flat --set 'grid.shape=[16]' --set 'density={mixture: {means: [[0]], sigma: 1}}' \
    --set 'error=[{modes: [{component: 0, wave: [1], sin: 0.3}]}]'
expect 1 plot flat -o a.png
stderr_has "p_end has one axis; a heat map needs two or three"
expect 0 plot flat --figure bounds -o a.png
rm -r a.png flat

# ---- recipes
expect 0 plot r.yaml -o a.png --runs kept --json
json_is_valid
stdout_has '"experiment": "x.yaml"'
[ "$(ls kept | tr '\n' ' ')" = "many.0 many.1 one " ] || fail "expected three runs in kept"
[ "$(ls kept/one | tr '\n' ' ')" = "fields.npz report.json " ] || fail "expected report.json and fields.npz only"
stamp=$(stat -c %Y%i kept/one/report.json)
expect 0 plot r.yaml -o b.png --runs kept --threads 2
[ "$stamp" = "$(stat -c %Y%i kept/one/report.json)" ] || fail "expected the run to be kept"
cmp -s a.png b.png || fail "expected the same picture from kept runs"
expect 0 plot r.yaml -o b.png --force
cmp -s a.png b.png || fail "expected the same picture from runs in memory"
sed -i 's/sigma: 0.9/sigma: 0.8/' x.yaml
expect 0 plot r.yaml -o b.png --force --runs kept
[ "$stamp" = "$(stat -c %Y%i kept/one/report.json)" ] && fail "expected a new run"
cmp -s a.png b.png && fail "expected another picture"
expect 0 plot out out out --figure r.yaml -o b.png --force
rm -r a.png b.png kept
expect 1 plot r.yaml -o a.png --set panels.0.heat.mapp=cyclic
stderr_is 'rotgrad plot: --set panels.0.heat.mapp=cyclic: unknown key "mapp", did you mean "map"?'
expect 1 plot missing.yaml -o a.png
stderr_is "rotgrad plot: missing.yaml: cannot open: No such file or directory"
sed 's/norm(error)/norm(eror)/' r.yaml >bad.yaml
expect 1 plot bad.yaml -o a.png
stderr_is 'rotgrad plot: bad.yaml:4:21: panels.0.heat.values: unknown quantity "eror", did you mean "error"?'
printf 'runs: [{name: a}]\npanels: [{heat: {values: p_end}}]\n' >bad.yaml
expect 1 plot bad.yaml -o a.png
stderr_is "rotgrad plot: bad.yaml: the run a names no experiment; give its directory: rotgrad plot DIR --figure bad.yaml"
rm -r out bad.yaml
nothing_new

# ---- interrupted
sed "s/x.yaml}, {name: many.*/x.yaml, set: ['grid.shape=[96, 96]', tolerance=1e-13]}]/; /many/d" r.yaml >slow.yaml
"$program" plot slow.yaml -o a.png >"$texts/out" 2>"$texts/err" </dev/null &
wait_until_caught $! INT
kill -INT $!
wait $!
check 130 $? "plot slow.yaml, interrupted"
stderr_is "rotgrad plot: interrupted; nothing was written"
rm slow.yaml
nothing_new

# ---- what cannot be drawn
expect 1 plot empty.npy -o a.png
stderr_is "rotgrad plot: empty.npy: the array is empty, its shape is (0, 4)"
expect 1 plot one.npy -o a.png
stderr_is "rotgrad plot: one.npy: a single value; there is nothing to draw"
expect 1 plot nan.npy -o a.png
stderr_is "rotgrad plot: panel 1: the array has no finite value"
expect 1 plot four.npy -o a.png
stderr_is "rotgrad plot: four.npy: expected 1 to 3 axes, or (2, n0, n1) or (3, n0, n1, n2) for a vector field, found shape (2, 3, 4, 5)"
expect 1 plot plane.npy solid.npy -o a.png
stderr_is "rotgrad plot: plane.npy and solid.npy: expected arrays of one kind, to be drawn side by side"
expect 1 plot plane.npy -o nowhere/a.png
stderr_is "rotgrad plot: nowhere/a.png: cannot write: the folder does not exist; make it first"
expect 1 plot plane.npy -o a.gif
stderr_is "rotgrad plot: a.gif: expected a file name that ends in .png, .pdf, .svg or .vti"
expect 1 plot plane.npy -o a.png --slice 0:1
stderr_is "rotgrad plot: plane.npy: --slice and --projection are for three axes, found 2"
expect 1 plot missing.npy -o a.png
stderr_is "rotgrad plot: missing.npy: cannot open: No such file or directory"
nothing_new

# ---- usage
refuse() {
    local message=$1
    shift
    expect 2 plot "$@"
    usage_error "rotgrad plot" "$message"
}
refuse "expected a recipe, an array or a directory of a run"
refuse "expected a file to write: -o FILE.png, .pdf, .svg or .vti, --data FILE or --gnuplot FILE" plane.npy
refuse '--map: expected sequential, diverging or cyclic, got "sequental"; did you mean "sequential"?' plane.npy -o a.png --map sequental
refuse '--scale: expected linear, log or auto, got "x"' plane.npy -o a.png --scale x
refuse '--range: expected LOW:HIGH, got "3"' plane.npy -o a.png --range 3
refuse '--dpi: expected a number from 20 to 2400, got "5"' plane.npy -o a.png --dpi 5
refuse "--figure is for directories of runs" plane.npy --figure parts -o a.png
refuse "--map is for arrays; a recipe says it itself, see --set" r.yaml --map cyclic -o a.png
refuse 'expected sources of one kind, got "plane.npy" and "r.yaml"' plane.npy r.yaml -o a.png
refuse 'expected one recipe, got "r.yaml" as well' r.yaml r.yaml -o a.png
refuse '--set: expected KEY=VALUE, such as dpi=300, got "dpi"' r.yaml --set dpi -o a.png
nothing_new
finish
