"""The page that a student gets back: one HTML file, readable offline.

It is written here and not by nbgrader: formulas are MathML, which needs no
network, and an answer that nobody has read yet is not worth zero.
"""

import base64
import html
import re
from xml.etree import ElementTree

import bleach
from latex2mathml.converter import convert
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import (
    IPythonRenderer,
    MarkdownWithMath,
)

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { max-width: 48rem; margin: auto; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; }
pre { overflow-x: auto; padding: .6rem; background: var(--soft);
  font-size: .85rem; line-height: 1.35; }
.cell { border: 1px solid var(--line); border-radius: 6px; margin: 1rem 0;
  padding: 0 .8rem .4rem; }
.mark { margin: .4rem 0; font-weight: 600; }
.comment { border-left: 4px solid #0072b2; padding-left: .8rem; }
img, svg { max-width: 100%; background: #fff; }
.formula { display: block; overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; }
"""


def page(notebook, grades, comments, title, student):
    """The feedback on one graded notebook.

    Parameters
    ----------
    notebook : notebook
        As nbgrader has run it.
    grades : dict
        From the name of each graded cell to (score, points, whether a
        person has yet to read it).
    comments : dict
        From the name of a cell to what the teacher wrote.
    title, student : str

    Returns
    -------
    str
        HTML. Nothing that a student wrote is markup or a script in it.
    """
    body, contents, exercise = [], {}, title
    for cell in notebook.cells:
        heading = re.match(r"## +(.+)", cell.source)
        if heading and cell.cell_type == "markdown":
            exercise = heading[1]
        grading = cell.metadata.get("nbgrader", {})
        name = grading.get("grade_id", "")
        shown = _prose(cell) if cell.cell_type == "markdown" else _code(cell)
        if name in grades:
            contents.setdefault(exercise, []).append(name)
            shown = (
                f'<p class="mark" id="{html.escape(name)}">'
                f"{html.escape(name)}: {_mark(*grades[name])}</p>{shown}"
            )
        if comments.get(name):
            shown += (
                '<div class="comment"><p class="mark">Comment</p>'
                f"{_markdown(comments[name])}</div>"
            )
        body.append(f'<div class="cell">{shown}</div>' if grading else shown)
    head = html.escape(f"{title}, {student}")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{head}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{head}</h1>\n<p>{total(grades)}</p>\n"
        + _contents(contents, grades)
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def total(grades):
    """The sum in words; what is not yet read does not count as zero."""
    read = [
        (score, most) for score, most, unread in grades.values() if not unread
    ]
    unread = [most for _, most, unread in grades.values() if unread]
    text = (
        f"{sum(score for score, _ in read):g} of "
        f"{sum(most for _, most in read):g} points"
    )
    if unread:
        answers = "answer" if len(unread) == 1 else "answers"
        text += (
            f"; {len(unread)} written {answers} for {sum(unread):g} more "
            "not yet read"
        )
    return text + "."


def _mark(score, most, unread):
    if unread:
        return f"not yet read, {most:g} point{'s' * (most != 1)}"
    return f"{score:g} of {most:g}"


def _contents(contents, grades):
    rows = []
    for exercise, names in contents.items():
        marks = "; ".join(
            f'<a href="#{html.escape(name)}">{_mark(*grades[name])}</a>'
            for name in names
        )
        rows.append(
            f'<tr><th scope="row">{html.escape(exercise)}</th>'
            f"<td>{marks}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>\n"


_MATHML = "{http://www.w3.org/1998/Math/MathML}"
# What formulas consist of. In its text a browser would take any other
# element, even one that begins with an m, for that of a page.
_ELEMENTS = frozenset(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot "
    "mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder "
    "munderover".split()
)
_ATTRIBUTES = frozenset(
    "accent columnalign columnlines depth display displaystyle fence form "
    "height linethickness lspace mathcolor mathvariant maxsize minsize "
    "notation rowlines rspace scriptlevel separator stretchy symmetric "
    "voffset width".split()
)
# What Markdown makes; the rest is shown as text.
_TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 "
    "h6 hr i kbd li ol p pre s span strong sub summary sup table tbody td th "
    "thead tr ul".split()
)
# Stand for a formula while the rest is cleaned.
_FORMULA = re.compile("\ue000(\\d+)\ue001")


class _Renderer(IPythonRenderer):
    """Markdown to HTML, with a mark for each formula."""

    def __init__(self):
        super().__init__(escape=False, exclude_anchor_links=True)
        self.formulas = []

    def inline_math(self, body):
        return self._formula(body, "inline")

    def block_math(self, body):
        return self._formula(body, "block")

    def latex_environment(self, name, body):
        return self._formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def _formula(self, body, display):
        self.formulas.append(_mathml(body, display))
        return f"\ue000{len(self.formulas) - 1}\ue001"


def _markdown(text):
    renderer = _Renderer()
    text = re.sub("[\ue000\ue001]", "", text)
    shown = bleach.clean(
        MarkdownWithMath(renderer=renderer).render(text), tags=_TAGS
    )
    return _FORMULA.sub(lambda m: renderer.formulas[int(m[1])], shown)


def _mathml(body, display):
    try:
        formula = convert(body.strip(), display=display)
        # The converter lets markup in a formula's text through.
        for element in ElementTree.fromstring(formula).iter():
            name = element.tag.removeprefix(_MATHML)
            if name not in _ELEMENTS or element.attrib.keys() - _ATTRIBUTES:
                raise ValueError(f"no mathematics: {element.tag}")
    except Exception:  # What a student has typed may be no formula at all.
        return f"<code>{html.escape(body)}</code>"
    if display == "block":
        # Wider than a phone, it moves by itself.
        formula = f'<span class="formula">{formula}</span>'
    return formula


def _prose(cell):
    shown = _markdown(cell.source)
    for bundle in cell.get("attachments", {}).values():
        shown += _picture(bundle)
    return shown


def _code(cell):
    shown = Highlight2HTML(pygments_lexer="python")(cell.source)
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            shown += f"<pre>{ansi2html(output.text)}</pre>"
        elif output.output_type == "error":
            shown += f"<pre>{ansi2html(chr(10).join(output.traceback))}</pre>"
        elif picture := _picture(output.data):
            shown += picture
        elif "text/plain" in output.data:
            shown += f"<pre>{html.escape(output.data['text/plain'])}</pre>"
    return shown


def _picture(bundle):
    for kind in ("image/png", "image/jpeg"):
        if kind in bundle:
            try:
                content = base64.b64decode(bundle[kind])
            except (TypeError, ValueError):
                continue
            return (
                f'<img alt="" src="data:{kind};base64,'
                f'{base64.b64encode(content).decode()}">'
            )
    return ""
