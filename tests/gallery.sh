# The gallery: each picture in plots/ is what its one command draws, pixel by pixel (compare_png.c says how closely).
#
#     bash tests/gallery.sh ROTGRAD COMPARE_PNG SOURCE_DIR FOLDER [REASON]
#
# Pictures are drawn into FOLDER, which is emptied first: runs are shared by the pictures, never kept from another
# build. With a REASON nothing is drawn; exit code 77.
set -u
program=$1 compare_png=$2 source_dir=$3 folder=$4 reason=${5:-}
if [ -n "$reason" ]; then
    echo "skipped: $reason"
    exit 77
fi
export LC_ALL=C OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
most_bytes=$((6 << 20)) # of all pictures: the gallery is part of every clone

fail() {
    echo "gallery.sh: $*" | tee -a "$folder/failures"
}

check() { # check NAME
    local command="plot plots/$1.yaml -o plots/$1.png" began=$EPOCHREALTIME found
    grep -qxF "    build/rotgrad $command" plots/README.md || fail "expected in plots/README.md: build/rotgrad $command"
    grep -qF "($1.png)" plots/README.md || fail "expected in plots/README.md: the picture $1.png"
    [ -s "plots/$1.png" ] || { fail "expected plots/$1.png, drawn by: build/rotgrad $command"; return; }
    "$program" plot "plots/$1.yaml" -o "$folder/$1.png" --runs "$folder/runs" >"$folder/$1.log" 2>&1 ||
        { fail "rotgrad $command: $(cat "$folder/$1.log")"; return; }
    found=$("$compare_png" "$folder/$1.png" "plots/$1.png") ||
        fail "$folder/$1.png is not plots/$1.png; if it should be: build/rotgrad $command --force"
    awk -v name="$1" -v began="$began" -v now="$EPOCHREALTIME" -v found="$found" \
        'BEGIN { printf "%-20s %5.1f s  %s\n", name, now - began, found }'
}

check_all() {
    local name
    for name; do check "$name"; done
}

# The pictures that a ladder of error sources draws by itself.
check_ladder() {
    local began=$EPOCHREALTIME picture found
    grep -qxF "    build/rotgrad budget grids/budget_mixture.yaml -o out" plots/README.md ||
        fail "expected in plots/README.md: build/rotgrad budget grids/budget_mixture.yaml -o out"
    "$program" budget -q grids/budget_mixture.yaml -o "$folder/budget" >"$folder/budget.log" 2>&1 ||
        { fail "rotgrad budget: $(cat "$folder/budget.log")"; return; }
    for picture in ladder sweeps; do
        grep -qF "(budget_$picture.png)" plots/README.md || fail "expected in plots/README.md: budget_$picture.png"
        found=$("$compare_png" "$folder/budget/$picture.png" "plots/budget_$picture.png") ||
            fail "$folder/budget/$picture.png is not plots/budget_$picture.png"
        awk -v name="budget_$picture" -v began="$began" -v now="$EPOCHREALTIME" -v found="$found" \
            'BEGIN { printf "%-20s %5.1f s  %s\n", name, now - began, found }'
    done
    grep -qxF "    build/rotgrad budget grids/budget_alanine_sweeps.yaml -o out" plots/README.md ||
        fail "expected in plots/README.md: build/rotgrad budget grids/budget_alanine_sweeps.yaml -o out"
    "$program" budget -q grids/budget_alanine_sweeps.yaml -o "$folder/alanine" >"$folder/alanine.log" 2>&1 ||
        { fail "rotgrad budget: $(cat "$folder/alanine.log")"; return; }
    "$compare_png" "$folder/alanine/sweeps.png" plots/budget_alanine_sweeps.png >"$folder/alanine.log" ||
        fail "$folder/alanine/sweeps.png is not plots/budget_alanine_sweeps.png"
}

rm -rf "$folder"
mkdir -p "$folder"
: >"$folder/failures"
cd "$source_dir" || exit 1
names=$(grep -l '^panels:' plots/*.yaml | sed 's|.*/||; s|\.yaml$||')
molecule=$(grep -l 'alanine' plots/*.yaml | sed 's|.*/||; s|\.yaml$||') # half of the work, on runs of their own
# shellcheck disable=SC2046,SC2086
check_all $(comm -23 <(printf '%s\n' $names) <(printf '%s\n' $molecule)) &
# shellcheck disable=SC2086
check_all $molecule
check_ladder
wait
bytes=$(cat plots/*.png | wc -c)
[ "$bytes" -gt 0 ] || fail "expected pictures in plots/"
[ "$bytes" -le "$most_bytes" ] || fail "expected at most $most_bytes bytes of pictures, found $bytes"
rm -rf "$folder/runs"
[ ! -s "$folder/failures" ]
