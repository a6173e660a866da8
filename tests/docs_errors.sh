# docs/errors.md explains every message: the longest fixed piece of each text that goes to rg_fail and its kin stands
# there. With a third argument it prints these pieces.
. "${BASH_SOURCE[0]%/*}/cli.bash"
pieces=$texts/pieces

find "$source_dir/src" -name '*.c' | sort | while read -r file; do
    awk '
        { text = text $0 "\n" }
        END {
            while (match(text, /\/\*([^*]|\*+[^*\/])*\*+\//)) text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
            while (match(text, /(rg_fail|rg_node_fail|rg_node_fail_key|cli_fail|cli_warn|argp_error|refuse)\(/)) {
                text = substr(text, RSTART + RLENGTH)
                if (!match(text, /^[^";]*"/)) continue
                text = substr(text, RLENGTH)
                format = ""
                while (match(text, /^"([^"\\]|\\.)*"/)) { # neighbours are one text
                    format = format substr(text, 2, RLENGTH - 2)
                    text = substr(text, RLENGTH + 1)
                    sub(/^[ \n]+/, "", text)
                }
                gsub(/\\"/, "\"", format)
                n = split(format, part, /%[-+ #0-9.*]*[hlztj]*[a-zA-Z]/)
                longest = ""
                for (i = 1; i <= n; i++) if (length(part[i]) > length(longest)) longest = part[i]
                gsub(/^[ :;,%]+|[ :;,%]+$/, "", longest)
                if (length(longest) >= 8) print longest
            }
        }' "$file"
done | sort -u >"$pieces"

missing=$(awk '
    FILENAME == ARGV[1] { explained = explained $0 "\n"; next }
    !index(explained, $0)' "$source_dir/docs/errors.md" "$pieces")
[ -z "${3:-}" ] || cat "$pieces"
[ "$(wc -l <"$pieces")" -gt 100 ] || missing="the messages in src/ themselves"
[ -z "$missing" ] && exit 0
printf 'docs_errors.sh: docs/errors.md does not explain:\n%s\n' "$missing"
exit 1
