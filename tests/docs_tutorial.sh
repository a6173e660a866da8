# docs/tutorial.md: what it shows is what the program prints. Runs every "$ ..." line of its ```console blocks, in order
# and in one folder, and compares the lines below it. A line "..." stands for any number of lines. Numbers may differ by
# 1e-3 of their size, by their error bars, or by 1e-6; sums of work (steps, seconds, residuals) may differ freely.
#
#     bash tests/docs_tutorial.sh ROTGRAD SOURCE_DIR            checks
#     bash tests/docs_tutorial.sh ROTGRAD SOURCE_DIR update     writes what the program prints into the tutorial
. "${BASH_SOURCE[0]%/*}/cli.bash"
update=${3:-}
tutorial=$source_dir/docs/tutorial.md

mkdir "$texts/bin" "$texts/step"
ln -s "$(realpath "$program")" "$texts/bin/rotgrad"
PATH=$texts/bin:$PATH
ln -s "$source_dir/grids" grids

# $texts/step/1.command, 1.shown, 2.command, ...; the tutorial without what is shown, a mark in its place, in ./frame.
awk -v step="$texts/step" -v frame="$texts/frame" '
    /^```/ { inside = !inside && $0 == "```console"; print >frame; next }
    inside && /^\$ / {
        print >frame
        print "@" ++n >frame
        print substr($0, 3) >(step "/" n ".command")
        printf "" >(step "/" n ".shown")
        next
    }
    inside { print >(step "/" n ".shown"); next }
    { print >frame }
    END { print n + 0 >(step "/count") }' "$tutorial"

# matches SHOWN FOUND: prints the first line that differs.
matches() {
    awk '
        function number(t,   m, e, d) { # sets value and bar; 1 when t is one
            sub(/[.;:]$/, "", t)
            if (t !~ /^[-+]?[0-9]+(\.[0-9]+)?(\([0-9]+\))?(e[-+]?[0-9]+)?$/) {
                sub(/^[("]+/, "", t)
                sub(/[)"]+$/, "", t)
                if (t !~ /^[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/) return 0
            }
            e = t ~ /e/ ? substr(t, index(t, "e") + 1) + 0 : 0
            sub(/e.*/, "", t)
            bar = 0
            m = t
            if (t ~ /\(/) {
                m = substr(t, 1, index(t, "(") - 1)
                d = m ~ /\./ ? length(m) - index(m, ".") : 0
                bar = (substr(t, index(t, "(") + 1) + 0) * 10 ^ (e - d)
            }
            value = (m + 0) * 10 ^ e
            return 1
        }
        function size(x) { return x < 0 ? -x : x }
        function same_token(a, b,   va, ba) {
            if (a == b) return 1
            if (!number(a)) return 0
            va = value
            ba = bar
            if (!number(b)) return 0
            if (free) return 1
            return size(va - value) <= 1e-3 * (size(va) > size(value) ? size(va) : size(value)) + ba + bar + 1e-6
        }
        function same(a, b,   x, y, n, i) {
            sub(/; the prior starts with [^ ]*[0-9)]/, "", a) # rounding, as long as the prior is exact
            sub(/; the prior starts with [^ ]*[0-9)]/, "", b)
            n = split(a, x, /[ ,]+/)
            if (split(b, y, /[ ,]+/) != n) return 0
            for (i = 1; i <= n; i++) {
                free = a ~ /^(residual|orthogonality) | steps \(|"error":/ || (i > 1 && x[i - 1] ~ /below$/)
                if (!same_token(x[i], y[i])) return 0
            }
            return 1
        }
        FILENAME == ARGV[1] { shown[++m] = $0; next }
        { found[++n] = $0 }
        END {
            for (i = 1; i <= m && shown[i] != "..."; i++)
                if (i > n || !same(shown[i], found[i])) { print "shown: " shown[i] "\nfound: " found[i]; exit 1 }
            if (i > m && n == m) exit 0
            if (i > m) { print "found more than is shown: " found[i]; exit 1 }
            for (k = 0; m - k > i; k++)
                if (n - k < i || !same(shown[m - k], found[n - k])) {
                    print "shown: " shown[m - k] "\nfound: " found[n - k]
                    exit 1
                }
        }' "$1" "$2"
}

# What is shown next time: as much at the beginning and at the end as now.
cut_like() {
    awk '
        FILENAME == ARGV[1] { m++; if ($0 == "...") dots = m; next }
        { found[++n] = $0 }
        END {
            if (!dots) dots = n + 1
            for (i = 1; i < dots && i <= n; i++) print found[i]
            if (dots <= n) print "..."
            for (i = dots > n ? n + 1 : n - (m - dots) + 1; i <= n; i++) print found[i]
        }' "$1" "$2"
}

count=$(cat "$texts/step/count")
[ "$count" -gt 0 ] || { command="" && fail "expected commands in docs/tutorial.md"; }
for ((i = 1; i <= count; i++)); do
    step=$texts/step/$i
    command=$(cat "$step.command")
    bash -c "$command" >"$texts/out" 2>"$texts/err" </dev/null
    cat "$texts/out" "$texts/err" >"$step.found"
    command="${command#rotgrad }"
    if [ "$update" = update ]; then
        cut_like "$step.shown" "$step.found" >"$step.new"
    else
        difference=$(matches "$step.shown" "$step.found") || fail "docs/tutorial.md differs
$difference"
    fi
done

if [ "$update" = update ]; then
    awk -v step="$texts/step" '
        /^@[0-9]+$/ { file = step "/" substr($0, 2) ".new"; while ((getline line <file) > 0) print line; next }
        { print }' "$texts/frame" >"$texts/tutorial"
    cat "$texts/tutorial" >"$tutorial"
fi
finish
