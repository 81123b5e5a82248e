"""Plain SGD (2.4), (2.5) in Gram space, with checkpoints."""

import hashlib
import json
import os
import zipfile
from time import monotonic

import numpy as np

from nclib._checks import check_integer, check_path, check_real
from nclib._extras import load
from nclib._files import replacing
from nclib.training.gram import (
    COLUMNS,
    Problem,
    log_spaced,
    progress_bar,
    torch_threads,
)
from nclib.upfm import PENALTIES

# Seconds between checkpoints, beside those at every record.
_CHECKPOINT_SECONDS = 30.0
# Epochs between two looks at whether the weights are still finite.
_LOOK = 64
# A risk this many times the first one is never recovered from.
_EXPLODED = 1e6


def train(
    X,
    y,
    *,
    width=50,
    epochs=1000,
    batch_size=128,
    lr=0.1,
    loss="ce",
    lambda_W=PENALTIES[0],
    lambda_H=PENALTIES[1],
    first_layer=None,
    init=None,
    seed=0,
    dtype="float32",
    device="cpu",
    checkpoint=None,
    progress=False,
):
    r"""Train a bias-free ReLU network by plain SGD.

    A step on a batch b of B of the N samples goes down the gradient of

    .. math::

        \frac1B\sum_{i\in b}&\ell(W^\top h_i, y_i)
        + \frac{\lambda_W}{2}\|W\|_F^2 \\
        & + \frac{\lambda_H}{2}\frac NB\sum_{i\in b}\|h_i\|^2,

    the mean of which over batches is the risk (2.4) or (2.5). Every epoch
    reshuffles the samples and keeps the last, smaller batch. The step is
    ``lr``, divided by 10 after a third and again after two thirds of the
    epochs. For the cross-entropy :math:`W\mathbf 1_K` is exactly multiplied
    by :math:`1-\eta_t\lambda_W` in step t, whatever the data.

    Parameters
    ----------
    X : (N, d) array
        Samples.
    y : (N,) array of integers or strings
        Labels of K classes.
    width : int
        Neurons D; with ``init`` its width counts instead.
    epochs : int
    batch_size : int or None
        B; None is full batch.
    lr : float
        First step size, greater than zero.
    loss : {"ce", "l2"}
        Cross-entropy, or squared loss with the factor 1/2 of (2.7).
    lambda_W, lambda_H : float
        Penalties, at least zero.
    first_layer : (d, d1) array, optional
        Frozen first layer: three layers, (2.5).
    init : pair of arrays, optional
        W1 (d, D), or (d1, D) with ``first_layer``, and W (D, K) to start
        from. By default uniform on :math:`\pm` fan-in to the power -1/2,
        as in PyTorch's ``nn.Linear``, drawn with NumPy.
    seed : int
        Seeds the start and, separately, the batches.
    dtype : {"float32", "float64"}
        Of the arithmetic. The risk of a record is summed in float64.
    device : str
        "cpu", or another device of PyTorch, as "cuda".
    checkpoint : path, optional
        File that is written atomically at every record and at least every
        30 seconds. If it exists the run goes on from there, with as many
        threads as it began with, to the same bits as a run in one go (on
        the same CPU).
    progress : bool
        Show a progress bar.

    Returns
    -------
    TrainingRun
        Records at epoch 0 and at log-spaced epochs. ``status`` is
        "completed", "interrupted" (by Ctrl-C), or starts with "diverged"
        or "dead" and goes on with the reason; the history up to there is
        kept.

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also for a checkpoint of other arguments.

    Notes
    -----
    An epoch costs 2 D N min(N, 2 d) operations, with d1 for d in three
    layers. Memory is N^2 numbers in Gram space beside the data; the ReLU
    features of three layers are formed in blocks and never held whole.
    Source: (2.4), (2.5), Sections 3.2 and 3.3. Width and batch size, which
    the paper does not state, are ours, and so is the Gram-space form.

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.GaussianMixture(nclib.simplex_means(2, 40), 0.3).sample(
    ...     20, seed=0
    ... )
    >>> run = nclib.train(X, y, width=8, epochs=50, batch_size=10)
    >>> run.status, run.gap > 0
    ('completed', True)
    """
    torch = load("torch", "nclib.train")
    epochs = check_integer("epochs", epochs, 1)
    if batch_size is not None:
        batch_size = check_integer("batch_size", batch_size, 1)
    lr = check_real("lr", lr, 0.0, exclusive=True)
    with torch.inference_mode(), torch_threads():
        store = _Checkpoint(checkpoint)
        problem = Problem(
            X,
            y,
            width=width,
            loss=loss,
            lambda_W=lambda_W,
            lambda_H=lambda_H,
            first_layer=first_layer,
            init=init,
            seed=seed,
            dtype=dtype,
            device=device,
        )
        N = problem.N
        size = N if batch_size is None else min(batch_size, N)
        S, V = problem.S, problem.V
        rng = np.random.default_rng(
            np.random.SeedSequence(problem.seed, spawn_key=(1,))
        )
        done, time, rows = store.resume(problem, epochs, size, lr, rng)
        if not rows:
            rows.append(problem.first_row())
        last = S.clone(), V.clone()
        records = set(log_spaced(epochs))
        sgd = _Sgd(problem, size)
        status = "completed"
        bar = progress_bar(progress, epochs, done)
        try:
            for epoch in range(done, epochs):
                eta = lr * 0.1 ** (3 * epoch // epochs)
                sgd.epoch(eta, rng)
                time += eta * len(sgd.batches)
                done = epoch + 1
                bar.update()
                if done % _LOOK == 0 or done in records:
                    problem_found = _diagnose(problem, sgd, V, rows, done)
                    if problem_found:
                        status = problem_found
                        break
                if done in records:
                    row = problem.row(done, time, S, V)
                    if row is None or row[2] > _EXPLODED * rows[0][2]:
                        status = _diverged(done, rows, "lr")
                        break
                    rows.append(row)
                    last = S.clone(), V.clone()
                if done in records or store.due():
                    store.save(problem, done, time, S, V, rows)
        except KeyboardInterrupt:
            status = "interrupted"
            row = problem.row(done, time, S, V)
            if row is not None:
                rows.append(row)
                last = S, V
        finally:
            bar.close()
        return problem.finish(rows, *last, status)


class _Sgd:
    """Epochs of SGD on preallocated buffers; changes the problem's state."""

    def __init__(self, problem, size):
        import torch

        self.problem = problem
        N, D, K = problem.N, problem.D, problem.K
        S = problem.S
        self.full = size == N
        self.permutation = torch.arange(N, device=S.device)
        self.Y = problem.Y.clone()
        source = problem.G if problem.gram else problem.features
        self.source = source
        rows = source if self.full else source.new_empty(size, source.shape[1])
        self.batches = []
        buffers = {}
        for start in range(0, N, size):
            index = self.permutation[start : start + size]
            B = len(index)
            if B not in buffers:
                buffers[B] = (
                    rows[:B],
                    *(S.new_empty(D, B) for _ in range(3)),
                    *(S.new_empty(K, B) for _ in range(2)),
                )
            self.batches.append(
                (B, index, index.expand(D, B), self.Y[:, start : start + B])
                + buffers[B]
            )
        self.features = self.batches[-1][6]

    def epoch(self, eta, rng):
        """One pass over the samples with step size ``eta``."""
        import torch

        problem = self.problem
        S, V = problem.S, problem.V
        Vt = V.t()
        gram, cross_entropy = problem.gram, problem.loss == "ce"
        source = self.source
        penalty, decay = problem.lambda_H * problem.N, problem.lambda_W * eta
        step_in = torch.ops.aten.threshold_backward.grad_input
        if not self.full:
            self.permutation.copy_(
                torch.from_numpy(rng.permutation(problem.N))
            )
            torch.index_select(problem.Y, 1, self.permutation, out=self.Y)
        for B, index, wide, Y, rows, Z, H, GZ, logits, P in self.batches:
            scale = -eta / B
            if not self.full:
                torch.index_select(source, 0, index, out=rows)
            # The Gram state enters through Z = Z0 + S G alone, so Z needs
            # to be formed for the batch only, and never drifts from S.
            if gram:
                if self.full:
                    Z.copy_(problem.Z0)
                else:
                    torch.index_select(problem.Z0, 1, index, out=Z)
                Z.addmm_(S, rows.t())
            else:
                torch.mm(S, rows.t(), out=Z)
            torch.clamp_min(Z, 0, out=H)
            torch.mm(V, H, out=logits)
            if cross_entropy:
                torch.softmax(logits, 0, out=P)
                P.sub_(Y)
            else:
                torch.sub(logits, Y, out=P)
            torch.addmm(H, Vt, P, beta=scale * penalty, alpha=scale, out=GZ)
            step_in(GZ, Z, 0, grad_input=GZ)
            V.addmm_(P, H.t(), beta=1 - decay, alpha=scale)
            if not gram:
                S.addmm_(GZ, rows)
            elif self.full:
                S.add_(GZ)
            else:
                S.scatter_add_(1, wide, GZ)


def _diagnose(problem, sgd, V, rows, epoch):
    """Why training cannot go on, or None."""
    if not bool((problem.S.sum() + V.sum()).isfinite()):
        return _diverged(epoch, rows, "lr")
    # Features of the last batch are a quick look; all samples decide.
    if not bool(sgd.features.any()):
        risk = problem.row(epoch, 0.0, problem.S, V)
        if risk is None or risk[2] > _EXPLODED * rows[0][2]:
            return _diverged(epoch, rows, "lr")
        if not bool((problem.preactivations(problem.S) > 0).any()):
            return (
                f"dead at epoch {epoch}: every neuron is zero on every "
                "sample, so the first layer has no gradient left; the "
                f"history ends at epoch {rows[-1][0]}"
            )
    return None


def _diverged(epoch, rows, name):
    return (
        f"diverged at epoch {epoch}: the risk exploded, so {name} is too "
        f"large for these data; the history ends at epoch {rows[-1][0]}"
    )


class _Checkpoint:
    """A file with all that the next epoch depends on."""

    def __init__(self, path):
        import torch

        self.path = check_path("checkpoint", path)
        self.saved = None
        self.threads = torch.get_num_threads()
        self.written = monotonic()
        if self.path is None:
            return
        folder = os.path.dirname(os.path.abspath(self.path))
        if not os.path.isdir(folder):
            raise ValueError(
                f"checkpoint must lie in a folder that exists, got {path}"
            )
        if not os.path.exists(self.path):
            return
        try:
            with np.load(self.path, allow_pickle=False) as file:
                self.saved = {name: file[name] for name in file.files}
            meta = json.loads(str(self.saved["meta"]))
            self.saved.update(meta)
            self.threads = int(meta["threads"])
            # Files of versions that did not keep the time are refused here.
            self.seconds = float(meta["seconds"])
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            zipfile.BadZipFile,
        ) as error:
            raise ValueError(
                f"checkpoint must be a file that train wrote, "
                f"{self.path} is not: {error}"
            ) from None
        # Before anything is computed: even the last bit of the Gram matrix
        # depends on the number of threads.
        torch.set_num_threads(self.threads)

    def resume(self, problem, epochs, size, lr, rng):
        """Bring S, V and ``rng`` to the saved state.

        Returns the epochs done, the time and the rows.
        """
        import torch

        if self.path is None:
            return 0, 0.0, []
        self.rng = rng
        self.configuration = _digest(problem, epochs, size, lr)
        saved = self.saved
        if saved is None:
            return 0, 0.0, []
        if saved["configuration"] != self.configuration:
            raise ValueError(
                f"checkpoint {self.path} belongs to a run with other data or "
                "arguments; delete it or name another file"
            )
        problem.S.copy_(torch.from_numpy(saved["S"]))
        problem.V.copy_(torch.from_numpy(saved["V"]))
        rng.bit_generator.state = saved["generator"]
        problem.started -= self.seconds
        rows = saved["rows"].astype(COLUMNS).tolist()
        return saved["epoch"], saved["time"], rows

    def due(self):
        return (
            self.path is not None
            and monotonic() - self.written > _CHECKPOINT_SECONDS
        )

    def save(self, problem, epoch, time, S, V, rows):
        if self.path is None:
            return
        meta = dict(
            configuration=self.configuration,
            epoch=epoch,
            time=time,
            generator=self.rng.bit_generator.state,
            threads=self.threads,
            seconds=monotonic() - problem.started,
        )
        with replacing(self.path) as file:
            np.savez(
                file,
                S=S.cpu().numpy(),
                V=V.cpu().numpy(),
                rows=np.array(rows, dtype=COLUMNS),
                meta=json.dumps(meta),
            )
        self.written = monotonic()


def _digest(problem, epochs, size, lr):
    plain = dict(
        epochs=epochs,
        size=size,
        lr=lr,
        loss=problem.loss,
        lambda_W=problem.lambda_W,
        lambda_H=problem.lambda_H,
        seed=problem.seed,
        dtype=str(problem.dtype),
        device=problem.device.type,
    )
    digest = hashlib.sha256(json.dumps(plain).encode())
    for array in (
        problem.X,
        problem.y,
        problem.W1,
        problem.W,
        problem.first_layer,
    ):
        array = np.zeros(0) if array is None else array
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
