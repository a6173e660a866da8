"""W1 of `rotgrad transport` against POT's exact solver on the lattice."""

import json
import subprocess
import sys

from pot import folder, np, ot, program

random = np.random.default_rng(20261)
failures = 0


def smooth(shape):
    axes = np.meshgrid(*[2 * np.pi * np.arange(n) / n for n in shape], indexing="ij")
    phase = random.uniform(0, 6, (len(shape), 2))
    waves = sum(1.4 * np.cos(x + f[0]) + 0.5 * np.cos(2 * x + f[1]) for x, f in zip(axes, phase))
    return np.exp(waves)


def rough(shape):
    return random.exponential(size=shape) ** 2


def points(shape):
    density = np.zeros(shape)
    density.flat[random.choice(density.size, 3, replace=False)] = 1, 2, 3
    return density


def exact(p, q, length, free):
    """Masses that both have stay where they are, which is optimal for a distance; POT moves the rest."""
    index = [np.indices(p.shape)[a].ravel() * length[a] / p.shape[a] for a in range(p.ndim)]
    difference = (p - q).ravel()
    source, sink = np.flatnonzero(difference > 0), np.flatnonzero(difference < 0)
    square = 0
    for x, size in zip(index, length):
        d = np.abs(x[source][:, None] - x[sink][None, :])
        square = square + (d if free else np.minimum(d, size - d)) ** 2
    mass = difference[source].sum()
    sinks = -difference[sink] * mass / -difference[sink].sum()
    return ot.emd2(difference[source], sinks, np.sqrt(square), numItermax=10**7)


def check(name, p, q, length, free):
    global failures
    p, q = p / p.sum(), q / q.sum()
    np.save(f"{folder}/p.npy", p)
    np.save(f"{folder}/q.npy", q)
    box = ",".join(f"0:{x}" for x in length)
    command = [program, "transport", "--from", f"{folder}/p.npy", "--to", f"{folder}/q.npy", "--scale", "--json",
               "--box", box] + (["--free"] if free else [])
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    wanted, value, error = exact(p, q, length, free), found["w1"]["value"], found["w1"]["error"]
    below = found["lower"] / found["lipschitz"]
    good = abs(value - wanted) <= error and below <= wanted * (1 + 1e-9)
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {name:28s} exact {wanted:.6f} found {value:.6f} +- {error:.6f}, at least {below:.6f}")


for shape in (16, 16), (24, 19), (32, 32), (12, 12, 12):
    length = (2.3, 1.7, 3.1)[: len(shape)]
    for free in False, True:
        for first, second in (smooth, smooth), (rough, smooth), (rough, rough), (points, smooth), (points, points):
            name = f"{'x'.join(map(str, shape))} {first.__name__}-{second.__name__}{' free' if free else ''}"
            check(name, first(shape), second(shape), length, free)
sys.exit(failures > 0)
