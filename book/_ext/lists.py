"""Lists with links, made by the build: `{statements}` and `{figures}`."""

import re

from docutils import nodes
from paper_numbers import places
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
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


def first_sentence(parts):
    found = []
    for part in parts:
        if isinstance(part, nodes.Text):
            end = re.search(r"[.?](\s|$)", part.astext())
            if end:
                return [*found, nodes.Text(part.astext()[: end.end()].strip())]
        found.append(part.deepcopy())
    return found


def title(document, label):
    """The name of a statement, or the first sentence of a caption."""
    element = next(
        node
        for node in document.findall(nodes.Element)
        if label in node["ids"] and not isinstance(node, nodes.target)
    )
    if isinstance(element, nodes.figure):
        return first_sentence(next(element.findall(nodes.caption)))
    text = element[0].astext().strip()
    return [nodes.Text(text.removeprefix("(").removesuffix(")"))]


class Fill(SphinxPostTransform):
    # Before references are resolved, those in captions among them.
    default_priority = 5

    def run(self, **options):
        for place in list(self.document.findall(listing)):
            # Only a page with formulas loads MathJax, and captions have some.
            equations = self.env.get_domain("math").data["has_equations"]
            equations[self.env.docname] = True
            place.replace_self(list(self.rows(place["kind"])))

    def rows(self, kind):
        here, trees, lists = self.env.docname, {}, {}
        for name, number, page, label in wanted(self.env, kind):
            tree = trees.setdefault(page, self.env.get_doctree(page))
            url = self.app.builder.get_relative_uri(here, page)
            shown = f"{name.capitalize()} {number}"
            words = nodes.paragraph()
            words += nodes.reference(
                "", shown, refuri=f"{url}#{label}", internal=True
            )
            words += [nodes.Text(": "), *title(tree, label)]
            for reference in words.findall(addnodes.pending_xref):
                reference["refdoc"] = here
            entries = lists.setdefault(page, nodes.bullet_list())
            entries += nodes.list_item("", words)
        for page, entries in lists.items():
            name = nodes.strong("", self.env.titles[page].astext())
            yield from (nodes.paragraph("", "", name), entries)


def setup(app):
    app.add_node(listing)
    app.add_directive("statements", ListDirective)
    app.add_directive("figures", ListDirective)
    app.add_post_transform(Fill)
    return {"version": "1", "parallel_read_safe": True}
