"""Arrays with a proved error: a midpoint and a radius for every entry.

The true numbers lie within the radius of the midpoint, every rounding of the
operation counted. Sums are bounded in any order of summation, with or without
fused operations. ``exp``, ``log1p`` and division are trusted to 2**-49 of
their value, sixteen units in the last place.
"""

import numpy as np

_UNIT_ROUNDOFF = 2.0**-53
# What a library function may be off by, relative to its value.
_FUNCTION = 2.0**-49
# Products below the normal range lose relative accuracy.
_UNDERFLOW = 2.0**-1022
# Radii are sums of nonnegative numbers, at most this long; times this they
# are upper bounds.
_LONGEST = 400_000
_UP = 1.0 + 1e-10


def _gamma(k):
    if k > _LONGEST:
        raise ValueError(f"sums must have at most {_LONGEST} terms, got {k}")
    return k * _UNIT_ROUNDOFF / (1.0 - k * _UNIT_ROUNDOFF)


def _of(value):
    return value if isinstance(value, Ball) else Ball(value)


class Ball:
    """An array of numbers, each known up to its radius.

    Parameters
    ----------
    mid : array of float64
    rad : array or float, optional
        Nonnegative; 0, exact floats, by default.
    """

    # numpy leaves ``array @ ball`` to the ball.
    __array_ufunc__ = None

    def __init__(self, mid, rad=0.0):
        self.mid = np.asarray(mid, dtype=np.float64)
        self.rad = np.broadcast_to(
            np.asarray(rad, dtype=np.float64), self.mid.shape
        )

    @property
    def shape(self):
        return self.mid.shape

    @property
    def T(self):
        return Ball(self.mid.T, self.rad.T)

    @property
    def lower(self):
        """Numbers that are at most the true ones."""
        return np.nextafter(self.mid - self.rad, -np.inf)

    @property
    def upper(self):
        """Numbers that are at least the true ones."""
        return np.nextafter(self.mid + self.rad, np.inf)

    @property
    def size(self):
        """Upper bounds on the absolute values."""
        return _UP * (np.abs(self.mid) + self.rad)

    def norm(self):
        """An upper bound on the root of the sum of squares."""
        return norm(self.size)

    def error(self):
        """An upper bound on the norm of what is not known."""
        return norm(self.rad)

    def __getitem__(self, key):
        return Ball(self.mid[key], self.rad[key])

    def reshape(self, *shape):
        return Ball(self.mid.reshape(*shape), self.rad.reshape(*shape))

    def __neg__(self):
        return Ball(-self.mid, self.rad)

    def __add__(self, other):
        other = _of(other)
        mid = self.mid + other.mid
        rounding = _UNIT_ROUNDOFF * np.abs(mid)
        return Ball(mid, _UP * (self.rad + other.rad + rounding))

    __radd__ = __add__

    def __sub__(self, other):
        return self + -_of(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        other = _of(other)
        mid = self.mid * other.mid
        rad = np.abs(self.mid) * other.rad + self.rad * other.size
        rounding = _UNIT_ROUNDOFF * np.abs(mid) + _UNDERFLOW
        return Ball(mid, _UP * (rad + rounding))

    __rmul__ = __mul__

    def __truediv__(self, other):
        """Divide by positive numbers."""
        other = _of(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            mid = self.mid / other.mid
            rad = (self.rad + np.abs(mid) * other.rad) / other.lower
        rad = np.where(other.lower > 0, rad, np.inf)
        rounding = _FUNCTION * np.abs(mid) + _UNDERFLOW
        return Ball(mid, _UP * (rad + rounding))

    def __matmul__(self, other):
        other = _of(other)
        size = np.abs(self.mid)
        rad = self.rad @ other.size + size @ other.rad
        terms = self.shape[-1]
        rad = rad + _gamma(terms + 1) * (size @ np.abs(other.mid))
        mid = self.mid @ other.mid
        return Ball(mid, _UP * rad + terms * _UNDERFLOW)

    def __rmatmul__(self, other):
        return _of(other) @ self

    def sum(self, axis=None):
        terms = self.mid.size if axis is None else self.shape[axis]
        rounding = _gamma(terms) * np.abs(self.mid).sum(axis)
        rad = _UP * (self.rad.sum(axis) + rounding)
        return Ball(self.mid.sum(axis), rad)

    def exp(self):
        mid = np.exp(self.mid)
        rad = mid * (_UP * np.expm1(self.rad) + 2 * _FUNCTION)
        return Ball(mid, _UP * rad + _UNDERFLOW)

    def log1p(self):
        """log(1 + x) of numbers above -1."""
        mid = np.log1p(self.mid)
        slope = 1 / (1 + np.minimum(self.lower, 0))
        rad = slope * self.rad + _FUNCTION * np.abs(mid)
        return Ball(mid, _UP * rad + _UNDERFLOW)


def norm(size):
    """An upper bound on the norm of an array of nonnegative numbers."""
    top = float(np.max(size, initial=0.0))
    if top == 0 or not np.isfinite(top):
        return top
    return _UP * top * float(np.sqrt(np.sum(np.square(size / top))))
