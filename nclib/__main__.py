"""Command line: ``python -m nclib decide | figure | ledger``."""

import argparse
import importlib
import inspect
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, groupby
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from nclib import ledger
from nclib._checks import check_output
from nclib._files import replacing
from nclib.feasibility import decide
from nclib.figures import SCALES


def _decide(arguments):
    with np.load(arguments.data) as data:
        missing = {"X", "y"} - set(data.files)
        if missing:
            raise ValueError(
                f"data must hold the arrays X and y, {arguments.data} lacks "
                f"{', '.join(sorted(missing))}"
            )
        decision = decide(data["X"], data["y"])
    print(decision)
    for label, answer in decision.classes.items():
        print(f"class {label}: {answer.message}")
    return {True: 0, False: 1, None: 2}[decision.occurs]


def _figure(arguments):
    # The other commands need no matplotlib.
    from matplotlib.backend_bases import FigureCanvasBase

    figure = importlib.import_module(
        f"nclib.figures.figure_{arguments.number}"
    )
    options = {}
    for name in ("design", "method", "minutes", "widths"):
        value = getattr(arguments, name)
        if value is not None:
            options[name] = value
    # What takes hours must not fail at its end.
    known = inspect.signature(figure.run).parameters
    for name in options:
        if name not in known:
            raise ValueError(
                f"figure {arguments.number} has no option "
                f"--{name.removesuffix('s')}"
            )
    pictures = sorted(FigureCanvasBase.get_supported_filetypes())
    check_output("--out", arguments.out, pictures)
    if arguments.record:
        check_output("--record", arguments.record, ["npz"])
    result = figure.run(
        scale=arguments.scale,
        seed=arguments.seed,
        n_jobs=arguments.jobs,
        **options,
    )
    if arguments.record:
        result.save(arguments.record)
    drawing = figure.draw(result)
    drawing.savefig(arguments.out, dpi=150, facecolor="white")
    print(f"{arguments.out}: {result.provenance}")
    return 0


def _ledger(arguments):
    known = ledger.claims()
    ids = arguments.id or list(known)
    # The claims of a chapter share what they compute, so they stay together.
    pages = groupby(ids, lambda id: known[id].page if id in known else None)
    pages = [list(page) for _, page in pages]
    # By the name that other processes import: here it may be __main__.
    own = importlib.import_module("nclib.__main__")
    run = partial(own._run, scale=arguments.scale)
    if arguments.jobs == 1:
        found = [run(page) for page in pages]
    else:
        # The sweeps of one chapter do not take the cores of the others.
        os.environ["LOKY_MAX_CPU_COUNT"] = "1"
        spawn = get_context("spawn")
        with ProcessPoolExecutor(arguments.jobs, mp_context=spawn) as pool:
            found = list(pool.map(run, pages))
    outcomes = list(chain.from_iterable(found))
    failed = sum(not outcome.holds for outcome in outcomes)
    print(f"{len(outcomes) - failed} hold, {failed} fail")
    if arguments.json:
        with replacing(arguments.json) as file:
            file.write(ledger.Table(outcomes).to_json().encode())
    return int(failed > 0)


def _run(ids, scale):
    """Outcomes of claims, each told at once."""
    outcomes = []
    for id in ids:
        outcomes.append(ledger.run(id, scale=scale))
        print(ledger.Table(outcomes[-1:]), flush=True)
    return outcomes


def main(argv=None):
    """Run one command; the exit status says what it found."""
    parser = argparse.ArgumentParser(prog="python -m nclib")
    commands = parser.add_subparsers(required=True)

    one = commands.add_parser(
        "decide", help="decide collapse; exit 0 yes, 1 no, 2 undecided"
    )
    one.add_argument("data", type=Path, help=".npz file with X and y")
    one.set_defaults(command=_decide)

    one = commands.add_parser("figure", help="simulate and draw a figure")
    one.add_argument("number", type=int, choices=range(1, 7))
    one.add_argument("--scale", choices=SCALES)
    one.add_argument("--design", choices=("nested", "independent"))
    one.add_argument("--method", help="figures 3-6: sgd, flow or lbfgs")
    one.add_argument(
        "--minutes",
        type=float,
        help="figure 6: wall time a net; the same call goes on from there",
    )
    one.add_argument(
        "--width",
        type=int,
        action="append",
        dest="widths",
        help="figure 6: only this width, repeatable",
    )
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--jobs", type=int)
    one.add_argument("--out", type=Path, required=True, help="picture")
    one.add_argument("--record", type=Path, help="result as .npz")
    one.set_defaults(command=_figure)

    one = commands.add_parser("ledger", help="run claims; exit 1 on failure")
    one.add_argument("--id", action="append", help="claim, repeatable")
    one.add_argument("--scale", choices=SCALES)
    one.add_argument("--json", type=Path, help="write the outcomes here too")
    one.add_argument(
        "--jobs", type=int, default=1, help="chapters side by side"
    )
    one.set_defaults(command=_ledger)

    arguments = parser.parse_args(argv)
    try:
        return arguments.command(arguments)
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
