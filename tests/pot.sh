# W1 against an exact solver: bash tests/pot.sh ROTGRAD SOURCE_DIR NAME runs tests/NAME.py
# Exit code 77, and why, where POT is not installed.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" PYTHONDONTWRITEBYTECODE=1
for python in /usr/bin/python3 python3; do
    "$python" -c 'import numpy, ot' 2>/dev/null || continue
    "$python" "$2/tests/$3.py" "$1" "$folder"
    exit
done
echo "skipped: no Python Optimal Transport (Debian: apt-get install -y --no-install-recommends python3-pot)"
exit 77
