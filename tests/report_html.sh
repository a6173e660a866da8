# report.html in a real browser, headless: bash tests/report_html.sh ROTGRAD SOURCE_DIR
# Exit code 77, and why, where there is no browser to test with.
skip() {
    echo "skipped: $1 (Debian: apt-get install -y --no-install-recommends chromium chromium-driver python3-selenium)"
    exit 77
}
command -v chromium >/dev/null || skip "no chromium"
command -v chromedriver >/dev/null || skip "no chromedriver"
: "${LSAN_OPTIONS:=suppressions=$2/tests/leaks.txt:print_suppressions=0}"
export LSAN_OPTIONS
for python in /usr/bin/python3 python3; do
    command -v $python >/dev/null && $python -c 'import selenium' 2>/dev/null || continue
    exec $python "$2/tests/report_html.py" "$1"
done
skip "no selenium for Python"
