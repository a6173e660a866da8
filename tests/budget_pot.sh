# W1 between laws made of points: bash tests/budget_pot.sh ROTGRAD SOURCE_DIR
# Exit code 77, and why, where POT is not installed.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
for python in /usr/bin/python3 python3; do
    "$python" -c 'import numpy, ot' 2>/dev/null || continue
    "$python" "$2/tests/budget_pot.py" "$1" "$folder"
    exit
done
echo "skipped: no Python Optimal Transport (Debian: apt-get install -y --no-install-recommends python3-pot)"
exit 77
