"""What only some functions need, and how to get it."""

from importlib import import_module

import nclib

#: What is installed is called this; what is imported, ``nclib``. On PyPI the
#: latter is a library of sockets.
DISTRIBUTION = "nclib-collapse"

_EXTRAS = {
    "cvxpy": "sdp",
    "matplotlib": "figures",
    "mpmath": "minima",
    "pooch": "data",
    "sklearn": "data",
    "torch": "train",
}
# What is installed under another name than it is imported.
_INSTALLED = {"sklearn": "scikit-learn"}


if not hasattr(nclib, "_HOMES"):
    raise ImportError(
        f"{nclib.__file__} is not that of {DISTRIBUTION}, but of a library of "
        "sockets that PyPI calls nclib, installed over it: pip uninstall -y "
        f"nclib, then pip install --force-reinstall --no-deps {DISTRIBUTION}"
    )


class MissingExtra(ImportError):
    """A function needs a package that is not installed."""


def load(module, function):
    """Import a module of an extra, or say who needs it and how to get it.

    Parameters
    ----------
    module : str
        With dots; its package is one of an extra in pyproject.toml.
    function : str
        What the user called.

    Raises
    ------
    MissingExtra
        An `ImportError`. A package that is there and broken says so itself.

    Examples
    --------
    >>> from nclib._extras import load
    >>> load("mpmath", "nclib.certify_minimum").__name__
    'mpmath'
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
    installed = _INSTALLED.get(package, package)
    raise MissingExtra(
        f"{function} needs the package {installed}, which is not installed: "
        f'pip install "{DISTRIBUTION}[{_EXTRAS[package]}]"',
        name=package,
    )
