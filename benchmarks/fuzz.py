"""`nclib.decide` on small instances of every kind against exact arithmetic.

    python benchmarks/fuzz.py [--instances 100000] [--seed 0] [--jobs 2]
                              [--kind KIND]

The kinds are in `tests/instances.py`. The columns are

    feasible  share of them that are
    None      share of them that decide leaves open
    bare      share of its answers that come without beta and (u, s)
    wrong     wrong answers
    worse     numbers less accurate than stated
    other     contradictions in the answer, errors and warnings
    accuracy  worst that is stated
    ms        median time of decide

Exits with status 1, and prints the first such instance in hexadecimal floats,
if anything is wrong, worse or other. Nothing but the time depends on --jobs.
100,000 instances take a few minutes.
"""

import argparse
import sys
from pathlib import Path

import joblib
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fuzzing import compare  # noqa: E402
from instances import KINDS  # noqa: E402

CHUNK = 250


def compare_chunk(kind, size, seed):
    """The comparisons, and the first instance with a fault."""
    rng = np.random.default_rng(seed)
    found, offending = [], None
    with threadpool_limits(1):
        for _ in range(size):
            instance = KINDS[kind](rng)
            found.append(compare(*instance))
            if found[-1].fault and offending is None:
                offending = found[-1], instance
    return kind, found, offending


def chunks(kinds, instances, seed):
    """Kind, size and seed of every chunk; the kinds share evenly."""
    seeds = dict(
        zip(KINDS, np.random.SeedSequence(seed).spawn(len(KINDS)), strict=True)
    )
    for i, kind in enumerate(kinds):
        left = (instances + i) // len(kinds)
        while left > 0:
            yield kind, min(left, CHUNK), seeds[kind].spawn(1)[0]
            left -= CHUNK


def row(kind, found):
    """The line of the table for one kind, a cell for every heading."""
    answered = [c for c in found if c.feasible is not None]
    stated = [c.accuracy for c in answered if c.numbers]
    bare = (len(answered) - len(stated)) / max(len(answered), 1)
    faults = [c.fault for c in found]
    other = faults.count("inconsistent") + faults.count("raised")
    return {
        "kind": f"{kind:15}",
        "number": f"{len(found):6}",
        "feasible": f"{np.mean([c.exact for c in found]):8.3f}",
        "None": f"{1 - len(answered) / len(found):7.3%}",
        "bare": f"{bare:7.3%}",
        "wrong": f"{faults.count('wrong'):5}",
        "worse": f"{faults.count('inaccurate'):5}",
        "other": f"{other:5}",
        "accuracy": f"{max(stated, default=np.nan):8.1e}",
        "ms": f"{1e3 * np.median([c.seconds for c in found]):4.2f}",
    }


def table(results):
    everything = sum(results.values(), start=[])
    rows = [row(*item) for item in [*results.items(), ("all", everything)]]
    widths = [len(cell) for cell in rows[0].values()]
    heading = (
        name.ljust(width) if name == "kind" else name.rjust(width)
        for name, width in zip(rows[0], widths, strict=True)
    )
    lines = [heading, *(r.values() for r in rows)]
    return "\n".join(map(" ".join, lines))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kind", choices=KINDS)
    options = parser.parse_args(arguments)
    kinds = [options.kind] if options.kind else list(KINDS)
    tasks = list(chunks(kinds, options.instances, options.seed))
    run = joblib.Parallel(n_jobs=options.jobs, return_as="generator")
    results, first = {kind: [] for kind in kinds}, None
    with tqdm(total=options.instances, unit="instance") as bar:
        for kind, found, offending in run(
            joblib.delayed(compare_chunk)(*task) for task in tasks
        ):
            results[kind] += found
            first = first or (offending and (kind, *offending))
            bar.update(len(found))
    print(table({k: found for k, found in results.items() if found}))
    if first is None:
        return 0
    kind, found, (X_in, X_out) = first
    print(f"\nfirst fault, {kind}: {found.fault}, {found.detail}")
    for name, X in (("X_in", X_in), ("X_out", X_out)):
        print(f"{name} = {[[v.hex() for v in row] for row in X.tolist()]}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
