"""Time of `nclib.decide` for one class against two general solvers.

    python benchmarks/decide.py

All on the same draws of the Gaussian mixture (2.20) with n = 300 samples a
class, theta = pi and sigma = 0.5, at d = 386, where about half of the draws
are feasible. One thread, CPU time, one run, under two minutes.
"""

import statistics
import time
import warnings

import cvxpy
import numpy as np
from scipy.optimize import linprog
from threadpoolctl import threadpool_limits

import nclib

N, D, SIGMA, DRAWS = 300, 386, 0.5, 5


def with_decide(verify):
    def solve(X, y):
        return nclib.decide(X, y, [0], verify=verify).classes[0].feasible

    return solve


def with_clarabel(X, y):
    beta = cvxpy.Variable(X.shape[1])
    constraints = [X[y == 0] @ beta == 1, X[y != 0] @ beta <= 0]
    problem = cvxpy.Problem(cvxpy.Minimize(0), constraints)
    with warnings.catch_warnings():
        # "Solution may be inaccurate": counted as unsure.
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(solver=cvxpy.CLARABEL, max_threads=1)
    return {"optimal": True, "infeasible": False}.get(problem.status)


def with_highs(X, y):
    result = linprog(
        np.zeros(X.shape[1]),
        A_ub=X[y != 0],
        b_ub=np.zeros(np.sum(y != 0)),
        A_eq=X[y == 0],
        b_eq=np.ones(np.sum(y == 0)),
        bounds=(None, None),
        method="highs",
    )
    return {0: True, 2: False}.get(result.status)


SOLVERS = {
    "decide": with_decide(True),
    "decide, verify=False": with_decide(False),
    "cvxpy + Clarabel": with_clarabel,
    "scipy linprog (HiGHS)": with_highs,
}


def main():
    gmm = nclib.GaussianMixture(nclib.two_cluster_means(D, np.pi), SIGMA)
    draws = [gmm.sample(N, seed) for seed in range(DRAWS)]
    seconds, answers = {}, {}
    for name, solve in SOLVERS.items():
        repeats = 10 if name.startswith("decide") else 1
        solve(*gmm.sample(N, seed=99))
        seconds[name], answers[name] = [], []
        for X, y in draws:
            start = time.process_time()
            for _ in range(repeats):
                answer = solve(X, y)
            seconds[name].append((time.process_time() - start) / repeats)
            answers[name].append(answer)

    print(f"n = {N}, K = 2, theta = pi, sigma = {SIGMA}, d = {D}, one class")
    print("F feasible, I infeasible, ? unsure, one letter a draw\n")
    print(f"{'solver':24}{'median':>12}{'/ decide':>10}  answers")
    base = statistics.median(seconds["decide"])
    for name in SOLVERS:
        median = statistics.median(seconds[name])
        letters = "".join(
            {True: "F", False: "I", None: "?"}[a] for a in answers[name]
        )
        print(
            f"{name:24}{1e3 * median:9.1f} ms{median / base:10.1f}  {letters}"
        )
    agree = all(
        answer in (ours, None)
        for name in SOLVERS
        for answer, ours in zip(answers[name], answers["decide"], strict=True)
    )
    print(f"\nno disagreement: {agree}")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
