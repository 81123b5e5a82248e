"""What Figures 3, 4 and 5 share: two-layer nets over a grid of (sigma, d)."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nclib
from nclib.data import GaussianMixture, check_integer, two_cluster_means
from nclib.figures import chosen_scale, style
from nclib.sweep import code_hash, sweep

RATIOS = (1.1, 1.3, 1.5, 2.0, 3.0, 4.0)
SIGMAS = (0.18, 0.36, 0.53, 0.8, 1.07, 1.42)
METRICS = ("nc1", "nc2_features", "nc2_weights", "nc3")
NAMES = {
    "nc1": r"$\mathcal{NC}_1$",
    "nc2_features": r"$\mathcal{NC}_{2,\bar H}$",
    "nc2_weights": r"$\mathcal{NC}_{2,W}$",
    "nc3": r"$\mathcal{NC}_3$",
}
# Not stated in the paper; the training chapter shows what they change.
WIDTH, BATCH = 50, 128


def data(ratio, sigma, n, seed):
    """The samples and the trainer's seed of one net of the grid."""
    draws, start = seed.spawn(2)
    means = two_cluster_means(round(ratio * n), np.pi)
    X, y = GaussianMixture(means, sigma).sample(n, draws)
    return X, y, int(start.generate_state(1)[0])


def flow_time(epochs, n):
    """Sum of the step sizes of ``epochs`` epochs of `nclib.train`."""
    return 0.037 * epochs * int(np.ceil(2 * n / BATCH))


def _train(ratio, sigma, n, epochs, method, width, seed):
    import torch

    from nclib.training import flow, train

    X, y, start = data(ratio, sigma, n, seed)
    # The nets are small: one thread each is fastest, and the bits of a run
    # depend on the number.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if method == "sgd":
            run = train(
                X, y, width=width, epochs=epochs, batch_size=BATCH, seed=start
            )
        else:
            run = flow(X, y, T=flow_time(epochs, n), width=width, seed=start)
    finally:
        torch.set_num_threads(threads)
    if run.status != "completed":
        raise RuntimeError(
            f"training at sigma = {sigma}, d/n = {ratio} ended: {run.status}"
        )
    return run.history


@dataclass(frozen=True)
class TrainingGrid:
    """Histories of the nets of Figures 3 to 5.

    Attributes
    ----------
    history : list of structured arrays
        Net by net, noise level by noise level, as `TrainingRun.history`.
    sigma, ratio : (nets,) arrays
        Noise level and d/n of each net.
    n, epochs, width : int
    provenance : dict
        Method ("flow" or "sgd"), seed, versions, machine, seconds, hash of
        the code.
    """

    history: list
    sigma: np.ndarray
    ratio: np.ndarray
    n: int
    epochs: int
    width: int
    provenance: dict

    def last(self, column):
        """The final value of a column, net by net."""
        return np.array([h[column][-1] for h in self.history])

    def save(self, path):
        """Write one .npz file, whole or not at all."""
        path = Path(path)
        temporary = path.with_name(path.name + ".partial.npz")
        np.savez_compressed(
            temporary,
            sigma=self.sigma,
            ratio=self.ratio,
            sizes=[self.n, self.epochs, self.width],
            provenance=json.dumps(self.provenance),
            **{f"net_{i:02}": h for i, h in enumerate(self.history)},
        )
        os.replace(temporary, path)

    @classmethod
    def load(cls, path):
        """Read what `save` wrote."""
        with np.load(path) as file:
            nets = sorted(k for k in file.files if k.startswith("net_"))
            return cls(
                [file[name] for name in nets],
                file["sigma"],
                file["ratio"],
                *file["sizes"].tolist(),
                json.loads(str(file["provenance"])),
            )

    def recompute(self, epochs, nets=None):
        """Train again and compare with this record of SGD, row by row.

        Only the first third of a run has its first step size, so that
        ``epochs`` must be at most a third of the record's.

        Returns
        -------
        float
            The largest difference of a risk, relative to the risk, in the
            rows up to ``epochs``. Rounding in float32 leaves about 1e-5.
        """
        epochs = check_integer("epochs", epochs, 1)
        if epochs > self.epochs // 3:
            raise ValueError(
                f"epochs must be at most {self.epochs // 3}, a third of the "
                f"record's, got {epochs}"
            )
        children = np.random.SeedSequence(self.provenance["seed"]).spawn(
            len(self.history)
        )
        worst = 0.0
        for i in range(len(self.history)) if nets is None else nets:
            again = _train(
                float(self.ratio[i]),
                float(self.sigma[i]),
                self.n,
                3 * epochs,
                "sgd",
                self.width,
                children[i],
            )
            kept = self.history[i]
            kept = kept[kept["epoch"] <= epochs]
            again = again[np.isin(again["epoch"], kept["epoch"])]
            difference = np.abs(again["risk"] - kept["risk"]) / kept["risk"]
            worst = max(worst, float(difference.max()))
        return worst


def run(scale=None, method=None, seed=0, n_jobs=None, width=WIDTH):
    """Train the grid of nets of Figures 3 to 5.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}, optional
        Book and paper are the paper's 36 nets at n = 300, up to the time of
        1e5 epochs. Quick has 4 nets at n = 40 and 2,000 epochs.
    method : {"flow", "sgd"}, optional
        Gradient flow, seconds a net; or SGD itself, about a minute a net.
        By default flow, and sgd at the paper's scale.
    seed : int
    n_jobs : int, optional
        Worker processes; all cores by default.
    width : int
        Neurons.

    Returns
    -------
    TrainingGrid

    Raises
    ------
    TypeError, ValueError
        Naming the argument that is not one of the above.

    Notes
    -----
    Section 3.2. Width and batch size are not stated there; 50 and 128 are
    ours.
    """
    scale = chosen_scale(scale)
    if method is None:
        method = "sgd" if scale == "paper" else "flow"
    if method not in ("flow", "sgd"):
        raise ValueError(f"method must be 'flow' or 'sgd', got {method!r}")
    seed = check_integer("seed", seed, 0)
    quick = scale == "quick"
    n, epochs = (40, 2_000) if quick else (300, 100_000)
    ratios = (1.5, 4.0) if quick else RATIOS
    sigmas = (0.18, 1.42) if quick else SIGMAS
    started = time.perf_counter()
    tasks = [
        (ratio, sigma, n, epochs, method, width)
        for sigma in sigmas
        for ratio in ratios
    ]
    history = sweep(_train, tasks, seed, n_jobs, f"Figures 3-5, {method}")
    return TrainingGrid(
        history,
        np.array([t[1] for t in tasks]),
        np.array([t[0] for t in tasks]),
        n,
        epochs,
        width,
        {
            "method": method,
            "seed": seed,
            "batch_size": BATCH if method == "sgd" else None,
            "command": "python -m nclib figure 3"
            + (f" --scale {scale}" if scale != "book" else ""),
            "seconds": round(time.perf_counter() - started, 1),
            "nclib": nclib.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "code": code_hash(),
        },
    )


def draw_metrics(result, sigma, record=None):
    """NC1 to NC3 along training at one noise level, a color for each d/n."""
    style.use()
    figure, axes = style.grid(2, 2, 7.2, 2.7, sharex=True)
    wanted = np.flatnonzero(np.isclose(result.sigma, sigma))
    for i, color in zip(wanted, style.ORDERED, strict=False):
        for ax, metric in zip(axes.flat, METRICS, strict=True):
            rows = result.history[i]
            ax.loglog(
                rows["time"][1:], rows[metric][1:], color=color,
                label=f"{result.ratio[i]:g}",
            )
            if record is not None:
                rows = record.history[i][1::6]
                ax.loglog(
                    rows["time"], rows[metric], "o", color=color, ms=3
                )
    for ax, metric in zip(axes.flat, METRICS, strict=True):
        ax.set_title(NAMES[metric])
    for ax in axes[1]:
        ax.set_xlabel("time $T$, the sum of the steps")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(),
        loc="outside lower center", ncols=6, title="dimension per sample d/n",
    )
    return figure
