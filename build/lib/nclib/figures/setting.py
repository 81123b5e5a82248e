"""The picture of the chapter on the setting."""

from nclib.figures import style


def draw_features(scattered, collapsed):
    """The features of all samples, of random neurons and after collapse.

    Parameters
    ----------
    scattered, collapsed : (90, width) arrays
        Features of three classes of 30 samples, one sample a row.
    """
    style.use()
    figure, axes = style.grid(1, 2, 6.4, 3.4, sharey=True)
    for ax, H, title in zip(
        axes,
        (scattered, collapsed),
        ("random neurons", "collapsed"),
        strict=True,
    ):
        ax.imshow(H / H.max(), aspect="auto", cmap="Blues", vmin=0, vmax=1)
        ax.set(title=title, xlabel="neuron")
    axes[0].set_yticks([15, 45, 75], ["class 0", "class 1", "class 2"])
    return figure
