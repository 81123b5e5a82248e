"""Time of `nclib.decide` against the field, on the same draws.

    pip install -c constraints.txt -e '.[bench]'   the other solvers
    python benchmarks/decide.py                    all tables, four minutes
    python benchmarks/decide.py --sizes 2,300 --draws 4
    python benchmarks/decide.py --record nclib/records/decide.json

Draws of the Gaussian mixture (2.20) with orthonormal means (opposite ones
for K = 2) and sigma = 0.5, at the dimension where half of the draws are
feasible; one class each. One thread, CPU time. The routes take turns draw by
draw, and a ratio is the median of the ratios on one draw each, so that other
work on the machine disturbs them little. Each route has a process of its own:
the heap that one solver leaves behind doubles the time of another.

Each solver gets what it does best: quadratic ones minimise |beta|**2 / 2,
without which Clarabel is unsure or fails where (2.12) is feasible; linprog
works without presolve, which takes ten times as long as HiGHS itself.
"QR +" sets X_in @ beta = 1 aside with ten lines of NumPy first.

An answer is right or wrong against the certified one. An infeasible one is
taken at the solver's word; a feasible one whose beta misses (2.12) by more
than 1e-6 counts as unsure. Only the certified route proves its answers.
"""

import argparse
import datetime
import json
import os
import platform
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import scipy.sparse
from scipy.linalg import lapack, solve_triangular
from scipy.optimize import linprog, nnls
from threadpoolctl import threadpool_limits

import nclib
from nclib.sweep import code_hash

SIGMA = 0.5
SIZES = [(2, 300), (4, 250), (10, 100)]
# Seconds on the clock after which OR-tools and HiGHS are stopped.
LIMIT = 10
SLOW_DRAWS = 3
# The fastest of so many turns on a draw counts, within so many seconds.
TURNS, TURNS_SECONDS = 3, 0.3
MAX_VIOLATION = 1e-6
PACKAGES = [
    "nclib", "numpy", "scipy", "daqp", "piqp", "proxsuite", "ortools",
    "clarabel", "cvxpy",
]  # fmt: skip


class Answer(NamedTuple):
    """What a route says of a draw; feasible is None where it is unsure."""

    feasible: bool | None
    beta: np.ndarray | None = None
    proved: bool = False


def certified(X, y):
    decision = nclib.decide(X, y, [0]).classes[0]
    return Answer(decision.feasible, decision.beta, decision.verified)


def unverified(X, y):
    decision = nclib.decide(X, y, [0], verify=False).classes[0]
    return Answer(decision.feasible, decision.beta)


def reduced(X, y):
    """G, c and beta(z), with X_out @ beta(z) = G.T @ z + c, X_in @ ... = 1."""
    X_in, X_out = X[y == 0], X[y != 0]
    n, m = len(X_in), len(X_out)
    qr, tau, *_ = lapack.dgeqrf(X_in.T, lwork=64 * n)
    w = solve_triangular(qr[:n], np.ones(n), trans="T")
    columns = lapack.dormqr("L", "T", qr, tau, X_out.T, lwork=64 * m)[0]

    def beta(z):
        rotated = np.append(w, z)[:, None]
        return lapack.dormqr("L", "N", qr, tau, rotated, lwork=64)[0][:, 0]

    return columns[n:], w @ columns[:n], beta


def qr_daqp(X, y):
    import daqp

    G, c, beta = reduced(X, y)
    # No Hessian: the least-distance form, DAQP's fastest.
    z, _, flag, _ = daqp.solve(None, None, np.ascontiguousarray(G.T), -c)
    return Answer({1: True, -1: False}.get(flag), beta(np.asarray(z)))


def qr_piqp(X, y):
    G, c, beta = reduced(X, y)
    feasible, z = shortest_piqp(len(G), G=np.asfortranarray(G.T), h_u=-c)
    return Answer(feasible, beta(z))


def qr_nnls(X, y):
    G, c, beta = reduced(X, y)
    A, target = np.vstack([G, c]), np.append(np.zeros(len(G)), 1.0)
    try:
        s, _ = nnls(A, target)
    except RuntimeError:
        return Answer(None)
    residual = target - A @ s
    if np.linalg.norm(residual) < 1e-9:
        return Answer(False)
    return Answer(True, beta(residual[:-1] / residual[-1]))


def full_daqp(X, y):
    import daqp

    inside = y == 0
    lower = np.where(inside, 1.0, -1e30)
    # 5 marks an equality.
    sense = np.where(inside, 5, 0).astype(np.int32)
    beta, _, flag, _ = daqp.solve(
        None, None, X, inside.astype(float), lower, sense
    )
    return Answer({1: True, -1: False}.get(flag), np.asarray(beta))


def shortest_piqp(d, **constraints):
    import piqp

    solver = piqp.DenseSolver()
    below = np.full(len(constraints["h_u"]), -np.inf)
    solver.setup(np.eye(d, order="F"), np.zeros(d), h_l=below, **constraints)
    status = solver.solve()
    known = {
        piqp.Status.PIQP_SOLVED: True,
        piqp.Status.PIQP_PRIMAL_INFEASIBLE: False,
    }
    return known.get(status), solver.result.x


def full_piqp(X, y):
    inside = y == 0
    feasible, beta = shortest_piqp(
        X.shape[1],
        A=np.asfortranarray(X[inside]),
        b=np.ones(inside.sum()),
        G=np.asfortranarray(X[~inside]),
        h_u=np.zeros((~inside).sum()),
    )
    return Answer(feasible, beta)


def full_proxqp(X, y):
    from proxsuite import proxqp

    X_in, X_out = X[y == 0], X[y != 0]
    n, m, d = len(X_in), len(X_out), X.shape[1]
    # The default of 1e-5 would not pass MAX_VIOLATION.
    result = proxqp.dense.solve(
        np.eye(d), np.zeros(d), X_in, np.ones(n), X_out,
        np.full(m, -1e20), np.zeros(m), eps_abs=1e-8,
    )  # fmt: skip
    known = {
        proxqp.QPSolverOutput.PROXQP_SOLVED: True,
        proxqp.QPSolverOutput.PROXQP_PRIMAL_INFEASIBLE: False,
    }
    return Answer(known.get(result.info.status), result.x)


def with_ortools(name, parameters=""):
    def solve(X, y):
        from ortools.linear_solver.python import model_builder_helper

        d, inside = X.shape[1], y == 0
        # The class behind ortools' modeling layer, which would take longer
        # to build a dense problem than GLOP to solve it.
        model = model_builder_helper.ModelBuilderHelper()
        model.fill_model_from_sparse_data(
            np.full(d, -np.inf), np.full(d, np.inf), np.zeros(d),
            np.where(inside, 1.0, -np.inf), inside.astype(float),
            scipy.sparse.csr_matrix(X),
        )  # fmt: skip
        solver = model_builder_helper.ModelSolverHelper(name)
        solver.set_time_limit_in_seconds(LIMIT)
        solver.set_solver_specific_parameters(parameters)
        solver.solve(model)
        status = solver.status()
        if status == model_builder_helper.SolveStatus.OPTIMAL:
            return Answer(True, np.array(solver.variable_values()))
        infeasible = status == model_builder_helper.SolveStatus.INFEASIBLE
        return Answer(False if infeasible else None)

    return solve


def full_clarabel(X, y):
    import clarabel

    X_in, X_out = X[y == 0], X[y != 0]
    n, m, d = len(X_in), len(X_out), X.shape[1]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    solution = clarabel.DefaultSolver(
        scipy.sparse.csc_matrix(scipy.sparse.eye_array(d)),
        np.zeros(d),
        scipy.sparse.csc_matrix(np.vstack([X_in, X_out])),
        np.repeat([1.0, 0.0], [n, m]),
        [clarabel.ZeroConeT(n), clarabel.NonnegativeConeT(m)],
        settings,
    ).solve()
    known = {"Solved": True, "PrimalInfeasible": False}
    return Answer(known.get(str(solution.status)), np.asarray(solution.x))


def cvxpy_clarabel(X, y):
    import cvxpy

    beta = cvxpy.Variable(X.shape[1])
    constraints = [X[y == 0] @ beta == 1, X[y != 0] @ beta <= 0]
    objective = cvxpy.Minimize(0.5 * cvxpy.sum_squares(beta))
    problem = cvxpy.Problem(objective, constraints)
    with warnings.catch_warnings():
        # "Solution may be inaccurate": counted as unsure.
        warnings.simplefilter("ignore", UserWarning)
        try:
            problem.solve(solver=cvxpy.CLARABEL, max_threads=1)
        except cvxpy.SolverError:
            return Answer(None)
    known = {"optimal": True, "infeasible": False}
    return Answer(known.get(problem.status), beta.value)


def with_linprog(method):
    def solve(X, y):
        inside = y == 0
        result = linprog(
            np.zeros(X.shape[1]),
            A_ub=X[~inside],
            b_ub=np.zeros((~inside).sum()),
            A_eq=X[inside],
            b_eq=np.ones(inside.sum()),
            bounds=(None, None),
            method=method,
            options={"presolve": False, "time_limit": LIMIT},
        )
        return Answer({0: True, 2: False}.get(result.status), result.x)

    return solve


BASE = "decide, certified"
FAST = {
    BASE: certified,
    "decide, verify=False": unverified,
    "QR + DAQP": qr_daqp,
    "QR + PIQP": qr_piqp,
    "QR + scipy nnls": qr_nnls,
    "DAQP": full_daqp,
    "PIQP": full_piqp,
    "ProxQP": full_proxqp,
    "GLOP (OR-tools)": with_ortools("glop"),
    "Clarabel": full_clarabel,
}
SLOW = {
    "cvxpy + Clarabel": cvxpy_clarabel,
    "linprog, HiGHS simplex": with_linprog("highs-ds"),
    "linprog, HiGHS interior": with_linprog("highs-ipm"),
    "PDLP (OR-tools)": with_ortools("pdlp", "num_threads: 1"),
}
ROUTES = FAST | SLOW


class Run(NamedTuple):
    """One route on one draw."""

    seconds: float
    stopped: bool
    feasible: bool | None
    proved: bool


def mixture(K, d):
    if K == 2:
        means = nclib.two_cluster_means(d, np.pi)
    else:
        means = nclib.orthonormal_means(K, d)
    return nclib.GaussianMixture(means, SIGMA)


def critical_dimension(K, n):
    means = mixture(K, K).means
    return round(n * nclib.phase_boundary(means, SIGMA).delta)


def violation(X, y, beta):
    if beta is None or not np.isfinite(beta).all():
        return np.inf
    values = X @ beta
    return max(np.abs(values[y == 0] - 1).max(), values[y != 0].max())


def judged(X, y, answer):
    """The answer, without its claim where beta does not bear it out."""
    if answer.feasible and not answer.proved:
        if violation(X, y, answer.beta) > MAX_VIOLATION:
            return Answer(None)
    return answer


def run(name, K, n, d, seed):
    """A `Run` of the route, in its own process."""
    X, y = mixture(K, d).sample(n, seed)
    seconds, clock = [], time.perf_counter()
    with threadpool_limits(1):
        while len(seconds) < TURNS and sum(seconds) < TURNS_SECONDS:
            start = time.process_time()
            answer = ROUTES[name](X, y)
            seconds.append(time.process_time() - start)
    stopped = time.perf_counter() - clock > LIMIT
    answer = judged(X, y, answer)
    return Run(min(seconds), stopped, answer.feasible, answer.proved)


def start_workers():
    """Name to a warm process for each route whose package is there."""
    workers = {}
    for name in ROUTES:
        worker = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            worker.submit(run, name, 2, 20, 30, 0).result()
        except ModuleNotFoundError:
            worker.shutdown()
        else:
            workers[name] = worker
    return workers


def measure(workers, K, n, d, draws):
    """Name to the runs, one a draw."""
    runs = {name: [] for name in workers}
    for seed in range(draws):
        for name, worker in workers.items():
            if name in FAST or seed < SLOW_DRAWS:
                job = worker.submit(run, name, K, n, d, seed)
                runs[name].append(job.result())
    return runs


def verdict(run, truth):
    if run.feasible is None:
        return "unsure"
    return "right" if run.feasible == truth.feasible else "wrong"


def row(name, runs, base_runs):
    """One line of the table; the certified answers count as the truth."""
    pairs = list(zip(runs, base_runs, strict=False))
    verdicts = Counter(verdict(*pair) for pair in pairs)
    ratios = [ours.seconds / base.seconds for ours, base in pairs]
    return {
        "route": name,
        "median_ms": round(1e3 * median(r.seconds for r in runs), 2),
        "ratio": round(median(ratios), 3),
        "right": verdicts["right"],
        "unsure": verdicts["unsure"],
        "wrong": verdicts["wrong"],
        "proved": sum(r.proved for r in runs),
        "draws": len(runs),
        "stopped": sum(r.stopped for r in runs),
    }


def table(workers, K, n, draws):
    d = critical_dimension(K, n)
    runs = measure(workers, K, n, d, draws)
    truths = runs[BASE]
    if not all(truth.proved for truth in truths):
        raise RuntimeError("an answer is not proved: no truth to compare with")
    rows = [
        row(name, runs[name], truths)
        if name in runs
        else {"route": name, "median_ms": None}
        for name in ROUTES
    ]
    feasible = sum(truth.feasible for truth in truths)
    return {"K": K, "n": n, "d": d, "feasible": feasible, "rows": rows}


def show(table):
    counts = ("right", "unsure", "wrong", "proved", "draws")
    print(
        f"\nK = {table['K']}, n = {table['n']}, d = {table['d']}, "
        f"{table['feasible']} draws feasible"
    )
    print(f"{'':24}{'ms':>10}{'ratio':>8}", *(f"{c:>6}" for c in counts))
    for row in table["rows"]:
        if row["median_ms"] is None:
            print(f"{row['route']:24}  not installed")
            continue
        # Then the median itself is a lower bound.
        bound = ">" if 2 * row["stopped"] > row["draws"] else ""
        time = bound + format(row["median_ms"], ".1f")
        print(
            f"{row['route']:24}{time:>10}{row['ratio']:8.2f}",
            *(f"{row[c]:6}" for c in counts),
        )


def processor():
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions():
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def write(path, options, tables):
    sizes = " ".join(f"{K},{n}" for K, n in options.sizes)
    command = f"benchmarks/decide.py --draws {options.draws} --sizes {sizes}"
    cores = os.cpu_count()
    record = {
        "hardware": {"cpu": processor(), "cores": cores, "threads": 1},
        "versions": versions(),
        "code": code_hash(),
        "command": f"python {command}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seeds": list(range(options.draws)),
        "slow": {"routes": list(SLOW), "draws": SLOW_DRAWS},
        "limit_s": LIMIT,
        "tables": tables,
    }
    path.write_text(json.dumps(record, indent=1) + "\n")


def size(text):
    K, n = map(int, text.split(","))
    return K, n


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument(
        "--sizes", type=size, nargs="+", default=SIZES, metavar="K,n"
    )
    parser.add_argument("--record", type=Path, metavar="FILE")
    return parser.parse_args()


def main():
    options = parse_arguments()
    workers = start_workers()
    tables = []
    for K, n in options.sizes:
        tables.append(table(workers, K, n, options.draws))
        show(tables[-1])
    print(
        f"\nThe last {len(SLOW)} routes get the first {SLOW_DRAWS} draws; "
        f"OR-tools and HiGHS stop after {LIMIT} s."
    )
    if options.record:
        write(options.record, options, tables)


if __name__ == "__main__":
    main()
