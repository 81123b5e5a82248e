"""The answers to (2.12), and how they travel as one file with their proofs.

A decision knows the fingerprint of the data it is about. Saved, it can be
taken to another machine and proved again there from the certificates alone:
nothing is solved, and nothing in the file is trusted.
"""

import hashlib
import json
import math
import platform
import re
from dataclasses import dataclass, replace

import numpy as np

import nclib
from nclib import _files, certificates
from nclib._checks import check_Xy

__all__ = [
    "ClassDecision",
    "Decision",
    "OtherData",
    "fingerprint",
]

# Number of the format that `Decision.save` writes.
_FORMAT = 1
_FINGERPRINT = re.compile(r"([1-9]\d{0,17})x([1-9]\d{0,17}):[0-9a-f]{64}")
# Rows hashed at a time.
_BLOCK = 1024
# The most that the part of a file may take which is no certificate.
_LONGEST_HEADER = 2**26


class OtherData(ValueError):
    """A proof and data that it is not about."""


@dataclass(frozen=True)
class ClassDecision:
    """The answer to (2.12) for one class.

    Attributes
    ----------
    label : int or str
        The class.
    feasible : bool or None
        With ``verify``, an answer is proved or it is None; ``message`` says
        why.
    beta : (d,) array or None
        When feasible: ``X_in @ beta == 1``, ``X_out @ beta <= 0``.
    farkas : (u, s) or None
        When infeasible: u (n_in,), s >= 0 (n_out,),
        ``X_in.T @ u + X_out.T @ s == 0`` and ``u.sum() < 0``.
    verified : bool
        True iff independent code proved the answer for the given float64
        data, rounding errors counted, and the numbers handed over to
        ``accuracy``.
    accuracy : float
        Proved bound on the error of ``beta`` or ``farkas``, at most 1e-6, as
        `nclib.certificates.verify_primal` and ``verify_farkas`` define it.
        nan where no float64 numbers that good were found: then these are
        None, though the answer is proved.
    margin : float
        Room in the certificate, in [-1, 1]. Positive when feasible: the
        length of the shortest neuron that says 1 to the class, whatever it
        says to the others, over that of ``beta``. Negative when infeasible:
        minus the distance that one can go from 0 in the direction of that
        neuron within the convex hull of the other samples' unit vectors, as
        far as ``farkas`` shows; both orthogonal to what keeps the class at
        equal values. Another certificate of the same answer may have more,
        up to `exact_margin`; neither measures how many samples would have to
        change. Features that settle samples by their sign are left out, and
        features that differ in size by more than 2**20 are evened out first.
        nan when no sample outside the class takes part.
    message : str
        How the answer was reached and what the check measured.
    """

    label: int
    feasible: bool | None
    beta: np.ndarray | None
    farkas: tuple[np.ndarray, np.ndarray] | None
    verified: bool
    accuracy: float
    margin: float
    message: str


@dataclass(frozen=True)
class Decision:
    """Whether neural collapse occurs on a data set.

    Attributes
    ----------
    occurs : bool or None
        True iff (2.12) is feasible for every class; False iff it is
        infeasible for one; None when a class is undecided, or when only some
        classes were asked for and those are feasible.
    classes : dict
        Label to `ClassDecision`.
    fingerprint : str
        `fingerprint` of the data.

    Examples
    --------
    >>> import nclib
    >>> X, y = nclib.digits(10)
    >>> decision = nclib.decide(X, y)
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> decision.save(f"{folder}/proof.npz")
    >>> proof = nclib.Decision.load(f"{folder}/proof.npz")
    >>> proof.check(X, y).occurs
    True
    """

    occurs: bool | None
    classes: dict
    fingerprint: str

    @property
    def verified(self):
        """Whether the answer to every class asked for is proved."""
        return all(c.verified for c in self.classes.values())

    def __str__(self):
        answers = list(self.classes.values())
        feasible = sum(c.feasible is True for c in answers)
        infeasible = [c.label for c in answers if c.feasible is False]
        undecided = [c.label for c in answers if c.feasible is None]
        proved = sum(c.verified for c in answers)
        lines = [
            f"neural collapse occurs: {self.occurs}",
            f"{feasible} of {len(answers)} classes feasible, "
            f"{proved} answers proved",
        ]
        if infeasible:
            lines.append(f"infeasible: {infeasible}")
        if undecided:
            lines.append(f"undecided: {undecided}")
        return "\n".join(lines)

    def to_dict(self):
        """What was decided, without the certificates, as JSON holds it."""
        return {
            "occurs": self.occurs,
            "verified": self.verified,
            "fingerprint": self.fingerprint,
            "classes": [
                {
                    "label": _plain(c.label),
                    "feasible": c.feasible,
                    "verified": c.verified,
                    "accuracy": _number(c.accuracy),
                    "margin": _number(c.margin),
                    "message": c.message,
                }
                for c in self.classes.values()
            ],
        }

    def save(self, path):
        """Write answers and certificates into one .npz file without pickle.

        Parameters
        ----------
        path : path
            Replaced once the file is whole, and never half written.

        Notes
        -----
        Eight bytes a number before packing: d for each feasible class, N for
        each infeasible one, most of them zero.
        """
        header = {
            "format": _FORMAT,
            "nclib": nclib.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            **self.to_dict(),
        }
        arrays = {}
        for i, (c, entry) in enumerate(
            zip(self.classes.values(), header["classes"], strict=True)
        ):
            parts = {}
            if c.beta is not None:
                parts = {"beta": c.beta}
            elif c.farkas is not None:
                parts = dict(zip("us", c.farkas, strict=True))
            entry["sizes"] = {name: len(v) for name, v in parts.items()}
            arrays |= {
                f"{name}_{i}": np.asarray(v, "<f8")
                for name, v in parts.items()
            }
        text = json.dumps(header, allow_nan=False)
        arrays["header"] = np.frombuffer(text.encode(), np.uint8)
        _files.write_arrays(path, arrays)

    @classmethod
    def load(cls, path, fingerprint=None):
        """Read what `save` wrote, as it was written: `check` proves it.

        Parameters
        ----------
        path : path
        fingerprint : str, optional
            Of the data that it must be about.

        Returns
        -------
        Decision

        Raises
        ------
        ValueError
            If the file is damaged or holds anything else; `OtherData` if it
            is about other data.
        OSError
            If it cannot be read.
        """
        with _files.Archive(path) as archive:
            text = archive.read("header", np.uint8, most=_LONGEST_HEADER)
            try:
                found, entries = _parsed(text.tobytes())
            except Exception as error:
                # As for every parser of what anybody may have written.
                raise ValueError(
                    f"{path} is no decision of nclib: {_files.one_line(error)}"
                ) from error
            _refuse_other_data(f"{path} is", found.fingerprint, fingerprint)
            classes = {}
            for i, (answer, sizes) in enumerate(entries):
                parts = {
                    name: archive.read(f"{name}_{i}", "<f8", (size,))
                    for name, size in sizes.items()
                }
                classes[answer.label] = replace(
                    answer,
                    beta=parts.get("beta"),
                    farkas=(parts["u"], parts["s"]) if "u" in parts else None,
                )
            archive.whole()
        return replace(found, classes=classes)

    def check(self, X, y):
        """Prove every answer again from its certificate, solving nothing.

        Parameters
        ----------
        X : (N, d) array
        y : (N,) array of labels
            The data that were decided, in any dtype or order of memory.

        Returns
        -------
        Decision
            The same answers where the certificate proves them for these
            data, by `nclib.certificates`; None elsewhere. Margins are nan:
            they were measured, not proved.

        Raises
        ------
        OtherData
            If the fingerprint of these data is another one.
        TypeError, ValueError
            As `nclib.decide`.

        Notes
        -----
        The file that a decision came from need not be trusted, whoever wrote
        it: a wrong certificate proves nothing.
        """
        X, codes, labels = check_Xy(X, y)
        _refuse_other_data(
            "the decision is",
            self.fingerprint,
            data_fingerprint(X, codes, labels),
        )
        names, classes = labels.tolist(), {}
        for label, answer in self.classes.items():
            if label not in names:
                raise ValueError(
                    f"the decision is about a class {label!r}, which y lacks"
                )
            inside = codes == names.index(label)
            classes[label] = _checked(answer, X[inside], X[~inside])
        return Decision(occurs(classes, names), classes, self.fingerprint)


def occurs(classes, names):
    """What the answers to some of the classes say about all of them."""
    answers = [c.feasible for c in classes.values()]
    if False in answers:
        return False
    return None if None in answers or len(answers) < len(names) else True


def fingerprint(X, y):
    """Return what tells one data set from another, in any file format.

    Parameters
    ----------
    X : (N, d) array
    y : (N,) array of labels

    Returns
    -------
    str
        ``"NxD:"`` and the SHA-256, in hexadecimal, of these bytes: the JSON
        text ``["nclib data 1", [N, d], labels]`` with the distinct labels in
        increasing order; the position of each sample's label among them as
        little-endian int64; X row by row as little-endian float64, with 0.0
        for -0.0. Equal numbers and labels have equal fingerprints, whatever
        their dtype, and unequal ones do not.

    Raises
    ------
    TypeError, ValueError
        As `nclib.decide`.

    Examples
    --------
    >>> from nclib.decisions import fingerprint
    >>> fingerprint([[1, 2], [0, 4]], [5, 7])[:12]
    '2x2:63383b86'
    """
    return data_fingerprint(*check_Xy(X, y))


def data_fingerprint(X, codes, labels):
    """`fingerprint` of data that were checked."""
    names = [_plain(label) for label in labels.tolist()]
    start = json.dumps(["nclib data 1", X.shape, names])
    digest = hashlib.sha256(start.encode())
    digest.update(codes.astype("<i8").tobytes())
    for i in range(0, len(X), _BLOCK):
        block = X[i : i + _BLOCK] + 0.0
        digest.update(block.astype("<f8", copy=False).tobytes())
    return f"{len(X)}x{X.shape[1]}:{digest.hexdigest()}"


def _refuse_other_data(what, known, given):
    if given not in (None, known):
        raise OtherData(
            f"{what} about other data: their fingerprint is "
            f"{_short(known)}, that of these {_short(given)}"
        )


def _short(fingerprint):
    size, digest = fingerprint.split(":")
    return f"{size}:{digest[:16]}"


def _plain(label):
    return int(label) if isinstance(label, bool) else label


def _number(value):
    return float(value) if math.isfinite(value) else None


def _parsed(text):
    """A decision without certificates, and what these must look like."""
    header = json.loads(text)
    if type(header) is not dict or header.get("format") != _FORMAT:
        raise ValueError(f"its format is not {_FORMAT}")
    known = header["fingerprint"]
    size = _FINGERPRINT.fullmatch(known)
    if size is None:
        raise ValueError("its fingerprint is none")
    N, d = map(int, size.groups())
    entries = [_parsed_class(entry, N, d) for entry in header["classes"]]
    classes = {answer.label: answer for answer, _ in entries}
    if not entries or len(classes) < len(entries):
        raise ValueError("no class, or one class twice")
    said, implied = header["occurs"], occurs(classes, classes)
    # All classes asked for are feasible, but others were not asked for.
    if said is not implied and not (said is None and implied is True):
        raise ValueError("its answers contradict each other")
    return Decision(said, classes, known), entries


def _parsed_class(entry, N, d):
    label, sizes = entry["label"], entry["sizes"]
    if type(label) not in (int, str):
        raise ValueError("a label is neither an integer nor a text")
    feasible, verified = entry["feasible"], entry["verified"]
    if feasible is not None and type(feasible) is not bool:
        raise ValueError("an answer is neither yes, no nor open")
    if type(verified) is not bool or type(entry["message"]) is not str:
        raise ValueError("an entry has a wrong type")
    legal = all(type(v) is int and v > 0 for v in sizes.values())
    if sizes and feasible is True:
        legal &= sizes == {"beta": d}
    elif sizes and feasible is False:
        legal &= sizes.keys() == {"u", "s"} and sum(sizes.values()) == N
    else:
        legal &= sizes == {}
    if not legal:
        raise ValueError("a certificate does not fit its class or its data")
    answer = ClassDecision(
        label=label,
        feasible=feasible,
        beta=None,
        farkas=None,
        verified=verified,
        accuracy=_real(entry["accuracy"]),
        margin=_real(entry["margin"]),
        message=entry["message"],
    )
    return answer, sizes


def _real(value):
    if value is None:
        return math.nan
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("an entry is no number")
    return float(value)


def _checked(answer, X_in, X_out):
    """The answer as far as its certificate proves it for these samples."""

    def unproved(why):
        return replace(
            answer,
            feasible=None,
            beta=None,
            farkas=None,
            verified=False,
            accuracy=math.nan,
            margin=math.nan,
            message=f"not proved: {why}",
        )

    if answer.beta is not None:
        numbers, check = (answer.beta,), certificates.verify_primal
        fits = len(answer.beta) == X_in.shape[1]
    elif answer.farkas is not None:
        numbers, check = answer.farkas, certificates.verify_farkas
        fits = [len(v) for v in numbers] == [len(X_in), len(X_out)]
    else:
        return unproved("there is no certificate; decide again")
    if not fits or not all(np.isfinite(v).all() for v in numbers):
        return unproved("the certificate is of another shape, or not finite")
    found = check(X_in, X_out, *numbers)
    if not found.proved:
        return unproved(found.detail)
    return replace(
        answer,
        verified=True,
        accuracy=found.accuracy,
        margin=math.nan,
        message=f"proved from the certificate: {found.detail}",
    )
