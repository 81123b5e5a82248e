"""Watch it collapse: gradient descent, frame by frame, on three classes.

How the features of a sample divide among the three class directions makes it
a point of a triangle.  Collapse puts all points of a class into one corner.
"""

from dataclasses import dataclass

import numpy as np

from nclib.data import GaussianMixture, simplex_means
from nclib.feasibility import Decision, decide
from nclib.figures import style
from nclib.figures.live import packed
from nclib.metrics import nc_metrics
from nclib.networks import ShallowNet
from nclib.upfm import upfm_minimizer, upfm_risk

K, SAMPLES = 3, 20
LAMBDA_W, LAMBDA_H = 2e-3, 2e-4
RATE, STEPS = 0.5, 20_000
# An NC1 below this is called collapse.
COLLAPSED = 1e-6
# Dimension, noise, neurons.
CASES = ((90, 0.3, 30), (25, 0.9, 30), (90, 2.0, 8))
CORNERS = np.array([[0.0, 1.0], [-(3**0.5) / 2, -0.5], [3**0.5 / 2, -0.5]])


@dataclass(frozen=True)
class Descent:
    """What gradient descent did on one data set, and what it could have done.

    Attributes
    ----------
    X, y, sigma : arrays and float
        The samples, their labels, the noise.
    decision : nclib.Decision
        Whether a collapsed network exists, with its certificate.
    step : (F,) array
        The steps at which the network was looked at.
    nc1, gap : (F,) arrays
        NC1 then, and the distance of the risk to the floor of Theorem 2.
    features : (F, N, D) array
        All features then.
    net : nclib.ShallowNet
        The network in the end.
    """

    X: np.ndarray
    y: np.ndarray
    sigma: float
    decision: Decision
    step: np.ndarray
    nc1: np.ndarray
    gap: np.ndarray
    features: np.ndarray
    net: ShallowNet

    def shares(self):
        """How each feature divides among the class directions, (F, N, K).

        ``<h, m_k>`` over their sum, with m_k the mean features of class k in
        the end; equal shares for a feature that is zero on all of them.
        """
        end = self.features[-1]
        means = np.array([end[self.y == k].mean(axis=0) for k in range(K)])
        along = self.features @ means.T
        total = along.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, along / total, 1 / K)

    def silent(self):
        """How many samples no neuron answers to in the end."""
        return int((self.features[-1].max(axis=1) == 0).sum())

    def title(self):
        """The case in words."""
        d, width = self.X.shape[1], self.features.shape[2]
        return f"{d} dimensions, noise {self.sigma:g}, {width} neurons"

    def verdict(self):
        """What is proved about the data, and what training made of it."""
        if not self.decision.verified:
            return "Not decided"
        if not self.decision.occurs:
            return "Collapse is impossible"
        happened = "happens" if self.nc1[-1] < COLLAPSED else "missed"
        return f"Collapse is possible, and {happened}"


def descend(X, y, steps, width, seed=0):
    """Plain gradient descent on the risk (2.4): (H, W1, W) at each step.

    Cross-entropy, all samples at once, from the start of ``nclib.train``.
    """
    N, d = X.shape
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    W1 = rng.uniform(-1, 1, (d, width)) / np.sqrt(d)
    W = rng.uniform(-1, 1, (width, K)) / np.sqrt(width)
    Y, done = np.eye(K)[y], 0
    for step in steps:
        for _ in range(done, step):
            H = np.maximum(X @ W1, 0)
            P = np.exp(H @ W)
            error = (P / P.sum(axis=1, keepdims=True) - Y) / N
            slope = (error @ W.T + LAMBDA_H * H) * (H > 0)
            W1, W = (
                W1 - RATE * (X.T @ slope),
                W - RATE * (H.T @ error + LAMBDA_W * W),
            )
        done = step
        yield np.maximum(X @ W1, 0), W1, W


def frame_steps():
    """The steps that are shown, geometric from 1 to the last."""
    return np.unique(np.rint([0, *np.geomspace(1, STEPS, 60)]).astype(int))


def run():
    """The three descents: it collapses, it cannot, it could and does not.

    Returns
    -------
    list of Descent

    Notes
    -----
    About four seconds.
    """
    floor = upfm_minimizer(K, SAMPLES, LAMBDA_W, LAMBDA_H).risk
    found = []
    for d, sigma, width in CASES:
        mixture = GaussianMixture(simplex_means(K, d), sigma)
        X, y = mixture.sample(SAMPLES, seed=0)
        step = frame_steps()
        nets = list(descend(X, y, step, width))
        found.append(
            Descent(
                X=X,
                y=y,
                sigma=sigma,
                decision=decide(X, y),
                step=step,
                nc1=np.array([nc_metrics(H, W, y).nc1 for H, _, W in nets]),
                gap=np.array(
                    [
                        upfm_risk(H, W, y, LAMBDA_W, LAMBDA_H) - floor
                        for H, _, W in nets
                    ]
                ),
                features=np.array([H for H, _, _ in nets]),
                net=ShallowNet(*nets[-1][1:]),
            )
        )
    return found


def frames(runs, end):
    """The data of the figure that moves: two bytes a sample and frame.

    Parameters
    ----------
    runs : list of Descent
    end : str
        What is said when the last step is reached.
    """
    return dict(
        step=runs[0].step.tolist(),
        labels=runs[0].y.tolist(),
        end=end,
        panels=[
            dict(
                title=run.title(),
                verdict=run.verdict(),
                nc1=[float(f"{value:.1e}") for value in run.nc1],
                gap=[float(f"{value:.1e}") for value in run.gap],
                shares=packed(run.shares()[..., :-1]),
            )
            for run in runs
        ],
    )


def draw(runs):
    """Four frames of each descent, a row a data set."""
    style.use()
    figure, axes = style.grid(len(runs), 4, 5.6, 1.75)
    for row, run in zip(axes, runs, strict=True):
        last = len(run.step) - 1
        at = [0, *(np.searchsorted(run.step, s) for s in (10, 300)), last]
        places = run.shares() @ CORNERS
        for ax, frame in zip(row, at, strict=True):
            ax.fill(*CORNERS.T, fc="none", ec=style.INK, lw=0.8)
            for k, marker in enumerate("os^"):
                x, y = places[frame][run.y == k].T
                ax.plot(
                    x,
                    y,
                    marker,
                    color=style.CLASSES[k],
                    ms=5,
                    alpha=0.6,
                    mew=0,
                    clip_on=False,
                )
            ax.set(
                aspect="equal",
                xticks=[],
                yticks=[],
                xlabel=rf"{style.NAMES['nc1']} {style.power(run.nc1[frame])}",
            )
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(run.verdict().replace(", ", ",\n"))
    # All runs are looked at after the same steps.
    for ax, frame in zip(axes[0], at, strict=True):
        ax.set_title(f"step {run.step[frame]:,}")
    return figure
