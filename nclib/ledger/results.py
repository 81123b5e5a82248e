"""The paper's results at a glance: what stands, and the exact answer here.

Each row of `RESULTS` is a statement of the paper, or a part of it, in one
line. Its verdict rests on claims of the `ledger`: that of the statement, those
of the errata that it names, and those of the exact answer beside it. `check`
runs them all, so that no verdict outlives its evidence.
"""

import html
import re
from dataclasses import dataclass

from nclib import ledger
from nclib._checks import check_choice

__all__ = ["RESULTS", "VERDICTS", "Result", "Summary", "check"]

#: What becomes of a statement of the paper.
VERDICTS = {
    "stands": "stands",
    "completed": "stands, with an addition",
    "constant": "stands, with another constant",
    "misprint": "stands, but for a misprint",
    "false": "false as printed, repaired",
    "reproduced": "reproduced",
    "partly": "reproduced in part",
}
_NAMES = {
    "def": "Definition",
    "thm": "Theorem",
    "lem": "Lemma",
    "prop": "Proposition",
    "fig": "Figure",
}


@dataclass(frozen=True)
class Result:
    """A statement of the paper, and what is known of it.

    Texts have formulas between dollars and links ``[words](page#place)``.

    Attributes
    ----------
    id : str
        ``thm-7b``, ``def-1``; the claim of that id must hold.
    says : str
        The statement in one line, as corrected.
    verdict : str
        A key of `VERDICTS`.
    errata : tuple of int
        The errata that the statement itself needs.
    change : str
        What they change.
    exact : str
        The exact answer here, or what we know beyond the paper.
    claims : tuple of str
        Claims behind the exact answer.
    """

    id: str
    says: str
    verdict: str
    errata: tuple = ()
    change: str = ""
    exact: str = ""
    claims: tuple = ()

    def __post_init__(self):
        check_choice("verdict", self.verdict, VERDICTS)
        if self.verdict != "partly" and bool(self.errata) != (
            self.verdict in ("completed", "constant", "misprint", "false")
        ):
            raise ValueError(f"{self.id}: errata and verdict must agree")

    @property
    def label(self):
        """The label of the whole statement, ``thm-7``."""
        return self.id.rstrip("abc")

    @property
    def name(self):
        """The paper's name of it, "Theorem 7(b)"."""
        kind, number = self.label.split("-")
        part = self.id.removeprefix(self.label)
        return f"{_NAMES[kind]} {number}" + (f"({part})" if part else "")

    @property
    def evidence(self):
        """Ids of all claims that the row rests on."""
        known = ledger.claims()
        errata = [f"erratum-{number}" for number in self.errata]
        # Some errata hold by inspection; a refutation is computed.
        errata = [id for id in errata if id in known]
        if self.verdict == "false" and not errata:
            raise ValueError(f"{self.id}: what refutes it must be a claim")
        return (self.id, *errata, *self.claims)


#: The paper's results, in its order.
RESULTS = (
    Result(
        "def-1",
        "Collapse occurs if some global minimizer has one feature vector for "
        "each class, these are orthogonal, and the classifier is a simplex.",
        "false",
        (33, 59),
        "orthogonal classifier under the squared loss; features not zero",
        "[Four terms](theorem_2#prop-gap) say how far from it a network is.",
        ("upfm-gap",),
    ),
    Result(
        "thm-2a",
        "Cross-entropy: the best nonnegative features collapse, "
        r"$HH^{\top} = b\,YY^{\top}$, and $W^{\top} W = (a^2/b)\,C_K$.",
        "completed",
        (34, 35),
        r"$D \ge K$, and when $a > 0$",
        "The risk above the minimum is [a sum of four terms]"
        "(theorem_2#prop-gap), one for each property of collapse.",
        ("upfm-gap",),
    ),
    Result(
        "thm-2b",
        "Squared loss: the same features, and "
        r"$W^{\top} W \propto I_K$.",
        "constant",
        (32, 34),
        r"$1 - \sqrt n\,K\lambda$",
        "Its own four terms.",
        ("upfm-gap",),
    ),
    Result(
        "thm-3a",
        "Classes that no hyperplane separates do not collapse.",
        "stands",
        exact="Collapse occurs [if and only if (2.12) is feasible]"
        "(theorem_3#prop-whole-story), for every class.",
        claims=("erratum-58",),
    ),
    Result(
        "thm-3b",
        "Linearly independent samples always collapse.",
        "stands",
        exact="The same.",
    ),
    Result(
        "thm-3c",
        r"If $\mathbf 1_n$ is outside the range of one $X_k$, no collapse.",
        "misprint",
        (49,),
        "without $d < n$",
        "The same.",
    ),
    Result(
        "thm-4",
        r"Two clusters collapse below the noise $\sigma_0$, of order "
        r"$\|\mu\|\sqrt{(d-n)/(d\log n)}$.",
        "misprint",
        (31,),
        "norms outside the root; the constant is ½",
        "For large $n$ [from $d/n = D_2$ on](theorem_4#prop-two-clusters); "
        "at every $n$ [an explicit bound](sample_sizes#thm-finite-bound). "
        r"The $\log n$ is an artifact.",
        ("boundary-exact", "boundary-union-bound", "finite-printed"),
    ),
    Result(
        "thm-5a",
        r"$K$ clusters with independent means collapse below a noise of order "
        r"$\sigma_{\min}(\Pi)$.",
        "stands",
        exact="For any means and large $n$ "
        r"[from $d/n = \delta^\star$ on](phase_boundary#thm-boundary); at "
        "every $n$ [an explicit bound](sample_sizes#thm-finite-bound); "
        "unequal classes and noise [with weights](other_designs#thm-designs).",
        claims=(
            "boundary-exact",
            "finite-bound",
            "finite-printed",
            "design-threshold",
            "design-simulated",
        ),
    ),
    Result(
        "thm-5b",
        r"Any means and noise: they collapse from "
        r"$d/n = \frac{K+1}2 + O(\sqrt{\log n/n})$ on.",
        "stands",
        exact="[Wendel's law](theorem_5#prop-wendel): a number of coin "
        "tosses, at every $n$.",
        claims=("wendel-law", "wendel-signs", "wendel-bound"),
    ),
    Result(
        "thm-5c",
        "They collapse if $d \\ge Kn$.",
        "stands",
        exact=r"$d/n > \frac{K+1}2$ is enough for large $n$.",
        claims=("wendel-bound",),
    ),
    Result(
        "thm-6",
        r"Behind a random layer of $C\,\|X\|^4 N\log N/\lambda^2$ neurons any "
        "unit vectors collapse.",
        "stands",
        exact=r"[Explicit](theorem_6#prop-chernoff), and with $\lambda$ for "
        r"$\lambda^2$ [without the logarithm](theorem_6#prop-no-log); "
        "[some $N$ neurons](theorem_6#prop-exactly-n) are enough. Clusters "
        "[need fewer](other_designs#conj-layer) than labels at random.",
        claims=("chernoff-width", "no-log", "exactly-n", "layer-width"),
    ),
    Result(
        "thm-7a",
        r"At low noise, $s \lesssim \sqrt{(d-n+1)/(d\log n)}$, some collapsed "
        r"neuron errs $O(n^{-2})$ of the time.",
        "completed",
        (44,),
        "the constant is ½",
        r"The squared cosine has [a Beta law](theorem_7#equation-eq-beta-law) "
        "while no inequality is active.",
        ("beta-law",),
    ),
    Result(
        "thm-7b",
        r"No collapsed neuron errs less than $\Phi(-B^{-1/2})$.",
        "false",
        (1, 5),
        r"another $B$, with probability $1 - 3/n$",
        r"[The best one errs $\Phi(-1/(sq))$](theorem_7#thm-price) in the "
        "limit, with $q$ from one equation.",
        ("collapsed-error", "price-of-collapse"),
    ),
    Result(
        "thm-8a",
        r"At low noise some collapsed pair errs $O(n^{-2})$ of the time.",
        "stands",
        exact="The error of a pair is a sum of bivariate normal "
        "probabilities.",
        claims=("two-neuron-error",),
    ),
    Result(
        "thm-8b",
        "No collapsed pair errs less than the bound of Theorem 7(b).",
        "false",
        (1, 6),
        "if a tie counts as an error, with the corrected bound",
        "If a tie is half an error, "
        "[another bound](theorem_8#thm-two-neurons); four neurons "
        "[escape both](theorem_8#prop-free).",
        ("two-neuron-error", "erratum-52"),
    ),
    Result(
        "lem-9",
        r"The kernel $H_\infty$ of unit vectors, no two parallel, is positive "
        "definite.",
        "false",
        (9, 11),
        r"$\frac1{2\pi}$ for $\frac2\pi$; unit vectors",
        "Singular [exactly if](theorem_6#prop-opposite) one point of each "
        "opposite pair are dependent.",
        ("erratum-13",),
    ),
    Result(
        "lem-10",
        r"The least $\langle v_1 + v, v_2\rangle / \|v_1 + v\|$ over "
        r"$v \perp v_1$ is $-\|v_2\|$ if $\langle v_1, v_2\rangle < 0$; else "
        "minus the length of the part of $v_2$ orthogonal to $v_1$.",
        "completed",
        (29, 57),
        r"$\inf$ for $\min$; $v_1 \ne 0$, $d \ge 2$",
    ),
    Result(
        "lem-11",
        "A random projection changes a cosine by at most "
        r"$4\varepsilon/(1-\varepsilon)^2$.",
        "constant",
        (26, 27),
        "8 for 4 in the probability; $m < n$",
    ),
    Result(
        "lem-12",
        r"It changes squared singular values by a factor near $m/d$.",
        "constant",
        (24, 25),
        "$4K - 2$ for $2K$",
    ),
    Result(
        "prop-13",
        r"$\E \min_s \|Z^{\top} s\| \ge$ $\E\|h\| - \E\|g_+\|$ over unit "
        r"$s \ge 0$.",
        "stands",
    ),
    Result(
        "thm-14",
        "Gordon's inequality, for the least supremum of two Gaussian "
        "processes.",
        "completed",
        (67,),
        "processes of mean zero",
    ),
    Result(
        "lem-15",
        r"$\min_s \|Z^{\top} s\|$ is within $t$ of its mean but for "
        r"$2e^{-t^2/2}$.",
        "stands",
    ),
    Result(
        "fig-1",
        "How often two clusters can collapse.",
        "reproduced",
        exact="The black curve, and the band at this $n$.",
        claims=("boundary-exact", "boundary-width"),
    ),
    Result(
        "fig-2",
        "How often four clusters can collapse.",
        "reproduced",
        exact="The black curve, and the band at this $n$.",
        claims=("boundary-exact", "boundary-width"),
    ),
    Result(
        "fig-3",
        r"After training $\mathcal{NC}_1$ falls with $d$ at low noise, and "
        "hardly at high noise.",
        "partly",
        (47,),
        r"the trends; not the level $10^{-4}$ at the stated epochs",
        "The curves end flat because the steps do.",
        ("schedule-stalls",),
    ),
    Result(
        "fig-4",
        "At low noise all metrics fall.",
        "reproduced",
        exact="L-BFGS gets to the global minimum.",
        claims=("plateau-not-global",),
    ),
    Result(
        "fig-5",
        r"At high noise $\mathcal{NC}_1$ soon stays where it is.",
        "reproduced",
        exact="A global minimum lies below, and is missed.",
        claims=("plateau-not-global",),
    ),
    Result(
        "fig-6",
        "Behind random first layers, a wider one brings training closer to "
        "collapse.",
        "partly",
        change=r"the trend; not $10^{-3}$ for $\mathcal{NC}_2$",
        exact="L-BFGS takes the widest net to the global minimum.",
        claims=("fig-6-record",),
    ),
)


class Summary:
    """Results whose evidence has been checked; an HTML table in a notebook."""

    def __init__(self, results):
        self.results = list(results)

    def count(self, *verdicts):
        """How many of the results have one of these verdicts."""
        return sum(result.verdict in verdicts for result in self.results)

    def __str__(self):
        return "\n".join(
            f"{r.name}: {VERDICTS[r.verdict]}" for r in self.results
        )

    __repr__ = __str__

    def _repr_html_(self):
        columns = "Statement", "Says", "Verdict", "Exact here"
        return (
            '<table class="nclib-results"><thead><tr>'
            + "".join(f"<th>{name}</th>" for name in columns)
            + "</tr></thead><tbody>"
            + "".join(_row(result, columns) for result in self.results)
            + "</tbody></table>"
        )


def _typeset(text):
    """HTML of a text with formulas and links."""

    def formula(match):
        inside = f"\\({match[1]}\\)"
        return f'<span class="math notranslate nohighlight">{inside}</span>'

    def link(match):
        words, page, place = match.groups()
        return f'<a href="{page}.html#{place}">{words}</a>'

    text = html.escape(text, quote=False)
    text = re.sub(r"\$([^$]+)\$", formula, text)
    return re.sub(r"\[([^]]+)\]\((\w+)#([\w-]+)\)", link, text)


def _checked(*ids):
    links = ", ".join(
        f'<a href="ledger.html#claim-{id}"><code>{id}</code></a>' for id in ids
    )
    return f"checked: {links}"


def _row(result, columns):
    page = ledger.claims()[result.id].page
    verdict = VERDICTS[result.verdict]
    mark = {"false": "fails", "partly": "partly"}.get(result.verdict, "holds")
    more = []
    if result.change:
        more.append(_typeset(result.change))
    if result.errata:
        word = "errata" if len(result.errata) > 1 else "erratum"
        links = ", ".join(
            f'<a href="errata.html#erratum-{n}">{n}</a>' for n in result.errata
        )
        more.append(f"{word} {links}")
    more.append(_checked(result.id))
    exact = _typeset(result.exact)
    if result.claims:
        exact += f"<br><small>{_checked(*result.claims)}</small>"
    cells = (
        f'<a href="{page}.html#{result.label}">{result.name}</a>',
        _typeset(result.says),
        f'<span class="{mark}">{verdict}</span><br><small>'
        + "<br>".join(more)
        + "</small>",
        exact,
    )
    return (
        f'<tr id="result-{result.id}">'
        + "".join(
            f'<td data-label="{name}"><div>{cell}</div></td>'
            for name, cell in zip(columns, cells, strict=True)
        )
        + "</tr>"
    )


def check(scale=None):
    """Run the claims behind every result, and show the results.

    Parameters
    ----------
    scale : {"quick", "book", "paper"}, optional

    Returns
    -------
    Summary

    Raises
    ------
    AssertionError
        If one of the claims fails, with its measured values.

    Notes
    -----
    As in `nclib.ledger.run`, a claim that held is remembered.

    Examples
    --------
    >>> from nclib.ledger.results import RESULTS
    >>> (result,) = [r for r in RESULTS if r.id == "thm-7b"]
    >>> result.name, result.verdict
    ('Theorem 7(b)', 'false')
    >>> result.evidence[:3]
    ('thm-7b', 'erratum-1', 'collapsed-error')
    """
    ids = dict.fromkeys(id for r in RESULTS for id in r.evidence)
    ledger.check(*ids, scale=scale)
    return Summary(RESULTS)
