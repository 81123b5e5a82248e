"""Training in Gram space against plain PyTorch, measured in one run.

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
    print("  width  plain epochs/s  Gram epochs/s  ratio")
    X, y = mixture(1200, 0.5)
    for width, epochs in ((16, 60), (64, 40), (256, 25)):
        more = 8 * epochs
        slow, fast = fastest(
            partial(plain, X, y, width, epochs),
            partial(train, X, y, width=width, epochs=more),
        )
        ours, theirs = more / fast, epochs / slow
        print(
            f"  {width:5d}  {theirs:14.1f}  {ours:13.1f}  {ours / theirs:5.1f}"
        )
    print("  (Gram: the whole call, its set-up and records included)")


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
