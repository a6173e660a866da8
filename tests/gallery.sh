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
export LC_ALL=C OMP_NUM_THREADS=2
most_bytes=$((4 << 20)) # of all pictures: the gallery is part of every clone
failures=0 bytes=0

fail() {
    failures=$((failures + 1))
    echo "gallery.sh: $*"
}

rm -rf "$folder"
mkdir -p "$folder"
cd "$source_dir" || exit 1
for recipe in $(grep -l '^panels:' plots/*.yaml); do
    name=$(basename "$recipe" .yaml) picture=${recipe%.yaml}.png began=$EPOCHREALTIME
    command="plot $recipe -o $picture"
    grep -qxF "    build/rotgrad $command" plots/README.md || fail "expected in plots/README.md: build/rotgrad $command"
    grep -qF "($name.png)" plots/README.md || fail "expected in plots/README.md: the picture $name.png"
    [ -s "$picture" ] || { fail "expected $picture, drawn by: build/rotgrad $command"; continue; }
    bytes=$((bytes + $(stat -c %s "$picture")))
    "$program" plot "$recipe" -o "$folder/$name.png" --runs "$folder/runs" >"$folder/$name.log" 2>&1 ||
        { fail "rotgrad $command: $(cat "$folder/$name.log")"; continue; }
    found=$("$compare_png" "$folder/$name.png" "$picture") ||
        fail "$folder/$name.png is not $picture; if it should be: build/rotgrad $command --force"
    awk -v name="$name" -v began="$began" -v now="$EPOCHREALTIME" -v found="$found" \
        'BEGIN { printf "%-20s %5.1f s  %s\n", name, now - began, found }'
done
[ "$bytes" -gt 0 ] || fail "expected pictures in plots/"
[ "$bytes" -le "$most_bytes" ] || fail "expected at most $most_bytes bytes of pictures, found $bytes"
rm -rf "$folder/runs"
[ "$failures" = 0 ]
