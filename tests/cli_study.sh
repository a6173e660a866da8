# rotgrad study: rows, stopping and going on, what is refused, figures from a study.
. "${BASH_SOURCE[0]%/*}/cli.bash"

cat >x.yaml <<'YAML'
grid: {shape: [12, 10]}
density: {mixture: {means: [[-0.5, 0.4]], sigma: 0.9}}
noise: {variance_min: 0.1, variance_max: 2}
tolerance: 1e-3
YAML
cat >s.yaml <<'YAML'
title: Four tiny members
experiment: x.yaml
ensemble:
  random: {members: 4, seed: 1, band: 1, gradient: [1e-3, 0.1], solenoidal: [1e-3, 0.1]}
samples: 100
waves: 1
replicates: 100
YAML
start=$(ls -A | tr '\n' ' ')
nothing_new() { folder_is ${start% }; }
rows() { sed 's/,[^,]*$//' "$1/members.csv"; } # the last column is the time it took

# ---- the whole
expect 0 study s.yaml -o whole
stderr_is ""
stdout_has "Four tiny members"
grep -qE "^4 of 4 members; of [1-9][0-9]* claims 0 violated" "$texts/out" || fail "expected the members and the claims"
stdout_has "gradient_energy"
[ "$(ls whole | tr '\n' ' ')" = "members.csv study.json " ] || fail "expected members.csv and study.json"
[ "$(wc -l <whole/members.csv)" = 5 ] || fail "expected a header and four rows"
expect 0 study s.yaml -o whole --json
json_is_valid
stdout_has '"schema": "rotgrad.study/1"'
stdout_has '"done": 4'
cmp -s "$texts/out" whole/study.json || fail "expected study.json"
expect 0 study s.yaml -o whole -q
stdout_is ""
[ "$(wc -l <whole/members.csv)" = 5 ] || fail "expected no new rows"

# ---- in parts, and after a kill in the middle of a line
expect 0 study s.yaml -o parts --members 0-1 --threads 2
stdout_has "2 of 4 members"
head -c $(($(wc -c <parts/members.csv) - 9)) parts/members.csv >cut
mv cut parts/members.csv
expect 0 study s.yaml -o parts
[ "$(rows parts)" = "$(rows whole)" ] || fail "expected the same rows"
cmp -s parts/study.json whole/study.json || fail "expected the same study.json"
rm -r parts

# ---- killed
sed 's/members: 4/members: 4000/' s.yaml >long.yaml
interrupt() { # interrupt SIGNAL FOLDER CODE: once a row stands in the table
    "$program" study long.yaml -o "$2" >"$texts/out" 2>"$texts/err" &
    for ((tenth = 0; tenth < 600; tenth++)); do # a busy machine may take its time
        [ -s "$2/members.csv" ] && [ "$(wc -l <"$2/members.csv")" -ge 2 ] && break
        sleep 0.1
    done
    kill -s "$1" $!
    wait $! 2>/dev/null
    check "$3" $? "study long.yaml, with SIG$1 after a row"
}

interrupt KILL killed 137
expect 0 study s.yaml -o killed --set ensemble.random.members=4000 --members 0-3 -q
[ "$(rows killed | head -n 5)" = "$(rows whole)" ] || fail "expected the same rows"
interrupt INT stopped 130
grep -q "of 4000 members are done, the same command goes on" "$texts/err" || fail "expected how to go on"
rm -r killed stopped long.yaml

# ---- what is refused
sed 's/seed: 1/seed: 2/' s.yaml >other.yaml
expect 1 study other.yaml -o whole
stderr_has "rotgrad study: whole/members.csv:2: the hash "
stderr_has "the table is of another study, or of this one before it was changed: name another folder"
expect 1 study s.yaml -o whole --set "predictors=[l2]"
stderr_has "rotgrad study: whole/members.csv:1: expected the column kl, got \"gradient_energy\""
expect 1 study s.yaml -o new --set ensemble.random.members=0
stderr_is "rotgrad study: --set ensemble.random.members=0: expected a whole number >= 1 and <= 1000000, got 0"
sed 's/members: 4/members: 0/' s.yaml >other.yaml
expect 1 study other.yaml -o new
stderr_is "rotgrad study: other.yaml:4:21: ensemble.random.members: expected a whole number >= 1 and <= 1000000, got 0"
(cat s.yaml && echo "predictors: [l2, gradient_enrgy]") >other.yaml
expect 1 study other.yaml -o new
stderr_is 'rotgrad study: other.yaml:8:18: predictors.1: unknown predictor "gradient_enrgy", did you mean "gradient_energy"?'
expect 1 study s.yaml -o new --members 2-4
stderr_is "rotgrad study: s.yaml: expected members from 0 to 3, got 2-4"
expect 1 study missing.yaml -o new
stderr_is "rotgrad study: missing.yaml: cannot open: No such file or directory"
expect 1 study s.yaml -o x.yaml
stderr_is "rotgrad study: x.yaml: cannot make the folder: File exists"
expect 1 study s.yaml -o no/where
stderr_is "rotgrad study: no/where: cannot make the folder: No such file or directory"
sed -i 's/sigma: 0.9/sigma: 0.05/; s/variance_min: 0.1/variance_min: 0.0001/' x.yaml # too narrow for the grid
printf 'experiment: x.yaml\nensemble: {list: [{label: narrow}, {set: [noise.variance_min=1.5], label: wide}]}\npredictors: [l2]\n' >other.yaml
expect 1 study other.yaml -o half
stderr_has "rotgrad study: member 0 (narrow): "
stdout_has "1 of 2 members"
[ "$(wc -l <half/members.csv)" = 2 ] || fail "expected the row of the other member"
rm -r half
sed -i 's/sigma: 0.05/sigma: 0.9/; s/variance_min: 0.0001/variance_min: 0.1/' x.yaml
rm other.yaml

# ---- usage
refuse() {
    local message=$1
    shift
    expect 2 study "$@"
    usage_error "rotgrad study" "$message"
}
refuse "expected a study file"
refuse "expected a folder for the results: -o DIR" s.yaml
refuse '--members: expected A-B with A <= B, such as 0-49, got "3-1"' s.yaml -o new --members 3-1
refuse '--members: expected A-B with A <= B, such as 0-49, got "x"' s.yaml -o new --members x
refuse 'expected one study file, got "x.yaml" as well' s.yaml x.yaml -o new
expect 0 study --list
stdout_has "gradient_energy"
stdout_has "reverse_kl"

# ---- an outcome that the experiments do not have
expect 0 study s.yaml --set "outcomes=[w1]" --members 0 -o none
stdout_has "w1: not known in any member"
rm -r none

# ---- figures
cat >r.yaml <<'YAML'
studies: [{name: four, study: s.yaml, directory: whole}]
panels:
  - x: {scale: log}
    y: {scale: log}
    correlation: true
    curves: [{x: study.gradient_energy, y: study.kl, mark: points, error: true, label: all}]
  - {curves: [{x: study.index, y: study.kl / study.l2, members: random, study: four}]}
YAML
expect 0 plot r.yaml -o a.png --data a.csv
stderr_is ""
[ "$(grep -c '^1,' a.csv)" = 4 ] || fail "expected four points in the first panel"
sed '1s/, directory: whole//' r.yaml >bad.yaml
expect 1 plot bad.yaml -o b.png
stderr_is "rotgrad plot: bad.yaml: the study four has no results; keep them with --runs DIR, or compute them with rotgrad study"
expect 0 plot bad.yaml -o b.png --runs kept
cmp -s a.png b.png || fail "expected the same picture"
[ "$(rows kept/four)" = "$(rows whole)" ] || fail "expected the same rows"
expect 0 plot bad.yaml -o b.png --runs kept --force
rm -r a.png a.csv b.png kept
sed 's/study.kl,/study.kll,/' r.yaml >bad.yaml
expect 1 plot bad.yaml -o b.png
stderr_is 'rotgrad plot: bad.yaml:6:44: panels.0.curves.0.y: the study has no column of numbers "kll", did you mean "kl"?'
sed 's/members: random/members: rndom/' r.yaml >bad.yaml
expect 1 plot bad.yaml -o b.png
stderr_is 'rotgrad plot: bad.yaml:7:65: panels.1.curves.0.members: the study has no such members'
sed 's/study: four}/study: for}/' r.yaml >bad.yaml
expect 1 plot bad.yaml -o b.png
stderr_is 'rotgrad plot: bad.yaml:7:80: panels.1.curves.0.study: there is no study "for" under `studies`, did you mean "four"?'
sed '1s/whole/x/' r.yaml >bad.yaml
expect 1 plot bad.yaml -o b.png
stderr_is "rotgrad plot: x/members.csv: cannot open: No such file or directory"
rm -r bad.yaml r.yaml whole
nothing_new
finish
