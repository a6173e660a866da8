"""W1(P, P') of `rotgrad budget` against POT's exact solver: the points themselves, not their masses on a grid, against a
fine quadrature of the law or against other points.

A quadrature of spacing h moves a law's cells to their centres; what that does to W1 falls like h^2, and two of them give the
limit and its error."""

import json
import subprocess
import sys

from pot import folder, np, ot, program

random = np.random.default_rng(20265)
failures = 0
means = np.array([[0.7, 1.9, 0.4], [1.5, 0.6, 1.3], [0.5, 0.4, 0.9]])
weights = np.array([0.5, 0.3, 0.2])
length = np.array([2.3, 2.6, 2.1])
sigma = 0.21


def density(dim, n):
    """Masses of cells, and their centres: those that matter."""
    centre = [(np.arange(n) + 0.5) * size / n for size in length[:dim]]
    mass = 0
    for mean, weight in zip(means, weights):
        part = weight
        for a in range(dim):
            turns = (centre[a][:, None] - mean[a] + length[a] * np.arange(-2, 3)) / sigma
            part = np.multiply.outer(part, np.exp(-0.5 * turns**2).sum(1))
        mass = mass + part
    mass = mass.ravel()
    kept = mass > 1e-9 * mass.sum()
    place = np.stack(np.meshgrid(*centre, indexing="ij"), -1).reshape(-1, dim)[kept]
    return place, mass[kept] / mass[kept].sum()


def draw(dim, count):
    which = random.choice(3, count, p=weights)
    return means[which, :dim] + sigma * random.normal(size=(count, dim))


def distance(x, p, y):
    square = 0
    for a in range(x.shape[1]):
        d = np.abs(x[:, None, a] - y[None, :, a]) % length[a]
        square = square + np.minimum(d, length[a] - d) ** 2
    return ot.emd2(p, np.full(len(y), 1 / len(y)), np.sqrt(square), numItermax=10**8)


def to_the_density(dim, points, sizes):
    rough, fine = (distance(*density(dim, n), points) for n in sizes)
    step = (rough - fine) / ((sizes[1] / sizes[0]) ** 2 - 1)
    return fine - step, abs(step)


def mixture(dim):
    rows = [[float(x) for x in row[:dim]] for row in means]
    return f"mixture: {{means: {rows}, sigma: {sigma}, weights: {[float(x) for x in weights]}}}"


def check(name, dim, shape, law, points, exact, most):
    global failures
    np.save(f"{folder}/points.npy", points)
    with open(f"{folder}/x.yaml", "w") as file:
        file.write(f"grid: {{shape: {[shape] * dim}, lower: {[0] * dim}, length: {[float(x) for x in length[:dim]]}}}\n"
                   f"density: {{{law}}}\nnoise: {{sigma_min: 0.25, sigma_max: 0.6}}\ntolerance: 1e-2\n"
                   "budget: {samples: points.npy, class: none, prior: exact, steps: 0}\n")
    found = json.loads(subprocess.run([program, "budget", f"{folder}/x.yaml", "--json"], check=True,
                                      capture_output=True, text=True).stdout)["square"]["truth_samples"]
    value, error = found["value"], found["error"]
    good = abs(value - exact[0]) <= error + exact[1] and error <= most * value
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {name:34s} exact {exact[0]:.5f} +- {exact[1]:.5f}, found {value:.5f} +- {error:.5f}", flush=True)


for count in 40, 200, 800:
    x = draw(2, count)
    check(f"{count} points, density, 2-D", 2, 40, mixture(2), x, to_the_density(2, x, (60, 90)), 0.1)
x = draw(1, 60)
check("60 points, density, 1-D", 1, 40, mixture(1), x, to_the_density(1, x, (1000, 2000)), 0.1)
x = draw(3, 100)
check("100 points, density, 3-D", 3, 14, mixture(3), x, to_the_density(3, x, (20, 28)), 0.25)
x, y = draw(2, 900), draw(2, 150) + [0.1, -0.05]
np.save(f"{folder}/law.npy", x)
check("150 points, 900 points, 2-D", 2, 40, "samples: law.npy, background: 1e-9", y,
      (distance(x, np.full(900, 1 / 900), y), 0), 0.1)
sys.exit(failures > 0)
