"""The pictures of the chapter on your own network."""

from nclib.figures import style


def draw_epochs(histories, could, K):
    """NC1 along the epochs, and how many classes could collapse.

    Parameters
    ----------
    histories : dict
        From the name of a network to the NC1 after each epoch.
    could : dict
        From the same name to a dict from epoch to a number of classes.
    K : int
        Number of classes.
    """
    style.use()
    figure, (above, below) = style.grid(2, 1, height=2.5, sharex=True)
    looks = ((style.BLUE, "o", "-"), (style.VERMILION, "s", "--"))
    for (name, nc1), (color, marker, line) in zip(
        histories.items(), looks, strict=True
    ):
        above.semilogy(range(len(nc1)), nc1, ls=line, color=color)
        epochs, counts = zip(*could[name].items(), strict=True)
        below.plot(epochs, counts, marker=marker, ls=line, color=color, ms=6)
        height = counts[-1] - 1.6 if counts[-1] else 0.8
        style.label(below, len(nc1) - 1, height, name, color, ha="right")
    above.set(ylabel=style.NAMES["nc1"])
    below.set(
        ylabel=f"classes of {K}\nthat could collapse",
        xlabel="epoch",
        ylim=(-0.7, K + 0.7),
        yticks=range(0, K + 1, 5),
    )
    return figure


def draw_geometry(history):
    """The centered numbers along the epochs, on one axis from zero.

    Parameters
    ----------
    history : list of nclib.Geometry
        After each epoch.
    """
    style.use()
    figure, ax = style.grid()
    shown = (
        ("cdnv", "CDNV", style.BLUE, "-"),
        ("simplex", "NC2, centered", style.GREEN, "--"),
        ("alignment", "NC3, centered", style.VERMILION, "-."),
        ("norms", "norms", style.PURPLE, ":"),
    )
    for name, text, color, line in shown:
        values = [getattr(row, name) for row in history]
        ax.plot(values, ls=line, color=color, label=text)
    ax.set(xlabel="epoch", ylim=(0, 1.5))
    ax.legend(ncols=2)
    return figure


def streaming_table(record):
    """A record of streamed metrics, as text.

    Parameters
    ----------
    record : dict
        What ``benchmarks/streaming.py`` wrote to
        ``nclib/records/streaming.json``.
    """
    lines = []
    for table in record["tables"]:
        lines += [
            f"{table['N']:,} x {table['D']:,}, K = {table['K']:,}",
            "                       s       MB",
        ]
        for name, row in table["routes"].items():
            megabytes = row["bytes"] / 1e6
            lines.append(f"  {name:15}{row['seconds']:8.1f}{megabytes:9.0f}")
    lines += [f"recorded {record['date']}", record["command"]]
    return "\n".join(lines)
