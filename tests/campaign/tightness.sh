# How tight the claims are: reads what `campaign FIRST COUNT ratios` prints, writes rows of the table of docs/bounds.md:
# name, how often, lowest, median and highest lhs / rhs.
#
#     build/tests/campaign 1 620 ratios | bash tests/campaign/tightness.sh
set -euo pipefail
export LC_ALL=C
awk '$1 == "ratio"' | sort -k2,2 -k3,3g | awk '
    function row() { if (n) printf "| `%s` | %d | %.2g | %.2g | %.2g |\n", name, n, r[1], (r[int((n + 1) / 2)] + r[int(n / 2) + 1]) / 2, r[n] }
    $2 != name { row(); name = $2; n = 0 }
    { r[++n] = $3 }
    END { row() }'
