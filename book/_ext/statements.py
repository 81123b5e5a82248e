"""Say of every statement whose it is, and of every erratum what it is about.

A statement of the paper has the class ``as-printed``, or ``corrected-N`` for
every erratum N that it mends; it then shows the printed form in a fold, the
directive ``{printed}``.  A statement of the book has one of the classes
``ours-proved``, ``ours-quoted``, ``ours-derived`` and ``ours-numerical``.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ENTRY = re.compile(r"^\(erratum-(\d+)\)=\n### (\d+)\. (.+)$", re.M)
# "Theorems 2 to 6", "Theorem 5(b)", "Lemma 9 and Theorem 6", "Section 2.3"
PLACE = re.compile(
    r"(Definition|Theorem|Lemma|Proposition|Figure|Section)s? "
    r"([\d.]*\d)(\([a-c]\))?(?: (to|and) ([\d.]*\d)(\([a-c]\))?)?"
)
# What is said of a statement, and not in it.
BESIDE = re.compile(r"before|after|remark|message", re.I)
KINDS = ("definition", "theorem", "lemma", "proposition", "conjecture")
LABELS = {
    "Definition": "def",
    "Theorem": "thm",
    "Lemma": "lem",
    "Proposition": "prop",
    "Figure": "fig",
}


def paper_label(label):
    """Whether a label is that of a statement of the paper."""
    return bool(re.fullmatch(r"(?:def|thm|lem|prop)-\d+", label))


class Entry(NamedTuple):
    """An erratum: its number, its title, the name of its group."""

    number: int
    title: str
    weight: str

    @property
    def places(self):
        """Where in the paper: (kind, number, part), in the title's order."""
        found = []
        for kind, first, part, link, last, last_part in PLACE.findall(
            self.title
        ):
            found.append((kind, first, part))
            if link == "to":
                found += [
                    (kind, str(n), "")
                    for n in range(int(first) + 1, int(last) + 1)
                ]
            elif link:
                found.append((kind, last, last_part))
        if BESIDE.search(self.title):
            found = [
                (kind, number, ", the text beside it")
                if kind in LABELS
                else (kind, number, part)
                for kind, number, part in found
            ]
        return found or [(self.title.split()[0], "", "")]

    @property
    def labels(self):
        """The statements of the paper in which the fault stands."""
        if BESIDE.search(self.title) or "proof" in self.title.lower():
            return set()
        return {
            f"{LABELS[kind]}-{number}"
            for kind, number, _ in self.places
            if kind in LABELS
        }


def errata(text):
    """The entries of the errata page, in its order."""
    groups = re.split(r"^\([\w-]+\)=\n## (.+)$", text, flags=re.M)[1:]
    return [
        Entry(int(number), title, weight)
        for weight, body in zip(groups[::2], groups[1::2], strict=True)
        for _, number, title in ENTRY.findall(body)
    ]


def by_place(entries):
    """Place to its entries, in the paper's order, each place once."""
    found = defaultdict(list)
    for entry in entries:
        for place in dict.fromkeys(entry.places):
            found[place].append(entry)

    def order(place):
        kind, number, part = place
        # Lemmas and theorems are counted together, the rest comes after.
        rank = [{"Definition"}, {"Theorem", "Lemma", "Proposition"}]
        of_kind = next(
            (i for i, kinds in enumerate(rank) if kind in kinds), kind
        )
        digits = [int(n) for n in number.split(".") if n]
        return str(of_kind), digits, part

    return {place: found[place] for place in sorted(found, key=order)}


class Whose(NamedTuple):
    """What a statement's classes say of it."""

    kind: str
    errata: tuple = ()
    status: str = ""


def whose(classes):
    """Read the classes of a statement; ValueError if they do not say one."""
    text = " ".join(sorted(c for c in classes if c))
    if text == "as-printed":
        return Whose("printed")
    if re.fullmatch(r"corrected-\d+( corrected-\d+)*", text):
        numbers = sorted(int(n) for n in re.findall(r"\d+", text))
        return Whose("corrected", errata=tuple(numbers))
    if match := re.fullmatch(r"ours-(proved|quoted|derived|numerical)", text):
        return Whose("ours", status=match[1])
    raise ValueError(f"as-printed, corrected-N or ours-…, not {text!r}")


def badge(own, address, statuses):
    """The line that says it; ``address`` is that of the errata page."""
    line = nodes.paragraph(classes=["nclib-badge", f"nclib-{own.kind}"])
    if own.kind == "printed":
        line += nodes.Text("As printed")
    elif own.kind == "ours":
        line += nodes.Text(f"Ours: {statuses[own.status]}")
    else:
        word = "errata" if len(own.errata) > 1 else "erratum"
        line += nodes.Text(f"As corrected, see {word} ")
        for number in own.errata:
            if number != own.errata[0]:
                line += nodes.Text(", ")
            line += nodes.reference(
                "",
                str(number),
                refuri=f"{address}#erratum-{number}",
                internal=True,
            )
    return line


class printed(nodes.General, nodes.Element):
    """A fold with the words of the paper."""


class PrintedDirective(SphinxDirective):
    """What the paper prints, inside the statement as corrected."""

    has_content = True

    def run(self):
        node = printed()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class ErrataIndexDirective(SphinxDirective):
    """The entries of this very page, by the statement they are about."""

    def run(self):
        page = self.env.doc2path(self.env.docname)
        entries = errata(Path(page).read_text(encoding="utf-8"))
        lines = [
            f"- {reference(place)}: {listed(found)}."
            for place, found in by_place(entries).items()
        ]
        node = nodes.container(classes=["nclib-errata-index"])
        self.state.nested_parse(StringList(lines, page), 0, node)
        return [node]


def reference(place):
    kind, number, part = place
    name = f"{kind} {number}{part}".strip()
    if kind not in LABELS:
        return name
    role = "ref" if kind == "Figure" else "prf:ref"
    return f"{{{role}}}`{name} <{LABELS[kind]}-{number}>`"


def listed(entries):
    """The numbers by weight: "misprints 41, 42"."""
    groups = defaultdict(list)
    for entry in entries:
        groups[entry.weight].append(
            f"{{ref}}`{entry.number} <erratum-{entry.number}>`"
        )
    # "Missing assumptions, broad readings" is short enough at the comma.
    return "; ".join(
        f"{weight.removeprefix('Statements ').split(',')[0].lower()} "
        + ", ".join(numbers)
        for weight, numbers in groups.items()
    )


def resolved(app, document, docname):
    if app.builder.format != "html":
        return
    from nclib.ledger import STATUSES

    numbers = app.env.toc_fignumbers.get(docname, {})
    address = app.builder.get_relative_uri(docname, "book/errata")
    for node in document.findall(nodes.Element):
        if "realtype" not in node or "label" not in node:
            continue
        classes = set(node["classes"]) - {"proof", node["realtype"]}
        try:
            own = whose(classes)
        except ValueError:
            # The contract's tests say so; other books have no such classes.
            continue
        title, content = node.children
        content.insert(0, badge(own, address, STATUSES))
        if own.kind == "ours":
            node["classes"].append("nclib-ours")
        number = numbers.get(node["countertype"], {}).get(node["label"], ())
        name = f"{node['realtype'].title()} {'.'.join(map(str, number))}"
        for fold in node.findall(printed):
            fold["name"] = f"{name} as printed"


def visit_printed(self, node):
    self.body.append(
        '<details class="nclib-as-printed">\n'
        f"<summary>{node['name']}</summary>\n"
    )


def depart_printed(self, node):
    self.body.append("</details>\n")


def setup(app):
    nothing = (lambda self, node: None,) * 2
    app.add_node(
        printed,
        html=(visit_printed, depart_printed),
        latex=nothing,
        text=nothing,
    )
    app.add_directive("printed", PrintedDirective)
    app.add_directive("errata-index", ErrataIndexDirective)
    app.connect("doctree-resolved", resolved)
    return {"version": "1", "parallel_read_safe": True}
