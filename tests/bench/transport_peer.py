"""Exact optimal transport of the benchmark's mixtures at 64 x 64, by POT: prints "pot MILLISECONDS MEGABYTES"."""

import resource
import sys
import time

try:
    import numpy as np
    import ot
except ImportError as missing:
    print(f"pot skipped: {missing}")
    sys.exit(0)


def blob(x, centre, sigma):
    square = sum((d - np.round(d)) ** 2 for d in (x[0] - centre[0], x[1] - centre[1]))
    depth = (0.5 * sum(centre)) ** 2 if sum(centre) < 1 else (1 - 0.5 * sum(centre)) ** 2
    return np.exp(-(square + depth) / (2 * sigma**2)) / sigma**2


n = 64
x = np.indices((n, n)) / n
q = 0.4 * blob(x, (0.3, 0.4), 0.07) + 0.6 * blob(x, (0.7, 0.6), 0.1)
p = 0.55 * blob(x, (0.35, 0.42), 0.08) + 0.45 * blob(x, (0.72, 0.5), 0.09)
p, q = (p / p.sum()).ravel(), (q / q.sum()).ravel()
begin = time.perf_counter()
square = 0
for axis in x:
    d = np.abs(axis.ravel()[:, None] - axis.ravel()[None, :])
    square = square + np.minimum(d, 1 - d) ** 2
ot.emd2(p, q, np.sqrt(square), numItermax=10**8)
took = time.perf_counter() - begin
print(f"pot {1e3 * took:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
