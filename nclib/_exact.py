"""Arithmetic without rounding for `nclib.certificates`."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

# Fractions tried in place of floats, and the most products they may cost.
_LARGEST_DENOMINATOR = 1000
_MOST_PRODUCTS = 20_000
# Veltkamp's constant splits a float64 into two halves of 26 bits.
_SPLIT = 2.0**27 + 1.0


def exactly_rounded_product(A, x):
    """A @ x with every entry correctly rounded.

    Products are split into two floats without error (Dekker), which needs
    entries far from overflow, and summed by `math.fsum`.
    """
    def halves(v):
        big = _SPLIT * v
        high = big - (big - v)
        return high, v - high

    product = A * x
    a_high, a_low = halves(A)
    x_high, x_low = halves(x)
    error = a_low * x_low - (
        ((product - a_high * x_high) - a_low * x_high) - a_high * x_low
    )
    terms = np.hstack([product, error])
    return np.array([math.fsum(row) for row in terms.tolist()])


def _simple_fractions(x):
    return [
        Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
        for value in x.tolist()
    ]


def _products(A, x):
    return [
        sum(
            (Fraction(a) * b for a, b in zip(row, x, strict=True) if a and b),
            Fraction(0),
        )
        for row in A.tolist()
    ]


def solves_primal(A, B, beta):
    """Does beta, in simple fractions, satisfy A b == 1 and B b <= 0?"""
    if np.count_nonzero(A) + np.count_nonzero(B) > _MOST_PRODUCTS:
        return False
    beta = _simple_fractions(beta)
    return all(v == 1 for v in _products(A, beta)) and all(
        v <= 0 for v in _products(B, beta)
    )


def solves_farkas(X_in, X_out, u, s):
    """Is (u, s), in simple fractions, a Farkas certificate?"""
    top = max(np.abs(u).max(), np.abs(s).max(initial=0.0))
    x = _simple_fractions(np.concatenate([u, s]) / top)
    rows = np.vstack([X_in, X_out])[[value != 0 for value in x]]
    if np.count_nonzero(rows) > _MOST_PRODUCTS or sum(x[: len(u)]) >= 0:
        return False
    return not any(_products(rows.T, [value for value in x if value]))
