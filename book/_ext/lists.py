"""Lists with links, made by the build: `{statements}` and `{figures}`."""

import re

from docutils import nodes
from paper_numbers import places
from sphinx.util.docutils import SphinxDirective


class listing(nodes.General, nodes.Element):
    """Where a list will stand, once every page has been read."""


class ListDirective(SphinxDirective):
    def run(self):
        return [listing(kind=self.name)]


def wanted(env, kind):
    """(kind, number, document, label) of what has a number, page by page."""
    proofs = getattr(env, "proof_list", {})
    for name, number, document, label in places(env):
        if kind == ("statements" if label in proofs else f"{name}s"):
            yield name, number, document, label


def title(document, label):
    """The name of a statement, or the first sentence of a caption."""
    element = next(
        node
        for node in document.findall(nodes.Element)
        if label in node["ids"] and not isinstance(node, nodes.target)
    )
    if not isinstance(element, nodes.figure):
        text = element[0].astext().strip()
        return [nodes.Text(text.removeprefix("(").removesuffix(")"))]
    found = []
    for part in next(element.findall(nodes.caption)):
        text = part.astext()
        if isinstance(part, nodes.Text):
            # A colon may end it: "The record: ..." says what is drawn.
            if end := re.search(r"[.?:;](\s|$)", text):
                return [*found, nodes.Text(text[: end.start()])]
            found.append(nodes.Text(text))
        elif isinstance(part, nodes.math):
            found.append(part.deepcopy())
        else:
            found.append(nodes.Text(text))
    return found


def fill(app, document, docname):
    env, trees = app.env, {}
    for place in list(document.findall(listing)):
        pages = {}
        for name, number, page, label in wanted(env, place["kind"]):
            tree = trees.setdefault(page, env.get_doctree(page))
            url = app.builder.get_relative_uri(docname, page)
            link = nodes.reference(
                "",
                f"{name.capitalize()} {number}",
                refuri=f"{url}#{label}",
                internal=True,
            )
            words = nodes.paragraph("", "", link, nodes.Text(": "))
            words += title(tree, label)
            pages.setdefault(page, nodes.bullet_list())
            pages[page] += nodes.list_item("", words)
        rows = []
        for page, entries in pages.items():
            heading = nodes.paragraph(
                "", "", nodes.strong("", env.titles[page].astext())
            )
            rows += [heading, entries]
        place.replace_self(rows)


def setup(app):
    app.add_node(listing)
    app.add_directive("statements", ListDirective)
    app.add_directive("figures", ListDirective)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True}
