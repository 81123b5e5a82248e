"""Metrics of features that come in batches: time, memory, and digits.

    python benchmarks/streaming.py [--other FOLDER] [--record PATH]

Two sets of features, as of a ResNet-18 on 60,000 images of 10 classes and of
a ResNet-50 on 50,000 images of 1,000 classes, drawn batch by batch. Routes:
`nclib.Accumulator`; `nclib.nc_metrics` on the whole array; and, given the
FOLDER of a checkout of github.com/rhubarbwu/neural-collapse, its accumulators
in both precisions, which pass over the data three times. Each runs in a
process of its own. Memory is the peak of that process less what it had before
it saw data; time is that of the processor in the metrics, not in drawing the
features; set OMP_NUM_THREADS=1 to compare it. At the end the numbers that two
routes define alike are compared.
"""

import argparse
import datetime
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import scipy

BATCH = 500
PROBLEMS = {"resnet18": (60_000, 512, 10), "resnet50": (50_000, 2_048, 1_000)}
ROUTES = ("accumulator", "whole array", "other float32", "other float64")


def batches(problem):
    """Features and labels; the same at every call."""
    N, D, K = PROBLEMS[problem]
    rng = np.random.default_rng(0)
    means = rng.random((K, D), dtype=np.float32)
    for _ in range(N // BATCH):
        y = rng.integers(0, K, BATCH)
        H = means[y] + 0.3 * rng.standard_normal((BATCH, D), dtype=np.float32)
        yield np.maximum(H, 0), y


def classifier(problem):
    _, D, K = PROBLEMS[problem]
    return np.random.default_rng(1).normal(size=(D, K))


class Clock:
    """Seconds of the processor inside the metrics, not the features."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self, function, *arguments, **options):
        started = time.process_time()
        result = function(*arguments, **options)
        self.seconds += time.process_time() - started
        return result


def ours(problem, clock):
    import nclib

    _, D, K = PROBLEMS[problem]
    W = classifier(problem)
    ready()
    acc = nclib.Accumulator(K, D)
    for H, y in batches(problem):
        clock(acc.update, H, y)
    metrics = clock(acc.metrics, W)
    shape = clock(acc.geometry, W)
    first = clock.seconds
    agree = clock(acc.agreement, (H for H, _ in batches(problem)), W)
    # The features of that pass are drawn while the clock runs.
    clock.seconds = first
    return {
        **metrics._asdict(),
        "simplex": shape.simplex,
        "cdnv": shape.cdnv,
        "alignment": shape.alignment,
        "agreement": agree,
    }


def whole(problem, clock):
    import nclib

    N, D, _ = PROBLEMS[problem]
    W = classifier(problem)
    ready()
    H, y = np.empty((N, D), np.float32), np.empty(N, int)
    for i, (H_part, y_part) in enumerate(batches(problem)):
        part = slice(i * BATCH, (i + 1) * BATCH)
        H[part], y[part] = H_part, y_part
    return clock(nclib.nc_metrics, H, W, y)._asdict()


def other(problem, clock, folder, dtype):
    sys.path.insert(0, folder)
    import torch
    from neural_collapse import accumulate, measure

    _, D, K = PROBLEMS[problem]
    dtype = getattr(torch, dtype)
    W = torch.from_numpy(classifier(problem).T).to(dtype).contiguous()
    ready()

    def tensors():
        for H, y in batches(problem):
            yield torch.from_numpy(H).to(dtype), torch.from_numpy(y)

    mean = accumulate.MeanAccumulator(K, D, dtype=dtype)
    for H, y in tensors():
        clock(mean.accumulate, H, y)
    M, center = clock(mean.compute)
    within = accumulate.CovarAccumulator(K, D, dtype=dtype, M=M)
    norms = accumulate.VarNormAccumulator(K, D, dtype=dtype, M=M)
    for H, y in tensors():
        clock(within.accumulate, H, y, M)
        clock(norms.accumulate, H, y, M)
    scatter, (variances, _) = clock(within.compute), clock(norms.compute)
    result = {
        "nc1": clock(measure.covariance_ratio, scatter, M, center),
        "simplex": clock(measure.simplex_etf_error, M, center),
        "cdnv": clock(measure.variability_cdnv, variances, M, tile_size=50),
        "alignment": clock(measure.self_duality_error, W, M, center),
    }
    seconds = clock.seconds
    decided = accumulate.DecAccumulator(K, D, dtype=dtype, M=M, W=W)
    for H, y in tensors():
        clock(decided.accumulate, H, y, W, M)
    result["agreement"] = clock(measure.clf_ncc_agreement, decided)
    clock.seconds = seconds
    return result


def peak():
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def ready():
    """Everything is imported: what comes on top is the route's own."""
    global before
    before = peak()


def measured(problem, route, folder):
    clock = Clock()
    if route == "accumulator":
        values = ours(problem, clock)
    elif route == "whole array":
        values = whole(problem, clock)
    else:
        values = other(problem, clock, folder, route.split()[1])
    return {
        "seconds": clock.seconds,
        "bytes": peak() - before,
        "process": peak(),
        "values": values,
    }


def gaps(results):
    """Relative distance of every number of a route from the accumulator's."""
    reference = results["accumulator"]["values"]
    return {
        route: {
            name: abs(value / reference[name] - 1)
            for name, value in result["values"].items()
        }
        for route, result in results.items()
        if route != "accumulator"
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--other", help="a checkout of neural-collapse")
    parser.add_argument("--record", help="write the numbers to this JSON file")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(*options.one, options.other)))
        return
    tables = []
    for problem, (N, D, K) in PROBLEMS.items():
        print(f"{problem}: {N} x {D}, K = {K}, {4e-6 * N * D:.0f} MB")
        results = {}
        for route in ROUTES[: 4 if options.other else 2]:
            command = [sys.executable, __file__, "--one", problem, route]
            if options.other:
                command += ["--other", options.other]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            results[route] = json.loads(done.stdout)
            seconds, size, process = (
                results[route][k] for k in ("seconds", "bytes", "process")
            )
            print(
                f"  {route:14} {seconds:7.2f} s {size / 1e6:7.0f} MB, "
                f"process {process / 1e6:5.0f} MB"
            )
        for route, found in gaps(results).items():
            text = ", ".join(
                f"{name} {gap:.0e}" for name, gap in found.items()
            )
            print(f"  {route:14} relative gap: {text}")
        rows = {
            route: {k: v for k, v in result.items() if k != "values"}
            for route, result in results.items()
        }
        tables.append(
            dict(N=N, D=D, K=K, routes=rows, relative_gaps=gaps(results))
        )
    if options.record:
        record = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": f"{platform.system()} {platform.machine()}, one thread",
            "command": "python benchmarks/streaming.py --other FOLDER",
            "versions": {"numpy": np.__version__, "scipy": scipy.__version__},
            "tables": tables,
        }
        Path(options.record).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
