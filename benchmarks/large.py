"""Proofs of large problems: how many, how long, how much memory.

    python benchmarks/large.py [--n-jobs 2]

Two Gaussian problems, and Fashion-MNIST (from ``$NCLIB_DATA``, or downloaded)
at 500 images a class and whole. Each runs in a process of its own, so that
its peak memory is its own.
"""

import argparse
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

import nclib


def opposed():
    """K = 2, n = 1600, d = 2000: just below the boundary."""
    means = nclib.two_cluster_means(2000, np.pi)
    return *nclib.GaussianMixture(means, 0.5).sample(1600, seed=0), [0]


def many_classes():
    """N = 2000, d = 512, K = 100."""
    means = nclib.orthonormal_means(100, 512)
    return *nclib.GaussianMixture(means, 1.0).sample(20, seed=0), None


def fashion():
    """Fashion-MNIST, 500 images a class."""
    return *nclib.fashion_mnist(500), None


def all_fashion():
    """Fashion-MNIST, all 60,000 images."""
    return *nclib.fashion_mnist(6000), None


def measure(problem, n_jobs):
    X, y, classes = problem()
    started = time.perf_counter()
    decision = nclib.decide(X, y, classes, n_jobs=n_jobs)
    seconds = time.perf_counter() - started
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = decision.classes.values()
    return (
        f"{problem.__doc__:38} {sum(c.verified for c in answers):3d} of "
        f"{len(answers):3d} proved, {sum(c.feasible for c in answers):3d} "
        f"feasible, {seconds:6.2f} s, data {X.nbytes / 1e9:.2f} GB, process "
        f"{peak / 1e9:.2f} GB"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-jobs", type=int, default=2)
    n_jobs = parser.parse_args().n_jobs
    for problem in (opposed, many_classes, fashion, all_fashion):
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            print(fresh.submit(measure, problem, n_jobs).result(), flush=True)


if __name__ == "__main__":
    main()
