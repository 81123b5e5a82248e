"""Checks of numeric arguments that may be arrays or infinite."""

import numpy as np

from .data import check_real


def plain(value):
    """A Python float for a zero-dimensional array."""
    return float(value) if np.ndim(value) == 0 else value


def check_extended(name, value):
    """A real at least 0; infinity is legal."""
    if isinstance(value, float) and value == np.inf:
        return np.inf
    return check_real(name, value, 0.0)


def check_numbers(name, value, minimum=-np.inf, infinite=False):
    """``value`` as a float array, refusing NaN and all below minimum."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be real, got dtype {array.dtype}")
    array = array.astype(float)
    legal = ~np.isnan(array) if infinite else np.isfinite(array)
    legal &= array >= minimum
    if not legal.all():
        kind = "not NaN" if infinite else "finite"
        if minimum > -np.inf:
            kind += f" and at least {minimum:g}"
        raise ValueError(f"{name} must be {kind}, got {array[~legal][0]}")
    return array


def check_sizes(name, value):
    """Integers of at least 1, as a float array."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers, got dtype {array.dtype}")
    if (array < 1).any():
        raise ValueError(f"{name} must be at least 1, got {array.min()}")
    return array.astype(float)
