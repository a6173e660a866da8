# Verbs, help, versions, lost output, doctor.
. "${BASH_SOURCE[0]%/*}/cli.bash"

expect 0 --version
stdout_is "rotgrad $(sed -n 's/^#define RG_VERSION  *"\(.*\)"/\1/p' "$source_dir/include/rotgrad/version.h")"
stderr_is ""
expect 0 --help
stdout_has "Usage: rotgrad [OPTION...] VERB"
for verb in run split budget estimate study plot info doctor; do
    stdout_has "  $verb "
done

for verb in run split budget estimate study plot info doctor; do
    expect 0 $verb --help
    stdout_has "Usage: rotgrad $verb "
    stdout_has "Example: rotgrad $verb"
    stdout_has "Exit codes: 0 "
    stdout_has "--json"
    stderr_is ""
    expect 0 $verb --version
    expect 2 $verb --no-such-option
    usage_error "rotgrad $verb" "unrecognized option '--no-such-option'"
done

expect 2
usage_error rotgrad "expected a verb: run, split, estimate, transport, budget, study, sample, memorise, plot, info or doctor"
expect 2 splti
usage_error rotgrad 'unknown verb "splti", did you mean "split"?'
expect 2 frobnicate
usage_error rotgrad 'unknown verb "frobnicate"'
expect 2 --frobnicate
usage_error rotgrad "unrecognized option '--frobnicate'"
expect 2 doctor now
usage_error "rotgrad doctor" 'unexpected argument "now"'

# ---- lost output
: >"$texts/out"
if [ -w /dev/full ]; then
    for arguments in --version --help "run --help" "split --help" "doctor"; do
        "$program" $arguments >/dev/full 2>"$texts/err"
        check 1 $? "$arguments >/dev/full"
        stderr_is "rotgrad: standard output: cannot write: No space left on device"
    done
fi
"$program" --version 2>"$texts/err" >&-
check 1 $? "--version >&-"
stderr_is "rotgrad: standard output: cannot write: Bad file descriptor"
{
    sleep 0.2
    "$program" --help 2>"$texts/err"
    echo $? >"$texts/code"
} | true
check 1 "$(cat "$texts/code")" "--help | true"
stderr_is "rotgrad: standard output: cannot write: Broken pipe"

# ---- doctor
expect 0 doctor
for subject in FFTW GSL BLAS libpng cairo pango libyaml jansson libzip glib fonts threads memory split files; do
    grep -q "^ok  *$subject " "$texts/out" || fail "expected a line: ok $subject"
done
stdout_has "OpenBLAS"
stdout_has "all is well"
expect 0 doctor --json
json_is_valid
stdout_has '"schema": "rotgrad.doctor/1"'
stdout_has '"ok": true'
TMPDIR=$folder/missing expect 1 doctor
stdout_has "PROBLEM  files    no folder for temporary files"
stdout_has "remedy: set TMPDIR to a folder that can be written"
stderr_is "rotgrad doctor: 1 problem found"
OMP_NUM_THREADS=4000 expect 1 doctor --json
json_is_valid
stdout_has '"ok": false'
stdout_has '"remedy": "threads would wait for each other: set OMP_NUM_THREADS to '

folder_is ""
finish
