"""What a verdict on data hangs on, and what its proof survives."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from nclib.data import digits
from nclib.decisions import Decision
from nclib.feasibility import decide
from nclib.ledger import claim
from nclib.ledger.evidence import at_scale, proved
from nclib.obstacles import blockers


@claim("blockers", strength="certified", status="numerical")
def few_samples(scale):
    """A digit that cannot collapse can, once a few images are gone, and none
    of them can be put back.

    Needs: the first 40 images of each digit; decided again without the
    images, and with each one put back.
    """
    X, y = digits(40)
    labels = at_scale(scale, (3, 9), (1, 3, 4, 5, 6, 7, 8, 9))
    counts, samples = [], []
    for label in labels:
        found = blockers(X, y, label)
        removal = found.removal
        if found.feasible is not False or removal is None:
            return False, f"digit {label}: {found.answer.message}"
        rest = np.setdiff1d(np.arange(len(y)), removal)
        again = decide(X[rest], y[rest], [label])
        if not proved(again, True) or label not in y[rest]:
            return False, f"digit {label} without {removal.tolist()}: {again}"
        for row in removal:
            back = np.append(rest, row)
            if decide(X[back], y[back], [label]).classes[label].feasible:
                return False, f"digit {label}: image {row} can be put back"
        counts.append(len(removal))
        samples.append(len(found.samples))
    few = max(counts) <= 5
    return few, (
        f"{len(labels)} digits; certificates use {min(samples)} to "
        f"{max(samples)} images, {sum(counts)} removed in all, at most "
        f"{max(counts)} for one digit; every yes proved"
    )


@claim("verdict-radius", strength="certified")
def verdict_radius(scale):
    r"""No change of the data whose spectral norm is below $r$ flips a no;
    changes as near to $r$ as one likes, from above, do; $r$ is the least
    distance of $Xb$ from $\{(t\mathbf 1, q) : t \ge 0, q \le 0\}$ over
    $\|b\| = 1$.

    Needs: $r$ from every direction of the plane on random data, its two
    bounds from blockers, and changes that stop short or go beyond.
    """
    draws, tried, ratios = at_scale(scale, 8, 60), 0, []
    angles = np.linspace(0, 2 * np.pi, 20_001)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    for seed in np.random.SeedSequence(71).spawn(draws):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((int(rng.integers(5, 11)), 2))
        y = np.append([0, 0], np.ones(len(X) - 2, dtype=int))
        found = blockers(X, y, 0)
        if found.feasible is not False:
            continue
        values = X @ circle
        own = values[:2] - np.maximum(values[:2].mean(axis=0), 0)
        above = np.maximum(values[2:], 0)
        r = np.sqrt((own**2).sum(axis=0) + (above**2).sum(axis=0)).min()
        if not found.radius <= r * (1 + 1e-9) <= 1.01 * found.distance:
            return False, f"{found.radius}, {r}, {found.distance}"
        if found.distance > 1.1 * r:
            return False, f"{found.distance} is needed, and r is {r}"
        ratios.append(found.radius / r)
        if not proved(decide(found.flipped, y, [0]), True):
            return False, "a change beyond r did not flip the answer"
        worst = found.flipped - X
        for change in (worst, *rng.standard_normal((4, *X.shape))):
            change = change * 0.99 * r / np.linalg.norm(change, 2)
            if not proved(decide(X + change, y, [0]), False):
                return False, "a change below r flipped the answer"
            tried += 1
    return len(ratios) > draws // 3, (
        f"{len(ratios)} random data sets: {tried} changes of 0.99 r flip "
        "none, one a little beyond r flips each; the proved bound is "
        f"{min(ratios):.2f} to {max(ratios):.2f} of r"
    )


@claim("proof-travels", strength="certified")
def proof_travels(scale):
    """A saved proof with a changed byte is refused or says the same, and no
    forged certificate is verified.

    Needs: bytes changed at random places, and certificates that were
    multiplied, reversed or given to another class under a right checksum.
    """
    X, y = digits(40)
    decision = decide(X, y, [0, 2, 3, 5])
    checked = decision.check(X, y)
    if not (decision.verified and checked.verified):
        return False, str(checked)
    answers = [c.feasible for c in checked.classes.values()]
    rng, refused = np.random.default_rng(73), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "proof.npz")
        decision.save(path)
        content = path.read_bytes()
        changes = at_scale(scale, 60, 400)
        for place in rng.integers(len(content), size=changes):
            changed = bytearray(content)
            changed[place] ^= rng.integers(1, 256)
            path.write_bytes(changed)
            try:
                again = Decision.load(path, decision.fingerprint).check(X, y)
            except ValueError:
                refused += 1
                continue
            found = [c.feasible for c in again.classes.values()]
            if found != answers or not again.verified:
                return False, f"byte {place} changed what was verified"
    forged = 0
    for c in decision.classes.values():
        if c.feasible:
            lies = [dict(beta=v) for v in (1.1 * c.beta, c.beta[::-1])]
        else:
            u, s = c.farkas
            lies = [dict(farkas=v) for v in ((-u, s), (u, 2 * s), (u, -s))]
        for lie in lies:
            one = {c.label: replace(c, **lie)}
            again = replace(decision, classes=one).check(X, y)
            if again.verified or again.classes[c.label].feasible is not None:
                return False, f"class {c.label}: {lie} was verified"
            forged += 1
    return refused > changes / 2, (
        f"{changes} bytes changed: {refused} refused, the others change "
        f"nothing; {forged} forged certificates: none verified"
    )
