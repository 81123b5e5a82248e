"""Where training finds the minimum, and where it does not."""

import numpy as np

from nclib.feasibility import decide
from nclib.figures import layers
from nclib.figures.layers import Layers, Setting
from nclib.figures.record import kept_record
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale


@claim(
    "random-layer-mean",
    strength="measured",
    status="numerical",
)
def random_layer_mean(scale):
    r"""On noisy clusters training reaches the minimum from every start behind
    a random ReLU layer of width $2N$ and from none without a layer; from few
    if the layer has no ReLU, or is deprived of the mean of its features; and
    from more than half with one constant coordinate in place of the layer.

    Needs: the kept starts by L-BFGS; $K = 2$, $n = 50$, $d = 2n$,
    $\sigma = 0.8$; 50 neurons, the paper's penalties.
    """
    record = Layers.load(kept_record("layers.npz"))
    share, starts = {}, {}
    for layer, ratio in (
        ("none", 1),
        ("relu", 2),
        ("constant", 1),
        ("linear", 4),
        ("centered", 4),
    ):
        rows = record.at(layer=layer, sigma=0.8, n=50, d1=100 * ratio)
        share[layer] = np.mean(rows["kind"] == 0)
        starts[layer] = (rows["exists"] == 1).sum()
    without = max(share["linear"], share["centered"])
    holds = (
        share["relu"] == 1
        and share["none"] == 0
        and share["constant"] > 0.5
        and without <= 0.25
        and min(starts.values()) >= 4
    )
    return bool(holds), (
        "sigma = 0.8, starts that are proved to reach the minimum: "
        + "; ".join(
            f"{name} {value:.0%}"
            for name, value in zip(
                (
                    "two layers",
                    "ReLU layer",
                    "constant coordinate",
                    "layer without ReLU",
                    "ReLU layer without its mean",
                ),
                share.values(),
                strict=True,
            )
        )
    )


@claim(
    "random-layer-width",
    strength="measured",
    status="numerical",
)
def random_layer_width(scale):
    r"""On images the boundary of training lies close to that of existence:
    with $d_1 \le N/2$ no collapsed network exists, with $d_1 \ge 2N$ one
    exists and training reaches the minimum, from every start.

    Needs: the kept starts by L-BFGS; Fashion-MNIST, classes 0 and 6,
    $n = 20$ and $50$; 50 neurons, the paper's penalties.
    """
    record = Layers.load(kept_record("layers.npz"))
    holds, texts = True, []
    for n in (20, 50):
        d1, exist, found = layers.shares(record.at(K=2, n=n, sigma=0.0), "d1")
        narrow, wide = d1 <= n, d1 >= 4 * n
        holds &= narrow.any() and wide.any()
        holds &= not exist[narrow].any() and found[wide].all()
        holds &= (exist[wide] == 1).all() and (found[wide] == 1).all()
        texts.append(
            f"n = {n}: "
            + ", ".join(
                f"d1 = {a} exists {b:.0%} reached {c:.0%}"
                for a, b, c in zip(d1, exist, found, strict=True)
            )
        )
    return bool(holds), "; ".join(texts)


@claim(
    "random-layer-same-data",
    strength="certified",
    status="proved",
)
def random_layer_same_data(scale):
    r"""There are data on which training ends at a spurious local minimum, but
    at the global one behind a random ReLU layer, and with a constant
    coordinate as well; in all three cases a collapsed network exists.

    Needs: two clusters, $n = 20$, $d = 40$, $\sigma = 1.2$; L-BFGS from one
    start each; proved for the float64 data.
    """
    texts, holds = [], True
    for seed in at_scale(scale, quick=(2,), book=(1, 2)):
        for layer, d1, wanted in (
            ("none", 40, "spurious"),
            ("relu", 80, "global"),
            ("constant", 40, "global"),
        ):
            setting = Setting(2, 20, d1, 1.2, layer)
            F, y, _, _, found = layers.follow(setting, seed)
            holds &= found.kind == wanted and decide(F, y).occurs is True
            bound = "above" if wanted == "spurious" else "within"
            texts.append(f"{layer} {found.kind}, {bound} {found.gap:.1e}")
    return bool(holds), "; ".join(texts)
