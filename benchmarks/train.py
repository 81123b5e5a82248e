"""Training in Gram space against what one writes else, in one run.

    python benchmarks/train.py                 widths 16, 64, 256; flow
    python benchmarks/train.py --three-layers  N = 5000, d1 = 20000 as well
    python benchmarks/train.py --grid          the 36 nets of Figure 3 as well

One thread, CPU time. Contenders take turns and the fastest of their turns
counts, so that other work on the machine disturbs the ratios little.
"""

import argparse
import platform
import subprocess
import sys
import time
from functools import partial

import numpy as np
import torch
from joblib import Parallel, delayed

from nclib import GaussianMixture, two_cluster_means
from nclib.training import flow, train

FIGURE_3 = [
    (ratio, sigma)
    for ratio in (1.1, 1.3, 1.5, 2, 3, 4)
    for sigma in (0.18, 0.36, 0.53, 0.8, 1.07, 1.42)
]
EPOCHS = 100_000
# Sum of the step sizes of 1e5 epochs of 5 batches, lr 0.1.
T = 0.037 * EPOCHS * 5


def plain(X, y, width, epochs, first_layer=None, batch_size=128):
    """SGD as one writes it with nn.Linear, autograd and optim.SGD."""
    layers = []
    if first_layer is not None:
        frozen = torch.nn.Linear(*first_layer.shape, bias=False)
        frozen.weight.data = torch.tensor(first_layer.T).float()
        frozen.requires_grad_(False)
        layers = [frozen, torch.nn.ReLU()]
    inputs = X.shape[1] if first_layer is None else first_layer.shape[1]
    hidden = torch.nn.Linear(inputs, width, bias=False)
    features = torch.nn.Sequential(*layers, hidden, torch.nn.ReLU())
    output = torch.nn.Linear(width, len(np.unique(y)), bias=False)
    optimizer = torch.optim.SGD([hidden.weight, output.weight], lr=0.1)
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            H = features(X[rows])
            risk = (
                torch.nn.functional.cross_entropy(output(H), y[rows])
                + 0.5e-3 * output.weight.square().sum()
                + 0.5e-6 * len(X) * H.square().sum(1).mean()
            )
            optimizer.zero_grad()
            risk.backward()
            optimizer.step()


def step_by_hand(X, Y, W1, W, penalty, lr):
    """The same step with the gradients written out."""
    Z = X @ W1
    H = Z.clamp_min(0)
    P = (torch.softmax(H @ W, 1) - Y) / len(X)
    GH = torch.addmm(H, P, W.t(), beta=penalty / len(X)) * (Z > 0)
    W.add_(H.t() @ P + 1e-3 * W, alpha=-lr)
    W1.sub_(X.t() @ GH, alpha=lr)


@torch.no_grad()
def by_hand(X, y, width, epochs, step=step_by_hand, batch_size=128):
    """SGD with gradients written out, in PyTorch, on the data themselves."""
    X = torch.tensor(X, dtype=torch.float32)
    Y = torch.nn.functional.one_hot(torch.tensor(y)).float()
    W1 = (torch.rand(X.shape[1], width) * 2 - 1) * X.shape[1] ** -0.5
    W = (torch.rand(width, Y.shape[1]) * 2 - 1) * width**-0.5
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(batch_size):
            step(X[rows], Y[rows], W1, W, 1e-6 * len(X), 0.1)
    return (X @ W1).clamp_min(0) @ W


def gram_by_hand(X, y, width, epochs, batch_size=128):
    """SGD in Gram space in a few lines of NumPy."""
    rng = np.random.default_rng(0)
    X, V = X.astype(np.float32), rng.uniform(-1, 1, (max(y) + 1, width))
    G, Y = X @ X.T, np.eye(max(y) + 1, dtype=np.float32)[:, y]
    Z0 = rng.uniform(-1, 1, (width, X.shape[1])) / X.shape[1] ** 0.5 @ X.T
    Z0, V = Z0.astype(np.float32), (V / width**0.5).astype(np.float32)
    S = np.zeros_like(Z0)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            Z = Z0[:, rows] + S @ G[rows].T
            H = np.maximum(Z, 0)
            P = np.exp(V @ H - (V @ H).max(0))
            P = P / P.sum(0) - Y[:, rows]
            eta = np.float32(0.1 / len(rows))
            GZ = V.T @ P + np.float32(1e-6 * len(X)) * H
            V -= eta * (P @ H.T) + np.float32(1e-4) * V
            S[:, rows] -= eta * (GZ * (Z > 0))
    return (V @ np.maximum(Z0 + S @ G, 0)).T


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def fastest(*calls, turns=3):
    times = [[seconds(call) for call in calls] for _ in range(turns)]
    return np.min(times, axis=0)


def mixture(d, sigma, n=300, seed=0):
    return GaussianMixture(two_cluster_means(d, np.pi), sigma).sample(n, seed)


def two_layers():
    print("Two layers, N = 600, d = 1200, batches of 128, float32")
    print("  epochs a second, and how many times as many nclib.train makes")
    X, y = mixture(1200, 0.5)
    compiled = torch.compile(step_by_hand, dynamic=True)
    others = {
        "nn.Linear and autograd": plain,
        "gradients by hand": by_hand,
        "by hand, torch.compile": partial(by_hand, step=compiled),
        "Gram space, NumPy": gram_by_hand,
    }
    compiles = compiler_works(partial(others["by hand, torch.compile"], X, y))
    if not compiles:
        del others["by hand, torch.compile"]
        print("  (torch.compile does not run here)")
    for width, epochs in ((16, 60), (64, 40), (256, 25)):
        calls = [partial(f, X, y, width, epochs) for f in others.values()]
        more = 4 * epochs
        *slow, fast = fastest(
            *calls, partial(train, X, y, width=width, epochs=more)
        )
        ours = more / fast
        print(f"  width {width}: nclib.train {ours:.1f}, the whole call")
        for name, time_taken in zip(others, slow, strict=True):
            theirs = epochs / time_taken
            print(f"    {name:24} {theirs:8.1f} {ours / theirs:6.2f}")


def compiler_works(run):
    """Compile for each width and size of batch, which no turn counts."""
    try:
        for width in (16, 64, 256):
            run(width, 2)
    except Exception as error:
        print(f"  {type(error).__name__}: {str(error).splitlines()[0]}")
        return False
    return True


def flow_against_sgd():
    X, y = mixture(1200, 0.18)
    measured = 100
    slow, fast = fastest(
        partial(plain, X, y, 50, measured), partial(flow, X, y, T=T)
    )
    total = slow / measured * EPOCHS
    print("End state of 1e5 epochs, d = 1200, sigma = 0.18, width 50")
    print(f"  plain SGD {total:8.0f} s, extrapolated from {measured} epochs")
    print(f"  flow      {fast:8.2f} s, measured;  ratio {total / fast:.0f}")


def three_layer_data():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 500)
    X = 0.1 * rng.normal(size=(5000, 784)) + rng.uniform(size=(10, 784))[y]
    first_layer = rng.normal(size=(784, 20_000)) / np.sqrt(20_000)
    return X, y, first_layer


def peak_gib():
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_maxrss * unit / 2**30


def three_layers_gram(epochs):
    """Print seconds of the call with 1 epoch, with more, and peak GiB."""
    X, y, first_layer = three_layer_data()
    call = partial(train, X, y, width=32, first_layer=first_layer)
    once, more = (partial(call, epochs=count) for count in (1, 1 + epochs))
    print(seconds(once), seconds(more), peak_gib())


def three_layers():
    epochs = 400
    # A process of its own, so that the peak is that of the Gram trainer.
    child = subprocess.run(
        [sys.executable, __file__, "--three-layers-gram", str(epochs)],
        check=True,
        capture_output=True,
        text=True,
    )
    setup, longer, peak = map(float, child.stdout.split())
    gram = (longer - setup) / epochs
    X, y, first_layer = three_layer_data()
    recomputed = seconds(partial(plain, X, y, 32, 2, first_layer)) / 2
    cached = np.maximum(
        X.astype(np.float32) @ first_layer.astype(np.float32), 0
    )
    held = seconds(partial(plain, cached, y, 32, 4)) / 4
    print("Three layers, N = 5000, d1 = 20000, width 32, batches of 128")
    print(
        f"  plain, first layer in every batch {recomputed:7.3f} s an "
        f"epoch;  ratio {recomputed / gram:.0f}"
    )
    print(
        f"  plain, ReLU features held         {held:7.3f} s an "
        f"epoch;  ratio {held / gram:.0f}"
    )
    print(
        f"  Gram                              {gram:7.3f} s an epoch, "
        f"after {setup:.0f} s of set-up"
    )
    print(
        f"  peak memory of the Gram trainer, data and torch included: "
        f"{peak:.2f} GiB"
    )


def grid_task(kind, ratio, sigma):
    torch.set_num_threads(1)
    X, y = mixture(round(300 * ratio), sigma)
    start = time.process_time()
    if kind == "flow":
        run = flow(X, y, T=T)
    else:
        run = train(X, y, epochs=200)
    return time.process_time() - start, run.history[-1], run.status


def grid():
    print("The 36 nets of Figure 3, two processes of one thread each")
    start = time.perf_counter()
    results = Parallel(n_jobs=2)(
        delayed(grid_task)("flow", *cell) for cell in FIGURE_3
    )
    wall = time.perf_counter() - start
    print("  d/n   sigma  CPU s  steps  gap      NC1      status")
    for cell, (cpu, row, status) in zip(FIGURE_3, results, strict=True):
        print(
            f"  {cell[0]:3.1f}  {cell[1]:5.2f}  {cpu:5.2f}  "
            f"{row['epoch']:5d}  {row['gap']:.1e}  {row['nc1']:.1e}  "
            f"{status}"
        )
    cpu = sum(result[0] for result in results)
    print(
        f"  flow to T = {T:.0f}: {wall:.1f} s of wall time, {cpu:.1f} s "
        "of CPU time"
    )
    start = time.perf_counter()
    results = Parallel(n_jobs=2)(
        delayed(grid_task)("sgd", *cell) for cell in FIGURE_3
    )
    wall = (time.perf_counter() - start) * EPOCHS / 200
    cpu = sum(result[0] for result in results) * EPOCHS / 200
    print(
        f"  SGD to 1e5 epochs, extrapolated from 200: {wall / 60:.0f} min "
        f"of wall time, {cpu / 60:.0f} min of CPU time"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--three-layers", action="store_true")
    parser.add_argument("--grid", action="store_true")
    parser.add_argument(
        "--three-layers-gram", type=int, help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.three_layers_gram:
        three_layers_gram(arguments.three_layers_gram)
        return
    print(
        f"torch {torch.__version__}, {platform.processor()} "
        f"{platform.machine()}, one thread"
    )
    two_layers()
    flow_against_sgd()
    if arguments.three_layers:
        three_layers()
    if arguments.grid:
        grid()


if __name__ == "__main__":
    main()
