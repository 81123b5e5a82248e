"""Section 3.2: two-layer nets, trained; Figures 3, 4 and 5."""

from functools import cache

import numpy as np
from scipy.special import softmax

from nclib.data import GaussianMixture, two_cluster_means
from nclib.feasibility import decide
from nclib.figures import curves
from nclib.figures.curves import HIGH, LOW, gap, stationary
from nclib.figures.record import kept_record
from nclib.figures.style import NAMES
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale, listed
from nclib.metrics import nc_metrics
from nclib.training import flow, train

# The classifier is kept in float32 by SGD, the flow is in float64.
_W_ROUNDING = {"SGD": 4e-6, "flow": 1e-8}


@cache
def grids(scale):
    """The record of SGD, and beyond the quick scale the flow of all nets."""
    record = kept_record("figures_3_to_5.npz")
    found = {"SGD": curves.TrainingGrid.load(record)}
    if scale != "quick":
        found["flow"] = curves.run("book", "flow")
    return found


@claim(
    "fig-3",
    "Figure 3",
    strength="measured",
    status="numerical",
)
def figure_3(scale):
    r"""After $10^5$ epochs NC1 falls with $d$ at $\sigma = 0.18$, by more than
    50, and keeps its order of magnitude over $d$ for $\sigma \ge 0.8$,
    although a collapsed minimum is proved to exist for all $d \ge 1.5\,n$.

    Needs: the 36 nets of Figure 3, seed 0; width 50 and batches of 128 are
    ours.
    """
    said = []
    for name, grid in grids(scale).items():
        low = grid.last("nc1")[grid.level(LOW)]
        flat = [
            grid.last("nc1")[grid.level(sigma)] for sigma in (0.8, 1.07, HIGH)
        ]
        spreads = [v.max() / v.min() for v in flat if v.size > 1]
        if (np.diff(low) >= 0).any() or low[0] < 50 * low[-1]:
            return False, f"{name} at sigma = 0.18: {low}"
        if not spreads or max(spreads) > 6:
            return False, f"{name}, largest over smallest: {spreads}"
        said.append(
            f"{name}: {low[0]:.1e} down to {low[-1]:.1e} at sigma = 0.18, "
            f"largest over smallest at most {max(spreads):.1f} above 0.8"
        )
    nets = range(len(grid.history))
    if scale == "quick":
        nets = [*grid.level(LOW), *grid.level(HIGH)]
    proved = 0
    for i in nets:
        X, y, _ = grid.sample(i)
        answer = decide(X, y)
        if not answer.verified:
            return False, f"undecided at {grid.sigma[i]}, {grid.ratio[i]}"
        if grid.ratio[i] >= 1.5 and not answer.occurs:
            return False, f"infeasible at {grid.sigma[i]}, {grid.ratio[i]}"
        proved += answer.occurs
    said.append(
        f"a collapsed minimum proved on {proved} of {len(nets)} data sets, "
        f"refuted on {len(nets) - proved}"
    )
    return True, "; ".join(said)


@claim(
    "fig-4",
    "Figure 4",
    strength="measured",
    status="numerical",
)
def figure_4(scale):
    r"""At $\sigma = 0.18$ all metrics end below a tenth of their first values;
    the classifier becomes a simplex to rounding, NC1 and NC2 of the means end
    at least ten times higher.

    Needs: the 36 nets of Figure 3, seed 0; width 50 and batches of 128 are
    ours; rounding is that of float32 for SGD.
    """
    said = []
    for name, grid in grids(scale).items():
        worst = dict.fromkeys(NAMES, 0.0)
        for i in grid.level(LOW):
            rows = grid.history[i]
            if rows["gap"].min() < -1e-12:
                return False, f"{name}: gap {rows['gap'].min()}"
            for metric in NAMES:
                worst[metric] = max(worst[metric], rows[metric][-1])
                if rows[metric][-1] > rows[metric][0] / 10:
                    return False, f"{name}: {metric} does not fall"
            behind = min(rows[m][-1] for m in ("nc1", "nc2_features"))
            if behind < 10 * rows["nc2_weights"][-1]:
                return False, f"{name}: {behind} is not behind"
        if worst["nc2_weights"] > _W_ROUNDING[name]:
            return False, f"{name}: NC2 of W ends at {worst['nc2_weights']}"
        said.append(
            f"{name}: ends below "
            + ", ".join(f"{k} {v:.1e}" for k, v in worst.items())
        )
    return True, "; ".join(said)


@claim(
    "fig-5",
    "Figure 5",
    strength="measured",
    status="numerical",
)
def figure_5(scale):
    r"""At $\sigma = 1.42$, where $d \ge 2n$, NC1 has after a fifth of the time
    its last value within 25%; every net ends $5\cdot10^{-4}$ or more above the
    floor of Theorem 2, at least three times as far as at $\sigma = 0.18$.

    Needs: the 36 nets of Figure 3, seed 0; width 50 and batches of 128 are
    ours.
    """
    said = []
    for name, grid in grids(scale).items():
        high = {grid.ratio[i]: grid.history[i] for i in grid.level(HIGH)}
        low = {grid.ratio[i]: grid.history[i] for i in grid.level(LOW)}
        moved = [
            curves.at(rows, rows["time"][-1] / 5) / rows["nc1"][-1]
            for ratio, rows in high.items()
            if ratio >= 2
        ]
        gaps = [rows["gap"][-1] for rows in high.values()]
        times = [
            high[r]["gap"][-1] / low[r]["gap"][-1] for r in high if r in low
        ]
        higher = [
            r
            for r in high
            if r in low and high[r]["nc1"][-1] > low[r]["nc1"][-1]
        ]
        if len(moved) < 3 or max(moved) > 1.25 or min(moved) < 0.75:
            return False, f"{name}: NC1 still moves by {moved}"
        if min(gaps) < 5e-4 or len(times) < 6 or min(times) < 3:
            return False, f"{name}: gaps {gaps}"
        said.append(
            f"{name}: gap at least {min(gaps):.1e}, {min(times):.0f} to "
            f"{max(times):.0f} times that at sigma = 0.18; NC1 after a fifth "
            f"of the time within {max(np.abs(np.array(moved) - 1)):.0%} of "
            "its end for d >= 2 n; it ends above that at sigma = 0.18 for "
            f"d/n = {', '.join(f'{r:g}' for r in higher)}"
        )
    return True, "; ".join(said)


@claim(
    "erratum-47",
    "Section 3.2 against the caption of Figure 3",
    strength="measured",
    status="numerical",
)
def erratum_47(scale):
    r"""At $\sigma = 0.18$ NC1 is below $10^{-4}$ "except for $d/n = 1.1$"
    neither after $10^5$ epochs nor with the step lowered in the first epoch,
    as the text says; after $10^6$, as the caption says, it is for all
    $d \ge 1.5\,n$.

    Needs: the 36 nets of Figure 3, seed 0; width 50 and batches of 128 are
    ours; $10^6$ epochs by gradient flow, at book scale.
    """
    found = grids(scale)
    sgd = found["SGD"]
    nets = sgd.level(LOW)
    ends = sgd.last("nc1")[nets]
    above = sgd.ratio[nets][ends > 1e-4]
    # One epoch at 0.1, 0.01, 0.001 by thirds, all others at 0.001.
    literal = 5 * (0.037 + 1e-3 * (sgd.epochs - 1))
    early = min(curves.at(sgd.history[i], literal) for i in nets)
    holds = {1.3, 1.5} <= set(above.tolist()) and early > 1e-4
    measured = (
        "after 1e5 epochs NC1 is above 1e-4 at d/n = "
        + listed(above, "g")
        + f"; with the step lowered in the first epoch T = {literal:.0f}, "
        f"where NC1 is at least {early:.1e}"
    )
    if scale != "quick":
        last = [rows["nc1"][-1] for rows in curves.longer(found["flow"])]
        ratio = found["flow"].ratio[found["flow"].level(LOW)]
        holds &= all(
            v < 1e-4 for v, r in zip(last, ratio, strict=True) if r >= 1.5
        )
        measured += "; after 1e6: " + listed(last, ".1e")
    return holds, measured


@claim(
    "schedule-stalls",
    strength="measured",
    status="numerical",
)
def schedule(scale):
    r"""That the curves end flat shows the step size, not convergence: the last
    third of the epochs is $1/111$ of the training time.

    Needs: the 36 nets of Figure 3, seed 0; width 50 and batches of 128 are
    ours; $\sigma = 0.18$; ten times the time by flow, at book scale.
    """
    found = grids(scale)
    sgd = found["SGD"]
    moved, shares = [], []
    for i in sgd.level(LOW):
        rows = sgd.history[i]
        third = np.searchsorted(rows["epoch"], 2 * sgd.epochs // 3)
        # The last row before the third of the epochs begins.
        row = rows[third - 1]
        moved.append(row["nc1"] / rows["nc1"][-1] - 1)
        shares.append(1 - row["time"] / rows["time"][-1])
    steps = 0.1 + 0.01 + 0.001
    holds = max(moved) < 0.1 and max(shares) < 0.05
    measured = (
        f"the last third of the epochs is {0.001 / steps:.1%} of the time; "
        f"in the last {max(shares):.1%} of it NC1 falls by at most "
        f"{max(moved):.1%}"
    )
    if scale != "quick":
        result = found["flow"]
        falls = [
            result.history[i]["nc1"][-1] / rows["nc1"][-1]
            for i, rows in zip(
                result.level(LOW), curves.longer(result), strict=True
            )
        ]
        holds &= min(falls) > 2
        measured += (
            f", but in ten times the time by factors of {min(falls):.0f} "
            f"to {max(falls):.0f}"
        )
    return holds, measured


@claim(
    "training-w-law",
    strength="identity",
)
def decay_law(scale):
    r"""$W\mathbf 1_K$ shrinks by exactly the product of $1 - \eta_t\lambda_W$,
    whatever the data, and NC2 of $W$ is at least
    $\|W\mathbf 1_K\|^2/(K\|W^\top W\|_F)$.

    Needs: cross-entropy; any batches, any width.
    """
    rng = np.random.default_rng(32)
    error, slack = 0.0, np.inf
    for K, size in ((2, 5), (3, 8), (4, None)):
        y = np.repeat(np.arange(K), 6)
        X = rng.standard_normal((len(y), 9))
        init = rng.standard_normal((9, 7)), rng.standard_normal((7, K))
        epochs, lambda_W = 60, 0.03
        run = train(
            X,
            y,
            init=init,
            epochs=epochs,
            batch_size=size,
            lambda_W=lambda_W,
            lambda_H=1e-4,
            dtype="float64",
        )
        batches = -(-len(y) // (size or len(y)))
        steps = 0.1 * 0.1 ** np.repeat(
            3 * np.arange(epochs) // epochs, batches
        )
        law = np.prod(1 - steps * lambda_W) * init[1].sum(axis=1)
        W = run.net.W
        error = max(error, np.abs(W.sum(axis=1) - law).max())
        metrics = nc_metrics(run.net.features(X), W, y)
        size = K * np.linalg.norm(W.T @ W)
        bound = (W.sum(axis=1) ** 2).sum() / size
        slack = min(slack, metrics.nc2_weights - bound)
    decays = [np.exp(-1e-3 * T) for T in (3700, 18500)]
    return error < 1e-12 and slack > -1e-12, (
        f"three runs of SGD: law within {error:.0e}, bound holds; over 1e5 "
        f"epochs W 1_K shrinks to {decays[0]:.1e} in full batches and to "
        f"{decays[1]:.0e} in batches of 128"
    )


@claim(
    "plateau-not-global",
    strength="measured",
    status="numerical",
)
def plateau(scale):
    r"""At high noise L-BFGS from the same start stops at a stationary point
    above a global minimum that is proved to exist; at low noise it reaches the
    global minimum.

    Needs: $\sigma = 1.42$, $d = 4n$; $\sigma = 0.18$, $d = 1.5\,n$; one start
    each.
    """
    n = at_scale(scale, 40, 300)
    X, y, run, terms, net = stationary(HIGH, 4.0, n)
    _, _, low, _, _ = stationary(LOW, 1.5, n)
    own = abs(gap(net, X, y))
    H, W = run.net.features(X), run.net.W
    # The gradient once more, without the trainer's algebra.
    G = (softmax(H @ W, axis=1) - np.eye(2)[y]) / len(y)
    by_W, by_H = H.T @ G + 1e-3 * W, (G @ W.T + 1e-6 * H) * (H > 0)
    gradient = np.hypot(np.linalg.norm(by_W), np.linalg.norm(X.T @ by_H))
    balance = 1e-3 * (W**2).sum() / (1e-6 * (H**2).sum()) - 1
    holds = (
        run.gap > 1e-4
        and gradient < 1e-6
        and abs(gradient - run.gradient_norm) < 1e-9
        and abs(balance) < 1e-4
        and own < 1e-13
        and terms.spread > 0.5 * run.gap
        and abs(low.gap) < 1e-9
    )
    return holds, (
        f"n = {n}: gradient {gradient:.0e}, gap {run.gap:.1e}, of "
        f"which {terms.spread / run.gap:.0%} is spread within the classes; "
        f"a collapsed network on these data has gap {own:.0e}; at low noise "
        f"L-BFGS ends at gap {low.gap:.0e}"
    )


@claim(
    "flow-follows-sgd",
    strength="measured",
    status="numerical",
)
def follows(scale):
    r"""SGD at step 0.1 follows the gradient flow: at equal time, the sum of
    the steps, NC1 agrees within 5%, at $\sigma = 1.42$ within 10%.

    Needs: two layers; the 36 nets of Figure 3, seed 0; width 50 and batches of
    128 are ours; live on one small net, at book scale against the whole
    record.
    """
    X, y = GaussianMixture(two_cluster_means(200, np.pi), 0.36).sample(100, 7)
    sgd = train(X, y, epochs=300, batch_size=32, seed=3)
    T = sgd.history["time"][-1]
    twin = flow(X, y, T=T, seed=3)
    live = abs(sgd.history["nc1"][-1] / twin.history["nc1"][-1] - 1)
    holds = live < 0.05
    measured = f"live, 300 epochs at n = 100: {live:.1%}"
    if scale != "quick":
        found = grids(scale)
        result, record = found["flow"], found["SGD"]
        worst = {True: 0.0, False: 0.0}
        cells = result.matched(record)
        for i, j in cells:
            change = record.last("nc1")[j] / result.last("nc1")[i] - 1
            noisy = bool(result.sigma[i] > 0.8 or result.ratio[i] > 1.5)
            noisy &= bool(result.sigma[i] > LOW)
            worst[noisy] = max(worst[noisy], abs(change))
        holds &= worst[False] < 0.05 and worst[True] < 0.1
        measured += (
            f"; after 1e5 epochs on {len(cells)} nets: at most "
            f"{worst[False]:.1%} at sigma = 0.18 and for small d up to 0.8, "
            f"{worst[True]:.1%} elsewhere"
        )
    return holds, measured


@claim(
    "record-reproduces",
    strength="measured",
    status="numerical",
)
def reproduces(scale):
    """Training again gives the first epochs of the record of SGD back, to
    rounding in float32.

    Needs: the record kept with the book.
    """
    record = grids("quick")["SGD"]
    count = len(record.history)
    nets, epochs = [0, count - 1], 30
    if scale != "quick":
        nets, epochs = sorted({0, count // 3, 2 * count // 3, count - 1}), 100
    worst = record.recompute(epochs, nets=nets)
    return worst < 1e-3, (
        f"{len(nets)} of {count} nets, {epochs} epochs: largest relative "
        f"difference {worst:.0e}"
    )
