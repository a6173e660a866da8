"""The flat split as NumPy, SciPy and pyFFTW do it: peers.py SIZE THREADS, SIZE like 128x128x128.

The benchmark runs it with $PYTHON, or python3. Prints for each library its name and milliseconds (the median of three), or why it was skipped. Both parts, double
precision, wavenumber 0 at Nyquist; wavenumbers are made beforehand.
"""
import importlib
import sys
import time


def split(np, forward, back, k, e):
    modes = forward(e)
    kk = sum(k_a * k_a for k_a in k)
    kk[kk == 0] = 1
    along = sum(k_a * mode for k_a, mode in zip(k, modes)) / kk
    gradient = back(np.stack([k_a * along for k_a in k]))
    return gradient, e - gradient


def wavenumbers(np, shape):
    k = []
    for axis, n in enumerate(shape):
        last = axis == len(shape) - 1
        k_axis = np.arange(n // 2 + 1) if last else np.fft.fftfreq(n, 1 / n)
        if n % 2 == 0:
            k_axis = np.where(np.abs(k_axis) == n // 2, 0, k_axis)
        k.append(k_axis.astype(float).reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    return k


def transforms(library, shape, threads):
    axes = tuple(range(1, len(shape) + 1))
    module = importlib.import_module({"numpy": "numpy.fft", "scipy": "scipy.fft", "pyfftw": "pyfftw"}[library])
    options = {"numpy": {}, "scipy": {"workers": threads}, "pyfftw": {"threads": threads}}[library]
    if library == "pyfftw":
        module.interfaces.cache.enable()
        module.interfaces.cache.set_keepalive_time(600)
        module = module.interfaces.numpy_fft
        options["planner_effort"] = "FFTW_MEASURE"
    return (lambda e: module.rfftn(e, axes=axes, **options),
            lambda modes: module.irfftn(modes, s=shape, axes=axes, **options))


def main(size, threads):
    shape = tuple(int(n) for n in size.split("x"))
    for library in ("numpy", "scipy", "pyfftw"):
        try:
            np = importlib.import_module("numpy")
            forward, back = transforms(library, shape, int(threads))
        except ImportError as error:
            print(library, "skipped:", error, flush=True)
            continue
        e = np.random.default_rng(1).standard_normal((len(shape), *shape))
        k = wavenumbers(np, shape)
        split(np, forward, back, k, e)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            split(np, forward, back, k, e)
            seconds.append(time.perf_counter() - start)
        print(library, 1e3 * sorted(seconds)[1], flush=True)


main(*sys.argv[1:])
