"""The ledger: claims, statements with a running check.

The numbered statements of the paper, the errata that a computation can
settle, and the book's own main results are claims. A claim names the paper's
own number, what it says and under which hypotheses, and how strongly it is
checked. Its check computes; it returns whether the claim holds and a sentence
with the measured numbers.
"""

import hashlib
import html
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

from nclib._checks import check_choice
from nclib._files import replacing
from nclib.data import which_images
from nclib.figures import chosen_scale
from nclib.ledger.text import readable, typeset
from nclib.sweep import cache_folder, code_hash

__all__ = [
    "STATUSES",
    "STRENGTHS",
    "Claim",
    "Outcome",
    "Table",
    "check",
    "claim",
    "claims",
    "export",
    "numbers",
    "run",
]

#: What a check does, by strength.
STRENGTHS = {
    "identity": "an equality or inequality, checked to rounding error",
    "certified": "instances decided with independently verified certificates",
    "statistical": "a simulation, with a stated chance of a false alarm",
    "measured": "on the runs named, as measured",
}
#: What is known beside the check, by status.
STATUSES = {
    "proved": "proved",
    "quoted": "proved given a quoted theorem",
    "derived": "derived, numerically confirmed",
    "numerical": "numerical only",
}
# One module a chapter, in the paper's order.
ORDER = (
    "setting",
    "theorem_2",
    "theorem_3",
    "theorem_4",
    "theorem_5",
    "theorem_6",
    "theorem_7",
    "theorem_8",
    "training_two_layer",
    "training_three_layer",
    "training_boundary",
    "proof_tools",
    "phase_boundary",
    "sample_sizes",
    "other_designs",
    "your_data",
    "your_network",
    "errata",
)
_STATEMENT = re.compile(r"(def|thm|lem|prop|fig)-\d+")
_OF_THE_PAPER = re.compile(r"(def|thm|lem|prop|fig)-\d+[a-c]?|checked-.+")


@dataclass(frozen=True)
class Claim:
    """One statement and its check.

    Attributes
    ----------
    id : str
        ``thm-4``, ``fig-1``, ``erratum-9``, ``wendel-law``.
    number : str
        The paper's own number, "Theorem 4, eq. (2.13)"; empty where the
        paper has none.
    strength : {"identity", "certified", "statistical", "measured"}
        What the check does; see `STRENGTHS`.
    status : {"proved", "quoted", "derived", "numerical"}
        What is known beside the check; see `STATUSES`.
    check : function
        ``check(scale)`` returns ``(holds, measured)``. Its docstring is the
        statement and, after "Needs:", the hypotheses, formulas as TeX
        between dollars.
    false_alarm : float or None
        Of a statistical check: the chance that it fails although the claim
        is true.
    """

    id: str
    number: str
    strength: str
    status: str
    check: Callable = field(repr=False)
    false_alarm: float | None = None

    @property
    def statement(self):
        """What is claimed, in one line."""
        return self._text()[0]

    @property
    def hypotheses(self):
        """What it needs, in one line, or "none"."""
        return self._text()[1]

    @property
    def kind(self):
        """Whether it is of the "paper", an "erratum", or "beyond" it."""
        if self.id.startswith("erratum-"):
            return "erratum"
        return "paper" if _OF_THE_PAPER.fullmatch(self.id) else "beyond"

    @property
    def page(self):
        """Chapter that tells the story."""
        return self.check.__module__.rpartition(".")[2]

    def _text(self):
        text = " ".join(inspect.getdoc(self.check).split())
        statement, _, needs = text.partition(" Needs: ")
        return statement.removesuffix("."), needs.removesuffix(".") or "none"


@dataclass(frozen=True)
class Outcome:
    """What running a claim gave.

    Attributes
    ----------
    id : str
    holds : bool
    measured : str
        The numbers, in one sentence.
    seconds : float
    scale : str
    """

    id: str
    holds: bool
    measured: str
    seconds: float
    scale: str


_registry: dict[str, Claim] = {}


def claim(id, number="", *, strength, status="proved", false_alarm=None):
    """Register the decorated ``check(scale)`` as a `Claim`."""
    check_choice("strength", strength, STRENGTHS)
    check_choice("status", status, STATUSES)
    if (strength == "statistical") != (false_alarm is not None):
        raise ValueError(
            "false_alarm must be given exactly for a statistical claim, "
            f"got {false_alarm!r} for strength {strength!r}"
        )

    def register(check):
        if id in _registry:
            raise ValueError(f"id must be new, {id!r} is taken")
        if not check.__doc__:
            raise ValueError(f"check of {id!r} must have a docstring")
        _registry[id] = Claim(id, number, strength, status, check, false_alarm)
        return check

    return register


def claims():
    """All claims, as a dict from id to `Claim`, in the paper's order.

    Examples
    --------
    >>> from nclib import ledger
    >>> ledger.claims()["thm-3b"].statement
    'Linearly independent samples always collapse'
    """
    for name in ORDER:
        importlib.import_module(f"nclib.ledger.{name}")
    return dict(_registry)


def _find(id):
    known = claims()
    if id not in known:
        raise ValueError(f"id must be one of {sorted(known)}, got {id!r}")
    return known[id]


def _remembered(found, scale):
    """Where the outcome of a claim that held is kept.

    It depends on nclib, on the claim's own module and its helpers, on the
    kept records and on which images are at hand, not on the wording of other
    chapters' claims.
    """
    digest = hashlib.sha256(code_hash().encode())
    own = Path(inspect.getsourcefile(sys.modules[found.check.__module__]))
    records = Path(__file__).parents[1] / "records"
    for path in (own, Path(__file__).with_name("evidence.py")):
        digest.update(path.read_bytes())
    for path in sorted(records.glob("*.npz")):
        digest.update(path.read_bytes())
    digest.update(which_images(download=False).encode())
    name = f"{digest.hexdigest()[:16]}-{scale}-{found.id}.json"
    return cache_folder() / "ledger" / name


def run(id, scale=None):
    """Run the check of one claim.

    Parameters
    ----------
    id : str
        A key of `claims`.
    scale : {"quick", "book", "paper"}, optional
        Size of the check; ``NCLIB_SCALE`` or "book" by default.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If ``id`` or ``scale`` is unknown.

    Notes
    -----
    A claim that held is remembered under the hash of the code that it runs,
    so that a chapter and the ledger page share one run; a failure never is.

    Examples
    --------
    >>> from nclib import ledger
    >>> ledger.run("upfm-gap", scale="quick").holds
    True
    """
    found = _find(id)
    scale = chosen_scale(scale)
    path = _remembered(found, scale)
    try:
        return Outcome(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, TypeError, ValueError):
        # Not there, or damaged: run it.
        pass
    started = perf_counter()
    holds, measured = found.check(scale)
    seconds = round(perf_counter() - started, 2)
    outcome = Outcome(id, bool(holds), measured, seconds, scale)
    if outcome.holds:
        # The check may have downloaded the images.
        path = _remembered(found, scale)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(json.dumps(asdict(outcome)).encode())
    return outcome


class Table:
    """Outcomes of several claims; an HTML table in a notebook."""

    def __init__(self, outcomes):
        self.outcomes = list(outcomes)

    @property
    def holds(self):
        """Whether every claim holds."""
        return all(o.holds for o in self.outcomes)

    def __str__(self):
        return "\n".join(
            f"{'holds' if o.holds else 'FAILS'}  {o.id}  "
            f"[{o.seconds:.1f} s]  {o.measured}"
            for o in self.outcomes
        )

    __repr__ = __str__

    def to_json(self):
        """The claims with their outcomes, as JSON text.

        Returns
        -------
        str
            A list with one object a claim: what `Claim` says, without the
            function, and ``holds``, ``measured``, ``seconds``, ``scale``.
        """
        known = claims()
        names = (
            "id number statement hypotheses strength status kind page "
            "false_alarm"
        ).split()
        rows = [
            {name: getattr(known[o.id], name) for name in names} | asdict(o)
            for o in self.outcomes
        ]
        return json.dumps(rows, indent=1)

    def _repr_html_(self):
        known = claims()
        return (
            '<table class="nclib-ledger"><thead><tr><th>Claim</th>'
            "<th>Statement</th><th>Verdict</th><th>Measured</th></tr>"
            "</thead><tbody>"
            + "".join(_row(known[o.id], o) for o in self.outcomes)
            + "</tbody></table>"
        )


def _anchor(claim):
    """Where the book tells it: the statement of the paper, or the page."""
    match = _STATEMENT.match(claim.id)
    return f"{claim.page}.html" + (f"#{match[0]}" if match else "")


def _row(claim, outcome):
    """One claim as a row of the HTML table, on a phone a card."""
    verdict = "holds" if outcome.holds else "fails"
    shown = f'<span class="{verdict}">{verdict}</span>'
    number = claim.number or "Beyond the paper"
    name = f"<code>{claim.id}</code>"
    if claim.kind == "erratum":
        # What holds is the correction: the printed statement does not.
        number = f"Erratum: {number}"
        name = f'<a href="errata.html#{claim.id}">{name}</a>'
        if outcome.holds:
            shown = (
                'printed: <span class="fails">refuted</span><br>'
                'corrected: <span class="holds">holds</span>'
            )
    strength = claim.strength
    if claim.false_alarm is not None:
        strength += f" (false alarm {readable(f'{claim.false_alarm:.0e}')})"
    cells = {
        "Claim": f'<a href="{_anchor(claim)}">{html.escape(number)}</a><br>'
        f'{name} <a class="headerlink" href="#claim-{claim.id}" '
        f'title="Link to {claim.id}">#</a>',
        "Statement": f"{typeset(claim.statement)}"
        f"<br><small>Needs: {typeset(claim.hypotheses)}</small>",
        "Verdict": f"{shown}<br><small>{html.escape(strength)}<br>"
        f"{html.escape(STATUSES[claim.status])}</small>",
        "Measured": html.escape(readable(outcome.measured)),
    }
    return (
        f'<tr id="claim-{claim.id}" data-strength="{claim.strength}" '
        f'data-kind="{claim.kind}">'
        + "".join(
            f'<td data-label="{label}"><div>{cell}</div></td>'
            for label, cell in cells.items()
        )
        + "</tr>"
    )


def check(*ids, scale=None):
    """Run claims and show them; raise if one fails, so that a page cannot.

    Parameters
    ----------
    *ids : str
        Keys of `claims`; all of them by default.
    scale : {"quick", "book", "paper"}, optional

    Returns
    -------
    Table

    Raises
    ------
    AssertionError
        If a claim fails, with its measured values.

    Examples
    --------
    >>> from nclib import ledger
    >>> ledger.check("upfm-gap", "lem-9", scale="quick").holds
    True
    """
    table = Table(run(id, scale) for id in ids or claims())
    if not table.holds:
        raise AssertionError(f"a claim of the ledger fails:\n{table}")
    return table


def export(path, *ids, scale=None):
    """Run claims and write them with their outcomes to a JSON file.

    Parameters
    ----------
    path : path-like
        Written even if a claim fails; see `Table.to_json`.
    *ids : str
        Keys of `claims`; all of them by default.
    scale : {"quick", "book", "paper"}, optional

    Returns
    -------
    Table

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from nclib import ledger
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ledger.json")
    ...     holds = ledger.export(path, "upfm-gap", scale="quick").holds
    ...     size = path.stat().st_size
    >>> holds, size > 100
    (True, True)
    """
    table = Table(run(id, scale) for id in ids or claims())
    with replacing(path) as file:
        file.write(table.to_json().encode())
    return table


def numbers(**values):
    """Keep the numbers of a page under their names, for its prose.

    Parameters
    ----------
    **values
        Numbers or short texts; ``numbers(low_a=x)`` is written
        ``{glue:text}`low-a:.3f``` in the text.
    """
    try:
        from myst_nb import glue
    except ImportError:
        # Outside of the book there is no prose to be filled.
        return
    for name, value in values.items():
        if isinstance(value, np.generic):
            value = value.item()
        glue(name.replace("_", "-"), value, display=False)


def modules():
    """Names of the chapters' modules (for the test of `ORDER`)."""
    found = {m.name for m in pkgutil.iter_modules(__path__)}
    return sorted(found - {"evidence", "results", "text"})
