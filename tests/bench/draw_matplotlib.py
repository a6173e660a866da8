"""The figures of bench_figures.c by matplotlib: draw_matplotlib.py heat|panels|flow ARRAY.npy FIGURE.

The benchmark runs it as a whole process, import and all.
"""
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def heat(axes, array):
    box = (-np.pi, np.pi, -np.pi, np.pi)
    image = axes.imshow(array.T, origin="lower", extent=box, interpolation="nearest")
    axes.figure.colorbar(image, ax=axes, label="1/rad$^2$")


def flow(axes, array):
    x = np.linspace(-np.pi, np.pi, array.shape[1], endpoint=False)
    axes.streamplot(x, x, array[0].T, array[1].T, density=3)
    axes.set_aspect("equal")


def main(kind, path, figure_path):
    array = np.load(path)
    many = kind == "panels"
    size = (12, 5) if many else (10.4, 8.9)  # one frame is about 1024 pixels wide
    figure, axes = plt.subplots(2 if many else 1, 4 if many else 1, figsize=size, dpi=150)
    for a in axes.flat if many else [axes]:
        (flow if kind == "flow" else heat)(a, array)
        a.set_title("p")
        a.set_xlabel("$x_0$")
        a.set_ylabel("$x_1$")
    figure.savefig(figure_path)


main(*sys.argv[1:])
