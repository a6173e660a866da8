#!/usr/bin/env bash
# Lines of src/ that the tests executed, file by file and in all: coverage.sh SOURCE_TREE BUILD_TREE.
# Run it by `cmake --workflow --preset coverage`.
set -euo pipefail
source=$1 build=$2

if command -v gcovr >/dev/null; then
    exec gcovr --root "$source" --filter "$source/src/" --exclude-throw-branches "$build"
fi

echo "(gcovr is not installed: the sums of gcov)"
cd "$build"
find . -name '*.gcno' -print0 | xargs -0 gcov --no-output --relative-only --source-prefix "$source" 2>/dev/null |
    awk -F"[':% ]+" '
        /^File/ { file = $2 }
        /^Lines executed/ && file ~ /^src\/.*\.c$/ {
            lines[file] = $NF
            hit[file] = $NF * $3 / 100
        }
        /^$/ { file = "" }
        END {
            for (file in lines) {
                printf "%-40s %6d lines %5.1f %%\n", file, lines[file], 100 * hit[file] / lines[file] | "sort"
                all += lines[file]
                all_hit += hit[file]
            }
            close("sort")
            if (all) printf "%-40s %6d lines %5.1f %%\n", "src", all, 100 * all_hit / all
        }'
