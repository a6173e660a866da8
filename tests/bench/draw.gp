# The heat maps of bench_figures.c by gnuplot, from the bytes of the .npy: set `array`, `figure`, `n`, `panels` and `type`.
if (type eq "png") set terminal pngcairo size 200 + (panels > 1 ? 1600 : 1024), (panels > 1 ? 800 : 1150)
if (type eq "pdf") set terminal pdfcairo size 8 in, 7.6 in
if (type eq "svg") set terminal svg size 800, 760
set output figure
set xlabel "x_0"
set ylabel "x_1"
set cblabel "1/rad^2"
set title "p"
set size ratio -1
set xrange [-pi:pi]
set yrange [-pi:pi]
set palette defined (0 "#440154", 1 "#3b528b", 2 "#21918c", 3 "#5ec962", 4 "#fde725")
if (panels > 1) set multiplot layout 2, 4
do for [i = 1:panels] {
    plot array binary array=(n, n) skip=128 format="%float64" dx=2*pi/n dy=2*pi/n origin=(-pi, -pi) transpose with image notitle
}
