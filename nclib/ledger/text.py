"""What is written for a terminal, as people read it on a page."""

import html
import re

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LETTERS = dict(
    alpha="α",
    beta="β",
    delta="δ",
    eps="ε",
    eta="η",
    gamma="γ",
    kappa="κ",
    mu="μ",
    pi="π",
    sigma="σ",
    Sigma="Σ",
    tau="τ",
    theta="θ",
)
_POWER_OF_TEN = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[eE]([-+]?\d+)(?!\w)")
_LETTER = re.compile(rf"\b({'|'.join(_LETTERS)})(?=\b|_)")
_SIGNS = {
    "<=": "≤",
    ">=": "≥",
    "+-": "±",
    " - ": " − ",
    "^T": "ᵀ",
    "sqrt ": "√",
    "sqrt(": "√(",
}


def powers(text):
    """Write 8e-08 as 8·10⁻⁸ and 1e+05 as 10⁵.

    Examples
    --------
    >>> from nclib.ledger.text import powers
    >>> powers("8e-08 of 1e+05, then 0e+00")
    '8·10⁻⁸ of 10⁵, then 0'
    """

    def written(match):
        head, power = match.groups()
        if float(head) == 0 or int(power) == 0:
            return head
        raised = "10" + str(int(power)).translate(_RAISED)
        return raised if head == "1" else f"{head}·{raised}"

    return _POWER_OF_TEN.sub(written, text)


def readable(text):
    """Write numbers, powers, signs and Greek letters as a page shows them.

    Examples
    --------
    >>> from nclib.ledger.text import readable
    >>> readable("|mu_1|^2 / sigma^4 <= 2e-16, n^-2 sqrt(log n) - 1")
    '|μ₁|² / σ⁴ ≤ 2·10⁻¹⁶, n⁻² √(log n) − 1'
    """
    text = powers(text)
    for sign, symbol in _SIGNS.items():
        text = text.replace(sign, symbol)
    text = re.sub(r"<(\S[^<>]*, [^<>]*)>", r"⟨\1⟩", text)
    text = _LETTER.sub(lambda match: _LETTERS[match[0]], text)
    text = re.sub(
        r"\^(?:(-?\d+)|\((-?\d+)\))",
        lambda match: (match[1] or match[2]).translate(_RAISED),
        text,
    )
    text = re.sub(
        r"(?<=[^\W\d])_(\d)(?!\w)",
        lambda match: match[1].translate(_LOWERED),
        text,
    )
    return re.sub(r"(?<![\w)⁻])-(?=[\w|])", "−", text)


def typeset(text):
    """HTML of a text whose formulas, in dollars, MathJax typesets.

    A stop or a comma stays on the line of its formula.

    Examples
    --------
    >>> from nclib.ledger.text import typeset
    >>> print(typeset("$d<n$, yes"))
    <span class="math notranslate nohighlight">\\(d&lt;n\\),</span> yes
    """
    return re.sub(
        r"\$(.*?)\$([,.:;)]*)",
        r'<span class="math notranslate nohighlight">\\(\1\\)\2</span>',
        html.escape(text),
    )
