"""The ledger: every statement of the book is a claim with a running check.

A claim names the paper's own number, what it says and under which
hypotheses, and how strongly it is checked. Its check computes; it returns
whether the claim holds and a sentence with the measured numbers.
"""

from __future__ import annotations

import html
import importlib
import json
import os
import pkgutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from nclib import claims as _claims
from nclib.figures import chosen_scale
from nclib.sweep import cache_folder, code_hash

STRENGTHS = {
    "identity": "an equality or inequality, checked to rounding error",
    "certified": "instances decided with independently verified certificates",
    "statistical": "a simulation, with a stated chance of a false alarm",
}
KINDS = ("paper", "erratum", "beyond")


@dataclass(frozen=True)
class Claim:
    """One statement and its check.

    Attributes
    ----------
    id : str
        ``thm-4``, ``fig-1``, ``erratum-9``, ``wendel-law``.
    number : str
        The paper's own number, "Theorem 4, eq. (2.13)"; for a result beyond
        the paper its status: proved, proved given a quoted theorem, derived,
        or numerical.
    statement : str
        One line.
    hypotheses : str
        What it needs.
    strength : {"identity", "certified", "statistical"}
    kind : {"paper", "erratum", "beyond"}
    page : str
        Chapter that tells the story.
    check : function
        ``check(scale)`` returns ``(holds, measured)``.
    false_alarm : float or None
        Of a statistical check: the chance that it fails although the claim
        is true.
    """

    id: str
    number: str
    statement: str
    hypotheses: str
    strength: str
    kind: str
    page: str
    check: Callable = field(repr=False)
    false_alarm: float | None = None


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


def claim(
    id,
    number,
    statement,
    *,
    page,
    strength,
    hypotheses="none",
    kind="paper",
    false_alarm=None,
):
    """Register the decorated ``check(scale)`` as a `Claim`."""
    if strength not in STRENGTHS:
        raise ValueError(
            f"strength must be one of {tuple(STRENGTHS)}, got {strength!r}"
        )
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    if (strength == "statistical") != (false_alarm is not None):
        raise ValueError(
            "false_alarm must be given exactly for a statistical claim, "
            f"got {false_alarm!r} for strength {strength!r}"
        )

    def register(check):
        if id in _registry:
            raise ValueError(f"id must be new, {id!r} is taken")
        _registry[id] = Claim(
            id,
            number,
            statement,
            hypotheses,
            strength,
            kind,
            page,
            check,
            false_alarm,
        )
        return check

    return register


def claims():
    """All claims, as a dict from id to `Claim`, in the paper's order."""
    for name in _claims.ORDER:
        importlib.import_module(f"nclib.claims.{name}")
    return dict(_registry)


def _find(id):
    known = claims()
    if id not in known:
        raise ValueError(f"id must be one of {sorted(known)}, got {id!r}")
    return known[id]


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
    A claim that held is remembered under the hash of nclib's code, so that
    a chapter and the ledger page share one run; a failure never is.
    """
    found = _find(id)
    scale = chosen_scale(scale)
    folder = cache_folder() / "ledger"
    path = folder / f"{code_hash()[:16]}-{scale}-{id}.json"
    if path.exists():
        return Outcome(**json.loads(path.read_text(encoding="utf-8")))
    started = time.perf_counter()
    holds, measured = found.check(scale)
    outcome = Outcome(
        id,
        bool(holds),
        measured,
        round(time.perf_counter() - started, 2),
        scale,
    )
    if outcome.holds:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(outcome), file)
        os.replace(temporary, path)
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
        lines = []
        for o in self.outcomes:
            verdict = "holds" if o.holds else "FAILS"
            lines.append(
                f"{verdict}  {o.id}  [{o.seconds:.1f} s]  {o.measured}"
            )
        return "\n".join(lines)

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
        rows = []
        for o in self.outcomes:
            row = {f.name: getattr(known[o.id], f.name) for f in fields(Claim)}
            del row["check"]
            rows.append(row | asdict(o))
        return json.dumps(rows, indent=1)

    def _repr_html_(self):
        rows = []
        known = claims()
        for o in self.outcomes:
            c = known[o.id]
            strength = c.strength
            if c.false_alarm is not None:
                strength += f" (false alarm {c.false_alarm:.0e})"
            verdict = "holds" if o.holds else "fails"
            name = f"<code>{c.id}</code>"
            if c.kind == "erratum":
                name = f'<a href="errata.html#{c.id}">{name}</a>'
            rows.append(
                f'<tr id="claim-{c.id}" data-strength="{c.strength}" '
                f'data-kind="{c.kind}">'
                f'<td class="number"><a href="{c.page}.html">'
                f"{html.escape(c.number)}</a><br>{name}</td>"
                f"<td>{html.escape(c.statement)}"
                f"<br><small>Needs: {html.escape(c.hypotheses)}</small></td>"
                f'<td><span class="{verdict}">{verdict}</span>'
                f"<br><small>{html.escape(strength)}</small></td>"
                f"<td>{html.escape(o.measured)}</td></tr>"
            )
        return (
            '<table class="nclib-ledger"><thead><tr><th>Claim</th>'
            "<th>Statement</th><th>Verdict</th><th>Measured</th></tr>"
            "</thead><tbody>" + "".join(rows) + "</tbody></table>"
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
    """
    table = Table(run(id, scale) for id in ids or claims())
    Path(path).write_text(table.to_json(), encoding="utf-8")
    return table


def numbers(**values):
    """Keep the numbers of a page under their names, for its prose.

    Parameters
    ----------
    **values
        Numbers or short texts; ``numbers(low_a=x)`` is written
        ``{glue:text}`low-a:.3f``` in the text.
    """
    from myst_nb import glue

    for name, value in values.items():
        if isinstance(value, np.generic):
            value = value.item()
        glue(name.replace("_", "-"), value, display=False)


def modules():
    """Names of the claim modules that exist (for the test of ORDER)."""
    return sorted(m.name for m in pkgutil.iter_modules(_claims.__path__))
