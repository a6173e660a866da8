# W1 against LEMON's network simplex: bash tests/transport_lemon.sh ROTGRAD SOURCE_DIR
# Exit code 77, and why, where a C++ compiler or LEMON is missing.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
if ! echo '#include <lemon/network_simplex.h>' | c++ -x c++ -std=c++14 -fsyntax-only - 2>/dev/null; then
    echo "skipped: no C++ compiler, or no LEMON (Debian: apt-get install -y --no-install-recommends liblemon-dev)"
    exit 77
fi
c++ -std=c++14 -O2 -o "$folder/lemon" "$2/tests/transport_lemon.cpp" || exit 1
"$folder/lemon" "$1" "$folder"
