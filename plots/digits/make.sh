# The data of plots/digits.yaml, by the program alone: bash plots/digits/make.sh build/rotgrad (from the root of the tree).
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# make NAME SETTING...
make() {
    local name=$1 settings=() setting
    shift
    for setting; do settings+=(--set "$setting"); done
    "$program" sample grids/digits.yaml "${settings[@]}" -o "$work/$name" -q
    "$program" memorise --train grids/digits_8x8.npy --exclude grids/digits_8x8_is_held_out.npy \
        --samples "$work/$name/samples.npy" --image 8x8 -o "$work/$name-pairs"
    cp "$work/$name/path.npz" "plots/digits/$name.npz"
    cp "$work/$name-pairs/pairs.npz" "plots/digits/${name}_pairs.npz"
}

make plus error.0.constant=0.02
make minus error.0.constant=-0.02
make exact 'error=[]'
make smooth 'error=[]' sample.bandwidth=2.5
make away 'error=[{constant: 0.5, profile: inverse_variance}]'
rm plots/digits/exact_pairs.npz
