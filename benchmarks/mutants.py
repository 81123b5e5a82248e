"""Mutants chosen by hand: where a proof would break without a sound.

Each is a module, a text that occurs once in it, and what stands there
instead. Not in the list: _UNDERFLOW, which no test can miss, since rows are
scaled to size one and the class has the value one, so that rounding errors
are far larger; and the first check of the sign of sum(u), which the accuracy
checks again.
"""

MUTANTS = [
    # The accuracy that is stated.
    ("certificates", "TOLERANCE = 1e-6", "TOLERANCE = 1e-3"),
    ("certificates", "TOLERANCE = 1e-6", "TOLERANCE = 1e-13"),
    ("certificates", "return self.accuracy <= TOLERANCE", "return True"),
    (
        "certificates",
        "return self.holds and self.exists",
        "return self.exists",
    ),
    ("certificates", "return self.holds and self.exists", "return self.holds"),
    (
        "certificates",
        "miss = np.max(np.abs(value - 1.0) + rounding) + "
        "_UNIT_ROUNDOFF\n    if",
        "miss = np.max(value - 1.0)\n    if",
    ),
    (
        "certificates",
        "above = np.maximum(value + rounding, 0.0)",
        "above = np.maximum(-value, 0.0)",
    ),
    (
        "certificates",
        "above = np.maximum(value + rounding, 0.0)",
        "above = 0.0 * value",
    ),
    ("certificates", ".any(axis=1), np.inf, 0.0\n", ".any(axis=1), 0, 0\n"),
    ("certificates", "max(inside, outside),", "inside,"),
    ("certificates", "max(inside, outside),", "outside,"),
    ("certificates", "and (s >= 0).all()", "and (s <= 0).all()"),
    ("certificates", "and (s >= 0).all()", ""),
    (
        "certificates",
        "return _UP * float(share) / -(total + error)",
        "return _UP * float(share)",
    ),
    (
        "certificates",
        "return _UP * float(share) / -(total + error)",
        "return 1e-9",
    ),
    (
        "certificates",
        "if not total + error < 0:\n        return np.inf",
        "if False:\n        return np.inf",
    ),
    ("certificates", "if not accuracy < 1.0:", "if not accuracy < 1e-12:"),
    # Bounds on rounding errors.
    ("certificates", "_UNIT_ROUNDOFF = 2.0**-53", "_UNIT_ROUNDOFF = 0.0"),
    ("certificates", "_UNIT_ROUNDOFF = 2.0**-53", "_UNIT_ROUNDOFF = 2.0**-30"),
    (
        "certificates",
        "        _UP * trace * (_gamma",
        "        1e-9 * trace * (_gamma",
    ),
    (
        "certificates",
        "diagonal[:] = original - alpha",
        "diagonal[:] = original + alpha",
    ),
    (
        "certificates",
        "diagonal[:] = original - alpha",
        "diagonal[:] = original",
    ),
    (
        "certificates",
        "return float(np.sqrt((alpha - floor) / _UP))",
        "return float(np.sqrt(100 * alpha))",
    ),
    (
        "certificates",
        "if m > k or k > _LONGEST:\n        return 0.0",
        "if m > k or k > _LONGEST:\n        return 1.0",
    ),
    (
        "certificates",
        "if m == 0:\n        return np.inf",
        "if m == 0:\n        return 0.0",
    ),
    (
        "certificates",
        "yield _UP * _norm_bound(residual) / sigma_min",
        "yield 0.0",
    ),
    (
        "certificates",
        "yield _UP * _norm_bound(residual) / sigma_min",
        "yield _norm_bound(residual) * sigma_min",
    ),
    (
        "certificates",
        "sigma_min = sigma_min_bound(W @ A) - _UP * "
        "_norm_bound(error.ravel())",
        "sigma_min = 1.0",
    ),
    (
        "certificates",
        "yield _UP * _norm_bound(_UP * (W_size @ residual)) / sigma_min",
        "yield 0.0",
    ),
    (
        "certificates",
        "residual = _UP * (np.abs(value - target) + rounding)",
        "residual = _UP * np.abs(value)",
    ),
    (
        "certificates",
        "residual = _UP * (np.abs(value - target) + rounding)",
        "residual = 0.0 * rounding",
    ),
    (
        "certificates",
        "residual = _UP * (np.abs(value - target) + rounding)",
        "residual = _UP * np.abs(value - target)",
    ),
    (
        "certificates",
        "return (scaled if exact else None), exponent",
        "return scaled, exponent",
    ),
    # Rows that follow from others.
    (
        "certificates",
        "if not _exact.is_zero(rows.T, relation[used]):",
        "if False:",
    ),
    (
        "certificates",
        "if not _exact.is_zero(rows.T, relation[used]):",
        "if not _exact.is_zero(rows.T[:-1], relation[used]):",
    ),
    (
        "certificates",
        "rank = int(np.sum(diagonal > 1e-11 * diagonal[0]))",
        "rank = len(M) - 1",
    ),
    (
        "certificates",
        "relation = np.append(coefficients[:, j], -1.0)",
        "relation = np.append(coefficients[:, j], 1.0)",
    ),
    (
        "certificates",
        "if relation is None:\n            return None",
        "if relation is None:\n            continue",
    ),
    # Features that serve one sample.
    (
        "certificates",
        "alone = (own == 1) & (ups + downs == 1)",
        "alone = own == 1",
    ),
    (
        "certificates",
        "one_sign = (own == 0) & ((ups == 0) != (downs == 0))",
        "one_sign = (ups == 0) != (downs == 0)",
    ),
    (
        "certificates",
        "one_sign = (own == 0) & ((ups == 0) != (downs == 0))",
        "one_sign = (own == 0) & (ups + downs > 0)",
    ),
    ("certificates", "served[np.flatnonzero(served[:n])[:1]] = False", "pass"),
    # Existence by room.
    ("certificates", "& ~(reach < 0)", "& ~(reach < np.inf)"),
    ("certificates", "& ~(reach < 0)", "& (highest > 0)"),
    (
        "certificates",
        "reach = highest + _UP * norm * radius",
        "reach = highest",
    ),
    (
        "certificates",
        "reach = highest + _UP * norm * radius",
        "reach = highest - _UP * norm * radius",
    ),
    ("certificates", "short = ~tight & (norm > 0)", "short = (norm > 0)"),
    ("certificates", "tight = tight | short", "tight = tight & short"),
    ("certificates", "E = np.vstack([A, B[tight]])", "E = np.vstack([A])"),
    (
        "certificates",
        "np.append(np.ones(len(A)), np.zeros(tight.sum()))",
        "np.append(np.ones(len(A)), np.ones(tight.sum()))",
    ),
    (
        "certificates",
        "if smallest > radius and total + error",
        "if smallest > 0 and total + error",
    ),
    (
        "certificates",
        "if smallest > radius and total + error",
        "if total + error",
    ),
    (
        "certificates",
        "total + error + stretch * radius < 0:",
        "total < np.inf:",
    ),
    (
        "certificates",
        "total + error + stretch * radius < 0:",
        "total + error < 0:",
    ),
    ("certificates", "stretch = _UP * _norm_bound(units)", "stretch = 0.0"),
    (
        "certificates",
        "total, error = _sum_bounds(x[inside] * units)",
        "total, error = _sum_bounds(x[inside])",
    ),
    (
        "certificates",
        "smallest = np.min(x[~inside], initial=np.inf)",
        "smallest = np.max(x[~inside], initial=np.inf)",
    ),
    (
        "certificates",
        "kept = np.abs(multipliers) > _NEGLIGIBLE * np.abs(multipliers).max()",
        "kept = np.abs(multipliers) > 0",
    ),
    (
        "certificates",
        "alone = nonzero[kept].sum(axis=0) == 1",
        "alone = nonzero[kept].sum(axis=0) == 2",
    ),
    (
        "certificates",
        "            - scipy.linalg.lstsq(",
        "            + scipy.linalg.lstsq(",
    ),
    # Arithmetic without rounding.
    ("_exact", "_SPLIT = 2.0**27 + 1.0", "_SPLIT = 2.0**26 + 1.0"),
    ("_exact", "error = a_low * x_low - (", "error = a_low * x_low + ("),
    ("_exact", "if (size[(A != 0) & (x != 0)] < _SAFE).any():", "if False:"),
    ("_exact", "if (np.abs(close - mantissa) > 1e-9).any():", "if False:"),
    (
        "_exact",
        "return all(v == 1 for v in _products(A, beta)) and all(",
        "return all(",
    ),
    (
        "_exact",
        "v <= 0 for v in _products(B, beta)",
        "v >= 0 for v in _products(B, beta)",
    ),
    ("_exact", "sum(u) < 0\n", "sum(u) > 0\n"),
    (
        "_exact",
        "np.vstack([-X_in, X_out])[:, features]",
        "np.vstack([X_in, X_out])[:, features]",
    ),
    ("_exact", "if pivot < 0:", "if False:"),
    (
        "_exact",
        "entering = [j for j in range(n, n + m) if T[i, j] < 0]",
        "entering = [j for j in range(n, n + m) if T[i, j] > 0]",
    ),
    ("_exact", "if j >= n and T[i, -1] < 0", "if T[i, -1] < 0"),
    ("_exact", "Fraction(y[j] * scale[j], y[d])", "Fraction(y[j], y[d])"),
    ("_exact", "return answer is not None and answer[0]", "return True"),
    ("_exact", "return answer is not None and not answer[0]", "return True"),
    # The reduction.
    (
        "feasibility",
        "ups, downs = positive[kept].sum(axis=0)",
        "downs, ups = 0 * positive[kept].sum(axis=0)",
    ),
    (
        "feasibility",
        "own = X_in.any(axis=0)",
        "own = X_in.any(axis=0) & False",
    ),
    (
        "feasibility",
        "full[j] = -np.sign(entries[0])",
        "full[j] = np.sign(entries[0])",
    ),
    (
        "feasibility",
        "needed = (X_out[rows] @ full + 1.0)",
        "needed = (X_out[rows] @ full - 1.0)",
    ),
    ("feasibility", "max(needed.max(), 0.0)", "max(needed.min(), 0.0)"),
    ("feasibility", "X_in = X_in * scale[:, None]", "pass"),
    ("feasibility", "target = scale[rows]", "target = np.ones(n)"),
    (
        "feasibility",
        "np.sum(diagonal > 10 * max(n, d) * _EPS * diagonal[0])",
        "np.sum(diagonal > 0.1 * diagonal[0])",
    ),
    ("feasibility", "c = -gap / (gap @ gap)", "c = gap / (gap @ gap)"),
    ("feasibility", "deficit *= scale", "pass"),
    (
        "feasibility",
        "(self._w / self.length) @ rotated[: self.rank]",
        "self._w @ rotated[: self.rank]",
    ),
    (
        "feasibility",
        "axes[: self.rank, -1] = self._w / self.length",
        "axes[: self.rank, -1] = -self._w / self.length",
    ),
    (
        "feasibility",
        "coordinates[-1] / self.length * self._w",
        "coordinates[-1] * self._w",
    ),
    (
        "feasibility",
        "beta = self.point(coordinates) * (self.length",
        "beta = self.point(coordinates) * (1.0",
    ),
    (
        "feasibility",
        "return beta + self._vector(",
        "return beta - self._vector(",
    ),
    ("feasibility", "return u * self._scale", "return u"),
    (
        "feasibility",
        "u[self._rows[: self.rank]] = -scipy",
        "u[self._rows[: self.rank]] = scipy",
    ),
    (
        "feasibility",
        "s[real] = answer / norms[real]",
        "s[real] = answer * norms[real]",
    ),
    (
        "feasibility",
        "return -rest / total if total",
        "return rest / total if total",
    ),
    ("feasibility", "real = norms > 1e-13 *", "real = norms > 1e-1 *"),
    ("feasibility", "np.ldexp(beta, -exponent)", "np.ldexp(beta, exponent)"),
    (
        "feasibility",
        "known = not verified or np.isfinite(accuracy)",
        "known = True",
    ),
    ("feasibility", "u[zero[0]] = -1.0", "u[zero[0]] = 1.0"),
    (
        "feasibility",
        "for candidate in _candidates(X_in, X_out):\n        "
        "check = candidate.check(X_in, X_out)\n        if check.proved:",
        "for candidate in _candidates(X_in, X_out):\n        "
        "check = candidate.check(X_in, X_out)\n        if check.exists:",
    ),
    (
        "feasibility",
        "clear and margin > _CLEAR,\n                )\n        else",
        "True,\n                )\n        else",
    ),
    ("feasibility", "_CLEAR = 1e-8", "_CLEAR = -1.0"),
    # The engines.
    (
        "_projection",
        "if (s >= 0).all() and (gradient <= _OPTIMALITY * scale).all():",
        "if True:",
    ),
    ("_projection", "gradient[s > 0] = np.abs(gradient[s > 0])", "pass"),
    (
        "_projection",
        "room = -(r @ G).max() / np.linalg.norm(r)",
        "room = -(r @ G).min() / np.linalg.norm(r)",
    ),
    (
        "_projection",
        "found = e @ r > 0 and room > _ROOM",
        "found = room > _ROOM",
    ),
    ("_projection", "_EXACT = 1e-14", "_EXACT = 1e-2"),
    (
        "_projection",
        "r = r - axes @ (axes.T @ r)",
        "r = r + axes @ (axes.T @ r)",
    ),
    (
        "_projection",
        "step = min(step, -0.5 * (e @ r) / (e @ y))",
        "step = min(step, -2.0 * (e @ r) / (e @ y))",
    ),
    ("_projection", "active = slack <= 1e-9 * norm", "active = slack <= -1.0"),
    (
        "_projection",
        "return r + min(step, norm / length) * y",
        "return r + step * y",
    ),
]
