"""The callbacks that the chapter on your own network shows."""

import re
import warnings

import jupytext
import numpy as np
import pytest
from helpers import BOOK

import nclib

torch = pytest.importorskip("torch")
PAGE = BOOK / "your_network.md"


def shown(name):
    """The cell of the page that defines a function."""
    notebook = jupytext.read(PAGE, fmt="md:myst")
    (cell,) = (
        c for c in notebook.cells if c.source.startswith(f"def {name}(")
    )
    return cell.source


@pytest.fixture
def measured():
    names = {"nclib": nclib, "torch": torch}
    exec(shown("measured"), names)
    return names["measured"]


def data(N=90, K=3, d=5):
    rng = np.random.default_rng(0)
    y = np.arange(N) % K
    X = torch.tensor(rng.normal(size=(N, d)) + y[:, None]).float()
    return torch.utils.data.TensorDataset(X, torch.tensor(y))


def test_the_hook_measures_what_enters_the_layer(measured):
    torch.manual_seed(0)
    last = torch.nn.Linear(8, 3)
    net = torch.nn.Sequential(
        torch.nn.Linear(5, 8), torch.nn.Dropout(0.5), torch.nn.ReLU(), last
    )
    rows = data()
    net.train()
    acc = measured(net, last, torch.utils.data.DataLoader(rows, 7))
    assert net.training and not last._forward_pre_hooks
    net.eval()
    with torch.no_grad():
        H = net[:-1](rows.tensors[0])
    np.testing.assert_allclose(
        acc.metrics(last.weight.T),
        nclib.nc_metrics(H, last.weight.T, rows.tensors[1]),
        rtol=1e-5,
    )


def test_the_lightning_callback_runs_in_lightning(measured, tmp_path):
    lightning = pytest.importorskip("lightning")
    text = PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(
        r"^```python\n(class Collapse.*?)^```", text, re.M | re.S
    )
    callback, call = block.split("\n\ntrainer = ")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.hidden = torch.nn.Linear(5, 8)
            self.last = torch.nn.Linear(8, 3)

        def forward(self, X):
            return self.last(torch.relu(self.hidden(X)))

        def training_step(self, batch, index):
            X, y = batch
            return torch.nn.functional.cross_entropy(self(X), y)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    loader = torch.utils.data.DataLoader(data(), 15, shuffle=True)
    names = {"lightning": lightning, "measured": measured}
    exec(callback, names)
    net = names["net"] = Module()
    names["loader"] = loader
    quiet = dict(
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
        default_root_dir=str(tmp_path),
    )
    trainer_of = lightning.Trainer
    lightning.Trainer = lambda **options: trainer_of(**options, **quiet)
    try:
        trainer = eval(call, names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(net, loader)
    finally:
        lightning.Trainer = trainer_of
    X, y = loader.dataset.tensors
    with torch.no_grad():
        H = torch.relu(net.hidden(X))
    expected = nclib.nc_metrics(H, net.last.weight.T, y)._asdict()
    logged = {k: float(v) for k, v in trainer.callback_metrics.items()}
    assert logged == pytest.approx(expected, rel=1e-5)
    assert trainer.current_epoch == 2
