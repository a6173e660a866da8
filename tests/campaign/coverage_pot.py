"""How often the error bars of `rotgrad budget` cover the exact W1, on random cases.

    /usr/bin/python3 tests/campaign/coverage_pot.py PROGRAM FOLDER FIRST LAST > coverage.txt

Case FIRST to LAST are seeds: one to three dimensions, boxes and cells that are not square, a law of one to four Gaussians of
different widths, or of points, and 10 to 1000 samples, some of another law than the truth. Four quantities of a report are held
against Python Optimal Transport: the sides W1(P, P') and W1(P', P' * G); for a truth made of points W1(P, P * G), and the total
of `objective`, W1(P, P' * G).

Points against points are exact. A law with a density is a quadrature of cells, whose exact masses stand at their centres: what that
adds falls like h^2, so that two spacings, h and 1.5 h, give the limit, and their step is the error. Where that is more than a
tenth of the bar, cells are made smaller, as far as time allows. Independently of that every fifth case has the dual solution's
bracket: with phi(x) = min_j |x - y_j| - g_j,

    int phi dP + mean g <= W1 <= the same + sum_j (P_j - 1/N) g_j + W1(sum_j P_j delta_j, sum_j delta_j / N),

P_j the mass that is nearest to j in this sense, integrated over cells a third as long. In 1-D W1 is the integral of the difference
of distribution functions less its median.

One line a quantity: seed, dimension, what the truth is made of, the sides (P_QG the total, P_QG_side that of the square), N, found,
bar, exact, its error, (found - exact) / bar, bracket."""

import json
import math
import subprocess
import sys

import numpy as np
import ot
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

program, folder, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
MOST = 8e6  # cells times points of one call


class Gaussians:
    """A mixture on the torus, each component round."""

    def __init__(self, means, sigma, weights, length):
        self.means, self.length = np.asarray(means), length
        self.sigma = np.broadcast_to(sigma, len(means))
        self.weights = np.asarray(weights) / np.sum(weights)

    def masses(self, axis, n, which=slice(None)):
        """(components, n): the mass of each component between the edges of n cells."""
        edge = np.arange(n + 1) * self.length[axis] / n
        mean, sigma = self.means[which, axis, None], self.sigma[which, None]
        turns = math.ceil(1 + 8 * self.sigma.max() / self.length[axis])
        total = 0
        for turn in range(-turns, turns + 1):
            total = total + np.diff(ndtr((edge - mean + turn * self.length[axis]) / sigma), axis=1)
        return total

    def masses_of(self, which, axis, n):
        return self.weights[which] @ self.masses(axis, n, which)

    def cells(self, shape):
        """Places and masses of the cells that matter. Components are multiplied out in slabs."""
        parts = [self.masses(a, n) for a, n in enumerate(shape)]
        letters = "abc"[: len(shape)]
        mass = np.einsum("k," + ",".join("k" + x for x in letters) + "->" + letters, self.weights, *parts, optimize=True).ravel()
        kept = mass > 1e-9 / len(mass)
        centre = [(np.arange(n) + 0.5) * self.length[a] / n for a, n in enumerate(shape)]
        place = np.stack(np.meshgrid(*centre, indexing="ij"), -1).reshape(-1, len(shape))[kept]
        return place, mass[kept] / mass[kept].sum()

    def draw(self, random, count):
        which = random.choice(len(self.means), count, p=self.weights)
        return self.means[which] + self.sigma[which, None] * random.normal(size=(count, len(self.length)))

    def smoothed(self, variance):
        return Gaussians(self.means, np.sqrt(self.sigma**2 + variance), self.weights, self.length)


def costs(x, y, length):
    square = 0
    for a in range(x.shape[1]):
        d = np.abs(x[:, None, a] % length[a] - y[None, :, a] % length[a])
        square = square + np.minimum(d, length[a] - d) ** 2
    return np.sqrt(square)


def transport(x, p, y, length):
    q = np.full(len(y), 1 / len(y))
    value, log = ot.emd2(p, q, costs(x, y, length), numItermax=10**9, log=True)
    return value, log["v"] if "v" in log else log[0]["v"]


def circle(one, other, length):
    """W1 on a circle from two distribution functions: the flux is their difference less its median."""
    middle = (np.arange(1 << 18) + 0.5) * length / (1 << 18)
    gap = one(middle) - other(middle)
    return np.abs(gap - np.median(gap)).mean() * length


def steps_of(points, length):
    ordered = np.sort(points[:, 0] % length)
    return lambda x: np.searchsorted(ordered, x, side="right") / len(ordered)


def function_of(law):
    """No component is narrower than 16 of 4096 cells, which a cubic spline resolves to 1e-6."""
    n = 4096
    parts = [law.masses_of(slice(k, k + 64), 0, n) for k in range(0, len(law.means), 64)]
    edge = np.arange(n + 1) * law.length[0] / n
    return CubicSpline(edge, np.concatenate([[0], np.cumsum(sum(parts))]))


def bracket(law, shape, points, g):
    place, mass = law.cells([3 * n for n in shape])
    nearest, total = np.zeros(len(points)), 0.0
    slab = max(1, int(1e5 / len(points)))
    for begin in range(0, len(place), slab):
        reduced = costs(place[begin : begin + slab], points, law.length) - g
        which = reduced.argmin(1)
        m = mass[begin : begin + slab]
        total += m @ reduced[np.arange(len(which)), which]
        np.add.at(nearest, which, m)
    low = total + g.mean()
    rest = ot.emd2(nearest / nearest.sum(), np.full(len(points), 1 / len(points)), costs(points, points, law.length), numItermax=10**9)
    return low, low + (nearest - 1 / len(points)) @ g + rest


def semidiscrete(law, points, bar, bracketed):
    """W1 of a mixture to points, and its error."""
    dim = points.shape[1]
    if dim == 1:
        return circle(function_of(law), steps_of(points, law.length[0]), law.length[0]), law.length[0] / 2**19, None
    cells = 1500.0
    while True:
        size = (np.prod(law.length) / cells) ** (1 / dim)
        shape = [max(6, math.ceil(x / size / 2) * 2) for x in law.length]
        fine = [n // 2 * 3 for n in shape]
        place, mass = law.cells(fine)
        rough, _ = transport(*law.cells(shape), points, law.length)
        value, g = transport(place, mass, points, law.length)
        step = (rough - value) / (1.5**2 - 1)
        if abs(step) < 0.1 * bar or 2 * len(place) * len(points) > MOST:
            break
        cells *= 2
    return value - step, abs(step), bracket(law, fine, points, g) if bracketed else None


def spread(points, variance, length):
    return Gaussians(points, math.sqrt(variance), np.ones(len(points)), length)


def random_law(random, dim, length, spacing):
    count = random.integers(1, 5)
    narrow = random.random() < 0.3
    sigma = spacing.max() * random.uniform(1.2, 2.5, count) if narrow else length.min() * np.exp(random.uniform(math.log(0.06), math.log(0.25), count))
    sigma = np.maximum(sigma, 1.2 * spacing.max())
    return Gaussians(random.random((count, dim)) * length, sigma, random.uniform(0.2, 1, count), length)


def list_of(x):
    return json.dumps(np.asarray(x).tolist())


def run(seed, random):
    dim = (1, 2, 2, 3)[seed % 4]
    length = random.uniform(1.3, 4.2, dim)
    low, high = ((24, 97), (24, 65), (10, 17))[dim - 1]
    shape = random.integers(low, high, dim)
    spacing = length / shape
    law = random_law(random, dim, length, spacing)
    count = int(round(10 ** random.uniform(1, 3)))
    other = random.random()
    source = law if other < 0.6 else random_law(random, dim, length, spacing)
    samples = source.draw(random, count)
    if other < 0.3:
        samples = samples + 0.1 * length * random.uniform(-1, 1, dim)
    points = law.draw(random, int(round(10 ** random.uniform(1, 3)))) if random.random() < 0.45 else None
    sigma_min = spacing.max() * random.uniform(1.8, 3)
    np.save(f"{folder}/samples.npy", samples % length)
    density = f"mixture: {{means: {list_of(law.means)}, sigma: {list_of(law.sigma)}, weights: {list_of(law.weights)}}}"
    if points is not None:
        np.save(f"{folder}/law.npy", points % length)
        density = "samples: law.npy, background: 1e-9"
    with open(f"{folder}/x.yaml", "w") as file:
        file.write(f"grid: {{shape: {list_of(shape)}, lower: {[0] * dim}, length: {list_of(length)}}}\n"
                   f"density: {{{density}}}\nnoise: {{sigma_min: {sigma_min}, sigma_max: {2.5 * sigma_min}}}\n"
                   "tolerance: 1e-2\nbudget: {samples: samples.npy, class: none, prior: exact, steps: 0}\n")
    done = subprocess.run([program, "budget", f"{folder}/x.yaml", "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        print(f"# {seed}: {done.stderr.strip()[:200]}", flush=True)
        return
    report = json.loads(done.stdout)
    found = {"P_Q": report["square"]["truth_samples"], "Q_QG": report["square"]["samples_smoothed"]}
    bracketed = seed % 5 == 0
    noisy = spread(samples, sigma_min**2, length)
    if points is not None:
        rung = {r["name"]: r["from_truth"]["w1"] for r in report["rungs"]}
        found |= {"P_PG": rung["stop"], "P_QG": rung["objective"], "P_QG_side": report["square"]["truth_samples_stopped"]}
    for name, w in found.items():
        bar = w["error"]
        if name == "P_Q" and points is not None:
            if dim == 1:
                exact = circle(steps_of(points, length[0]), steps_of(samples, length[0]), length[0]), length[0] / 2**19, None
            else:
                p = np.full(len(points), 1 / len(points))
                exact = transport(points, p, samples, length)[0], 0.0, None
        elif name == "P_Q":
            exact = semidiscrete(law, samples, bar, bracketed)
        elif name == "Q_QG":
            exact = semidiscrete(noisy, samples, bar, bracketed)
        elif name == "P_PG":
            exact = semidiscrete(spread(points, sigma_min**2, length), points, bar, bracketed)
        elif name == "P_QG":
            exact = diagonal = semidiscrete(noisy, points, min(bar, found["P_QG_side"]["error"]), bracketed)
        else:
            exact = diagonal
        ratio = (w["value"] - exact[0]) / bar
        sides = f"{exact[2][0]:.6g} {exact[2][1]:.6g}" if exact[2] else "- -"
        kind = "points" if points is not None else "density"
        print(f"{seed} {dim} {kind} {name} {count} {w['value']:.6g} {bar:.3g} {exact[0]:.6g} {exact[1]:.2g} {ratio:.3f} {sides}",
              flush=True)


for seed in range(first, last + 1):
    run(seed, np.random.default_rng(777000 + seed))
