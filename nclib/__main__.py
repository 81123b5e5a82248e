"""Command line: ``python -m nclib decide | verify | figure | ledger``."""

import argparse
import importlib
import inspect
import json
import os
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, groupby
from multiprocessing import get_context
from pathlib import Path

try:
    from nclib import ledger
    from nclib._files import check_writable, one_line, replacing
    from nclib._tables import LAYOUT, read_data
    from nclib.decisions import Decision, OtherData, fingerprint
    from nclib.feasibility import decide
    from nclib.figures import SCALES
except ImportError as error:
    # Half an installation: Python would exit with 1, and that means no.
    print(f"error: {error}", file=sys.stderr)
    raise SystemExit(3) from error

# An answer has a status of its own, and no failure has that of an answer.
_YES, _NO, _OPEN, _BAD_INPUT, _OTHER_DATA, _FAILED = range(6)
_STATUSES = """\
exit status:
  0  yes: every class can collapse, proved
  1  no: some class cannot collapse, proved
  2  no answer: undecided, not proved, or classes are missing
  3  bad input: the command line, or a file that is missing, damaged or
     of another kind, or that cannot be written
  4  the proof is about other data
  5  nclib itself failed
"""


def _decide(arguments):
    if arguments.save:
        check_writable(arguments.save)
    decision = decide(*read_data(arguments.data))
    try:
        return _told(decision, arguments.json)
    finally:
        # Told or saved: neither a full disk nor a closed pipe loses both.
        if arguments.save:
            decision.save(arguments.save)


def _verify(arguments):
    X, y = read_data(arguments.data)
    # Compared before a certificate is unpacked: it is no larger than these.
    proof = Decision.load(arguments.proof, fingerprint(X, y))
    return _told(proof.check(X, y), arguments.json)


def _told(decision, as_json):
    """Print a decision; the status that it has."""
    status = {True: _YES, False: _NO, None: _OPEN}[decision.occurs]
    if as_json:
        print(json.dumps({"status": status, **decision.to_dict()}, indent=1))
        return status
    print(decision)
    for label, answer in decision.classes.items():
        print(f"class {label}: {answer.message}")
    return status


def _figure(arguments):
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
    # No other command needs matplotlib.
    from matplotlib.backend_bases import FigureCanvasBase

    kinds = sorted(FigureCanvasBase.get_supported_filetypes())
    if arguments.out.suffix[1:] not in kinds:
        raise ValueError(
            f"--out must end in one of .{', .'.join(kinds)}, got "
            f"{arguments.out}"
        )
    check_writable(arguments.out)
    if arguments.record:
        check_writable(arguments.record)
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
    parser = _Parser(prog="python -m nclib")
    commands = parser.add_subparsers(required=True)

    form = dict(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_STATUSES,
    )
    one = commands.add_parser(
        "decide", help="decide collapse; exit 0 yes, 1 no, 2 no answer", **form
    )
    one.add_argument("data", type=Path, help=LAYOUT)
    one.add_argument(
        "--save", type=Path, metavar="PROOF", help=".npz file for `verify`"
    )
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(command=_decide)

    one = commands.add_parser(
        "verify",
        help="prove a saved decision again, solving nothing",
        **form,
    )
    one.add_argument("proof", type=Path, help="what `decide --save` wrote")
    one.add_argument("data", type=Path, help=LAYOUT)
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(command=_verify)

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
    except OtherData as error:
        return _refused(error, _OTHER_DATA)
    except (ValueError, TypeError, OSError, ImportError) as error:
        return _refused(error, _BAD_INPUT)
    except MemoryError:
        return _refused("the data need more memory", _BAD_INPUT)
    except Exception:
        # Left to itself, Python would exit with 1.
        traceback.print_exc()
        return _FAILED


def _refused(error, status):
    print(f"error: {one_line(error)}", file=sys.stderr)
    return status


class _Parser(argparse.ArgumentParser):
    """Exits with a status of its own: argparse takes 2, an answer here."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(_BAD_INPUT, f"{self.prog}: error: {message}\n")


if __name__ == "__main__":
    sys.exit(main())
