"""Break the mathematics on purpose: does a claim or a test notice?

    python benchmarks/mutate.py [--sample 330] [--seed 13] [--jobs 2]
                                [--budget 300] [--only TEXT] [--list]
                                [--out FILE]

Each mutant changes one number, sign, operator or comparison in a copy of
nclib: those of `mutants.py`, chosen by hand, and a random sample of all that
there are in the modules below. The claims (at the quick scale) and the tests
that execute the changed line then run, each until the first failure, and the
table says who notices. What executes which line is measured first, with
coverage. About two hours on two cores; exit status 1 if a mutant survives
both.
"""

import argparse
import ast
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[1]
SAMPLED = (
    "certificates",
    "bounds",
    "asymptotics",
    "generalization",
    "relaxation",
    "kernels",
    "metrics",
    "feasibility",
    "training/flow",
    "training/gram",
    "training/lbfgs",
    "training/sgd",
)
TESTS = (
    "asymptotics",
    "bounds",
    "certificates",
    "curves",
    "data",
    "exact_lp",
    "feasibility",
    "figure_6",
    "figures",
    "fuzz",
    "generalization",
    "kernels",
    "metrics",
    "networks",
    "projection",
    "training",
    "transition",
    "upfm",
)
# Seconds after which a mutant is taken to run for ever.
LIMIT = 300
SWAPS = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.Lt: ("<", ">"),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", "<"),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}


def sites(source):
    """All (offset, old, new, line) of one-place changes of a module.

    Numbers grow by one, fractions by half, tolerances a thousandfold; signs
    vanish, operators and comparisons turn. Texts, annotations and what an
    error says are left alone.
    """
    lines = source.splitlines(keepends=True)
    starts = np.cumsum([0] + [len(line.encode()) for line in lines])
    data = source.encode()

    def at(node, end=False):
        if end:
            return int(starts[node.end_lineno - 1]) + node.end_col_offset
        return int(starts[node.lineno - 1]) + node.col_offset

    def between(left, right, old, new, line):
        start, stop = at(left, end=True), at(right)
        place = data.find(old.encode(), start, stop)
        if place >= 0:
            yield place, old, new, line

    def visit(node, line):
        if isinstance(node, ast.stmt):
            line = node.lineno
        if isinstance(node, (ast.Raise, ast.JoinedStr, ast.arg)):
            return
        if isinstance(node, ast.Constant):
            if type(node.value) in (int, float):
                old = data[at(node) : at(node, end=True)].decode()
                value = node.value
                if type(value) is int:
                    new = str(value + 1)
                elif value == 0:
                    new = "1.0"
                else:
                    small = abs(value) < 1e-3
                    new = repr(value * (1000.0 if small else 1.5))
                yield at(node), old, new, line
            return
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.USub):
                yield at(node), "-", "+", line
            elif isinstance(node.op, ast.Not):
                yield at(node), "not", "", line
        if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
            yield from between(
                node.left, node.right, *SWAPS[type(node.op)], line
            )
        if isinstance(node, ast.BoolOp):
            yield from between(*node.values[:2], *SWAPS[type(node.op)], line)
        if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield from between(
                node.left,
                node.comparators[0],
                *SWAPS[type(node.ops[0])],
                line,
            )
        for child in ast.iter_child_nodes(node):
            yield from visit(child, line)

    yield from visit(ast.parse(source), 1)


def chosen_mutants(count, seed):
    """(module, offset, old, new, line) by hand, then the sample."""
    found = []
    for module, old, new in MUTANTS:
        source = (ROOT / "nclib" / f"{module}.py").read_text()
        if source.count(old) != 1:
            raise ValueError(
                f"{module}.py must hold {old!r} once, holds it "
                f"{source.count(old)} times"
            )
        place = source.index(old)
        # The line that the change is about, not those that locate it.
        same = len(os.path.commonprefix([old, new]))
        line = source.count("\n", 0, place + same) + 1
        offset = len(source[:place].encode())
        found.append(("hand", module, offset, old, new, line))
    pool = [
        ("sample", module, *site)
        for module in SAMPLED
        for site in sites((ROOT / "nclib" / f"{module}.py").read_text())
    ]
    rng = np.random.default_rng(seed)
    picked = rng.choice(len(pool), min(count, len(pool)), replace=False)
    return found + [pool[k] for k in sorted(picked)], len(pool)


def in_fork(action, limit=LIMIT):
    """What ``action()`` returns in a process of its own; None is a pass."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(limit)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            answer = action()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"[:200]
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return json.loads(text)


def enter(folder):
    """Make the copy in this folder the nclib of this process."""
    os.chdir(folder)
    os.environ["NCLIB_CACHE"] = str(Path(folder) / "cache")
    os.environ["NCLIB_SCALE"] = "quick"
    os.environ["PYTHONPATH"] = f"{folder}{os.pathsep}{folder}/tests"
    sys.path[:0] = [str(folder), f"{folder}/tests"]


def copy(folder):
    """A checkout of its own: the package and the tests, the rest linked."""
    skip = shutil.ignore_patterns("__pycache__", "test_classroom")
    for name in ("nclib", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    for path in ROOT.iterdir():
        if path.name not in ("nclib", "tests", ".venv", ".git", "_build"):
            (folder / path.name).symlink_to(path)


def failing_claim(ids):
    """The first claim that fails, of those named, or None."""
    from nclib import ledger

    for id in ids:
        try:
            outcome = ledger.run(id, "quick")
        except BaseException as error:
            return f"{id}: {type(error).__name__}"
        if not outcome.holds:
            return id
    return None


class Watch:
    """A pytest plugin that remembers the first failure and the durations."""

    def __init__(self):
        self.failed, self.seconds = None, defaultdict(float)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("[")[0]
        self.seconds[name] += report.duration
        if report.failed and self.failed is None:
            self.failed = name

    def pytest_collectreport(self, report):
        if report.failed and self.failed is None:
            self.failed = f"collection of {report.nodeid}"


def pytest_run(*arguments):
    """Run pytest here; what it saw."""
    import pytest

    watch = Watch()
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull]
    options += ["--rootdir", os.getcwd()]
    pytest.main([*options, *arguments], plugins=[watch])
    return watch


def failing_test(names):
    """The first test that fails, of those named, or None."""
    return pytest_run("-x", *names).failed if names else None


def measure():
    """Who executes which line: {module: {line: [name, ...]}}, {name: s}."""
    import coverage

    modules = {module: ROOT / "nclib" / f"{module}.py" for module in SAMPLED}
    modules |= {m: ROOT / "nclib" / f"{m}.py" for m, _, _ in MUTANTS}

    def run(folder, context, action):
        enter(folder)
        include = [f"{folder}/nclib/{module}.py" for module in modules]
        watcher = coverage.Coverage(
            data_file=None, include=include, config_file=False
        )
        watcher.set_option("run:dynamic_context", context)
        watcher.start()
        seconds = action(watcher)
        watcher.stop()
        data = watcher.get_data()
        return seconds, {
            module: data.contexts_by_lineno(f"{folder}/nclib/{module}.py")
            for module in modules
        }

    def claims(watcher):
        from nclib import ledger

        seconds = {}
        for id in ledger.claims():
            watcher.switch_context(f"claim {id}")
            started = time.perf_counter()
            ledger.run(id, "quick")
            seconds[f"claim {id}"] = time.perf_counter() - started
            watcher.switch_context("")
        return seconds

    def tests(watcher):
        paths = [f"tests/test_{name}.py" for name in TESTS]
        watch = pytest_run(*paths)
        if watch.failed:
            raise RuntimeError(
                f"a test fails without a mutant: {watch.failed}"
            )
        return dict(watch.seconds)

    lines = {module: defaultdict(set) for module in modules}
    durations = {}
    for context, action in ((None, claims), ("test_function", tests)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            copy(folder)
            answer = in_fork(partial(run, folder, context, action), 3600)
        if isinstance(answer, str):
            raise RuntimeError(answer)
        seconds, seen = answer
        durations |= seconds
        for module, where in seen.items():
            for line, contexts in where.items():
                lines[module][int(line)].update(filter(None, contexts))
    return lines, durations


def watchers(source, line, seen):
    """The contexts that execute a line, or use what it defines at import.

    A line that runs at import only, a constant or the default of an argument,
    is watched by whoever enters a function that names it, or, where there is
    none, by whoever enters the module at all.
    """
    if seen[line]:
        return seen[line]
    tree = ast.parse(source)
    names = set()
    for node in tree.body:
        if node.lineno <= line <= node.end_lineno:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                span = range(node.lineno, node.end_lineno + 1)
                return set().union(*(seen[k] for k in span))
            for part in ast.walk(node):
                if isinstance(part, ast.Name):
                    names.add(part.id)
    used = {
        k
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and names & {p.id for p in ast.walk(node) if isinstance(p, ast.Name)}
        for k in range(node.lineno, node.end_lineno + 1)
    }
    return set().union(*(seen[k] for k in used or list(seen)))


def nodes(contexts):
    """pytest's names of the contexts that coverage calls test functions."""
    found = []
    for name in contexts:
        path, *rest = name.split(".")
        if path == "tests":
            path, *rest = rest
        found.append(f"tests/{path}.py::" + "::".join(rest))
    return found


def within(names, durations, budget):
    """The first of the names whose durations sum up to the budget."""
    seconds = np.cumsum([durations.get(name, 1.0) for name in names])
    return names[: int(np.searchsorted(seconds, budget)) + 1]


def judge(mutant, lines, durations, budget):
    """The claim and the test that notice a mutant."""
    _, module, offset, old, new, line = mutant
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy(folder)
        path = folder / "nclib" / f"{module}.py"
        data = path.read_bytes()
        end = offset + len(old.encode())
        assert data[offset:end].decode() == old
        path.write_bytes(data[:offset] + new.encode() + data[end:])
        contexts = watchers(data.decode(), line, lines[module])

        def cost(name):
            return durations.get(name, 1.0)

        ids = sorted((c for c in contexts if c.startswith("claim ")), key=cost)
        own = f"test_{module.split('/')[0]}.py"
        tests = sorted(
            nodes(c for c in contexts if not c.startswith("claim ")),
            key=lambda t: (own not in t, cost(t)),
        )

        def claims_run():
            enter(folder)
            return failing_claim([c.removeprefix("claim ") for c in ids])

        def tests_run():
            enter(folder)
            return failing_test(tests)

        ids = within(ids, durations, budget)
        tests = within(tests, durations, budget)
        return in_fork(claims_run), in_fork(tests_run), len(ids), len(tests)


def preload():
    """Import what every child needs, once; nothing of nclib."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in (
        "scipy.optimize scipy.stats scipy.linalg scipy.special "
        "scipy.integrate scipy.sparse joblib tqdm pytest matplotlib.pyplot "
        "torch cvxpy highspy sklearn.datasets"
    ).split():
        __import__(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=330)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="text in the mutant's line")
    parser.add_argument("--list", action="store_true")
    parser.add_argument(
        "--budget",
        type=float,
        default=300.0,
        help="seconds of claims, and of tests, for each: the cheap first",
    )
    parser.add_argument("--out", help="JSON of all verdicts, taken up again")
    arguments = parser.parse_args()
    mutants, size = chosen_mutants(arguments.sample, arguments.seed)

    def text(mutant):
        kind, module, offset, old, new, line = mutant
        source = (ROOT / "nclib" / f"{module}.py").read_text()
        row = source.splitlines()[line - 1].strip()
        old, new = (" ".join(part.split()) for part in (old, new))
        return f"{kind} {module}:{line} `{old}` -> `{new}` in `{row}`"

    mutants = [m for m in mutants if arguments.only in text(m)]
    if arguments.list:
        print("\n".join(map(text, mutants)))
        print(f"{len(mutants)} mutants; the sample is of {size}")
        return False
    preload()
    started = time.perf_counter()
    lines, durations = measure()
    print(f"measured in {time.perf_counter() - started:.0f} s", flush=True)
    rows = []
    if arguments.out and Path(arguments.out).exists():
        rows = json.loads(Path(arguments.out).read_text())
    known = {row["mutant"] for row in rows}
    mutants = [m for m in mutants if text(m) not in known]

    def one(mutant):
        claim, test, claims, tests = judge(
            mutant, lines, durations, arguments.budget
        )
        row = {
            "mutant": text(mutant),
            "kind": mutant[0],
            "module": mutant[1],
            "claim": claim,
            "test": test,
            "claims": claims,
            "tests": tests,
        }
        rows.append(row)
        verdict = "SURVIVES" if claim is None and test is None else "caught"
        print(f"{verdict} {row['mutant']}\n    {claim} | {test}", flush=True)
        if arguments.out:
            Path(arguments.out).write_text(json.dumps(rows, indent=1))

    # Threads that wait for forked children, one each.
    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, mutants))
    for kind in ("hand", "sample"):
        some = [row for row in rows if row["kind"] == kind]
        if some:
            by_claims = sum(row["claim"] is not None for row in some)
            by_tests = sum(row["test"] is not None for row in some)
            either = sum(
                row["claim"] is not None or row["test"] is not None
                for row in some
            )
            print(
                f"{kind}: {len(some)} mutants, caught by claims {by_claims}, "
                f"by tests {by_tests}, by either {either}"
            )
    seconds = time.perf_counter() - started
    print(f"{seconds:.0f} s")
    return any(row["claim"] is None and row["test"] is None for row in rows)


if __name__ == "__main__":
    sys.exit(main())
