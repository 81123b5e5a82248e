"""Pages as notebooks that run anywhere, for the download button and Colab.

A page's own notebook is MyST, which Jupyter does not read, and needs the
repository around it. This one has plain Markdown, with the numbers of the
build in it, and begins with a cell that installs ``nclib``. The workflow puts
these notebooks on the branch from which Colab opens them.
"""

import os
import posixpath
import re
from pathlib import Path
from urllib.parse import urljoin

import nbformat
from docutils import nodes
from nbformat import v4

BRANCH = "notebooks"
INSTALL = """\
# Run this first. It does nothing where the book's package is installed.
try:
    from nclib import ledger
except ImportError:
    import sys
    # Another package of this name, of sockets, would hide it.
    %pip uninstall -q -y nclib
    %pip install -q "nclib-collapse[all] @ git+{repository}@{version}"
    for name in [m for m in sys.modules if m.split(".")[0] == "nclib"]:
        del sys.modules[name]
"""
HIDING = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
MARKS = {"emphasis": "*", "strong": "**", "literal": "`"}
# What has no text of the page's own, or none outside of a browser.
LEFT_OUT = (
    "comment target index raw image system_message compound toctree "
    "ExecutionStatsNode colspec substitution_definition"
).split()


class Fold(str):
    """A heading whose text JupyterLab folds away."""


class Page:
    """One page as Markdown; its code cells are numbers."""

    def __init__(self, numbers, macros=(), address=None):
        self.numbers, self.address = numbers, address
        self.macros = {
            rf"\\{name}(?![A-Za-z])": spell(value)
            for name, value in dict(macros).items()
        }

    def number(self, kind, label):
        number = self.numbers.get(kind, {}).get(label, ())
        return ".".join(map(str, number))

    def math(self, text):
        for macro, value in self.macros.items():
            text = re.sub(macro, lambda match, value=value: value, text)
        return text.strip()

    def inline(self, node):
        """The Markdown of text."""
        kind = type(node).__name__
        if isinstance(node, nodes.Text):
            text = re.sub(r"([*`$])", r"\\\1", node.astext())
            return text.replace("<", "&lt;").replace("\n", " ")
        if kind == "literal":
            return f"`{node.astext()}`"
        if kind == "math":
            return f"${' '.join(self.math(node.astext()).split())}$"
        if kind in LEFT_OUT:
            return ""
        text = "".join(map(self.inline, node.children))
        if kind == "reference":
            return self.link(text, node)
        return MARKS.get(kind, "") + text + MARKS.get(kind, "")

    def link(self, text, node):
        target = node.get("refuri", "")
        if not re.match("https?:", target):
            if not self.address:
                return text
            target = urljoin(self.address, target or f"#{node.get('refid')}")
        return f"[{text}]({target})"

    def joined(self, children, depth=1):
        """Blocks that hold no code cell."""
        pieces = [p for child in children for p in self.pieces(child, depth)]
        return "\n\n".join(pieces)

    def pieces(self, node, depth=0):
        """The blocks of a node, and the numbers of its code cells."""
        kind = type(node).__name__
        if kind in LEFT_OUT:
            return
        if node.get("nb_element") == "cell_code":
            yield node["cell_index"]
            for figure in node.findall(nodes.figure):
                number = self.number("figure", figure["ids"][0])
                for caption in figure.findall(nodes.caption):
                    yield f"**Figure {number}.** {self.inline(caption)}"
        elif kind == "title":
            yield f"{'#' * depth} {self.inline(node)}"
        elif kind == "rubric":
            yield f"**{self.inline(node)}**"
        elif kind == "paragraph":
            yield self.inline(node)
        elif kind == "math_block":
            yield self.equation(node)
        elif kind == "literal_block":
            yield f"```\n{node.astext()}\n```"
        elif kind in ("bullet_list", "enumerated_list"):
            mark = "- " if kind == "bullet_list" else "1. "
            yield "\n".join(
                mark + indented(self.joined(item, depth), " " * len(mark))
                for item in node
            )
        elif kind == "definition_list":
            yield "\n".join(map(self.definition, node))
        elif kind == "table":
            yield self.table(node)
        elif kind == "printed":
            yield f"*{node['name']}:*"
            yield from self.contents(node, depth)
        elif kind == "solution_node":
            title = next(node.findall(nodes.title)).astext()
            yield Fold(f"{'#' * (depth + 2)} {title}")
            yield from self.contents(node, depth)
        elif kind == "exercise_enumerable_node":
            number = self.number("exercise", node["label"])
            title = self.inline(node[0]).strip()
            yield f"{'#' * (depth + 1)} Exercise {number} {title}".strip()
            yield from self.contents(node, depth)
        elif isinstance(node, nodes.Admonition) or "realtype" in node:
            text = self.joined(self.body(node), depth)
            yield "> " + indented(f"{self.heading(node)}\n\n{text}", "> ")
        elif kind == "quiz_element":
            yield self.question(node)
        else:
            for child in node.children:
                step = isinstance(node, nodes.section)
                yield from self.pieces(child, depth + step)

    @staticmethod
    def body(node):
        return [c for c in node if not isinstance(c, nodes.title)]

    def contents(self, node, depth):
        for child in self.body(node):
            yield from self.pieces(child, depth)

    def heading(self, node):
        """Theorem 4 (Two clusters), or an admonition's title."""
        title = "".join(self.inline(c) for c in node[0]).strip()
        if "realtype" in node:
            number = self.number(node.get("countertype"), node["ids"][0])
            words = (node["realtype"].capitalize(), number, title)
            title = " ".join(filter(None, words))
        return f"**{title}**"

    def equation(self, node):
        number = self.number("displaymath", next(iter(node["ids"]), None))
        tag = f"\n\\tag{{{number}}}" if number else ""
        return f"$$\n{self.math(node.astext())}{tag}\n$$"

    def question(self, node):
        """A question of a quiz and its choices; the book tells them apart."""
        said = [
            ("- " * (part["tag"] == "label")) + self.inline(part)
            for part in node.findall(nodes.Element)
            if part.get("tag") in ("legend", "label")
        ]
        return f"{said[0]}\n\n" + "\n".join(said[1:])

    def definition(self, item):
        term = self.inline(item[0])
        text = self.joined([c for d in item[1:] for c in d])
        return f"- **{term}**: {indented(text, '  ')}"

    def table(self, node):
        rows = [
            "| " + " | ".join(self.joined(e).replace("\n", " ") for e in row)
            for row in node.findall(nodes.row)
        ]
        rule = "|---" * rows[0].count("| ") + "|"
        return "\n".join([rows[0], rule, *rows[1:]])


def spell(value):
    """What a macro of MathJax stands for; its argument follows anyway."""
    value = value[0] if isinstance(value, list) else value
    return value.removesuffix("{#1}")


def indented(text, by):
    return text.replace("\n", f"\n{by}")


def assembled(pieces, cells, first):
    """The notebook of a page's pieces, with its code ``cells``."""
    made, text = [], []

    def close():
        if text:
            made.append(v4.new_markdown_cell("\n\n".join(text)))
            text.clear()

    for piece in pieces:
        if isinstance(piece, int):
            close()
            made.append(code_cell(cells[piece]))
        elif isinstance(piece, Fold):
            close()
            folded = {"jp-MarkdownHeadingCollapsed": True}
            made.append(v4.new_markdown_cell(str(piece), metadata=folded))
        else:
            text.append(piece)
    close()
    made.insert(1, v4.new_code_cell(first))
    for number, cell in enumerate(made):
        # The same page gives the same file.
        cell.id = f"cell-{number}"
    about = {"name": "python3", "display_name": "Python 3"}
    return v4.new_notebook(
        cells=made,
        metadata={
            "kernelspec": about | {"language": "python"},
            "language_info": {"name": "python"},
        },
    )


def code_cell(cell):
    hidden = HIDING & set(cell.metadata.get("tags", ()))
    return v4.new_code_cell(
        cell.source,
        metadata={"jupyter": {"source_hidden": True}} if hidden else {},
    )


def runs_alone(document):
    """Whether there is code to be read: what only reports needs the book."""
    return any(
        node.get("nb_element") == "cell_code"
        and not HIDING & set(node["cell_metadata"].get("tags", ()))
        for node in document.findall(nodes.container)
    )


def on_branch(url):
    """Where the notebook of a page's source is."""
    return re.sub(r"/blob/[^/]+/(.*)\.md$", rf"/blob/{BRANCH}/\1.ipynb", url)


def buttons(context):
    """The groups of buttons in the header."""
    return [b for b in context.get("header_buttons", ()) if "buttons" in b]


def read(app, document, docname):
    """Keep the pieces of a page that runs anywhere, in the order it runs."""
    if app.builder.format != "html" or not runs_alone(document):
        return
    base = app.config.html_baseurl
    page = Page(
        app.env.toc_fignumbers.get(docname, {}),
        app.config.mathjax3_config["tex"]["macros"],
        base and posixpath.join(base, f"{docname}.html"),
    )
    document["nclib_pieces"] = list(page.pieces(document))


def publish(app, pagename, templatename, context, document):
    source = Path(app.outdir).parent / f"jupyter_execute/{pagename}.ipynb"
    if document is None or not source.exists():
        return
    pieces = document.get("nclib_pieces")
    alone = pieces is not None
    for group in buttons(context):
        kept = []
        for button in group["buttons"]:
            if button.get("text") == "Colab":
                button["url"] = on_branch(button["url"])
            if alone or button.get("text") not in ("Colab", ".ipynb"):
                kept.append(button)
        group["buttons"] = kept
    copy = Path(app.outdir, "_sources", f"{pagename}.ipynb")
    if not alone:
        copy.unlink(missing_ok=True)
        return
    notebook = nbformat.read(source, as_version=4)
    theme = app.config.html_theme_options
    first = INSTALL.format(
        repository=theme["repository_url"],
        version=os.environ.get("GITHUB_SHA", theme["repository_branch"]),
    )
    made = assembled(pieces, notebook.cells, first)
    copy.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, copy)


def setup(app):
    # After statements say whose they are, before pictures move up, at 950.
    app.connect("doctree-resolved", read, priority=940)
    # After the theme has made its buttons, at 501.
    app.connect("html-page-context", publish, priority=700)
    return {"version": "1", "parallel_read_safe": True}
