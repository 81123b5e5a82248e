"""The picture of the chapter on the setting."""

import numpy as np

from nclib.figures import style


def draw_features(scattered, collapsed):
    """The features of all samples, of random neurons and after collapse.

    Parameters
    ----------
    scattered, collapsed : (90, width) arrays
        Features of three classes of 30 samples, one sample a row.
    """
    style.use()
    figure, axes = style.grid(1, 2, sharey=True)
    # Class by class, the neurons side by side that answer to it most.
    columns = np.argsort(collapsed.reshape(3, 30, -1).mean(1).argmax(0))
    for ax, H, title in (
        (axes[0], scattered, "random neurons"),
        (axes[1], collapsed[:, columns], "collapsed"),
    ):
        ax.imshow(
            H / H.max(),
            aspect="auto",
            interpolation="nearest",
            cmap="Blues",
            vmin=0,
            vmax=1,
        )
        ax.set(
            title=title,
            xlabel="neuron",
            xticks=range(0, H.shape[1], 2),
            xticklabels=range(1, H.shape[1] + 1, 2),
        )
    axes[0].set_yticks([14.5, 44.5, 74.5], ["class 0", "class 1", "class 2"])
    return figure
