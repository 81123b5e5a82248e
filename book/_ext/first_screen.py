"""Show the picture first.

A reader sees question, answer and picture before anything else; the rest of
the box, the text and the code follow.  The source, and the notebook made
from it, keep the order in which the code runs.
"""

from docutils import nodes

# What the box says above the picture.
FIRST = ("Question", "Answer")


def glance(document):
    """The box "At a glance" of a page, or None."""
    for box in document.findall(nodes.admonition):
        if "at-a-glance" in box["classes"]:
            return box
    return None


def split(box):
    """Take the entries out of the box that can wait; a box of their own."""
    entries = next(box.findall(nodes.definition_list))
    later = nodes.definition_list()
    for entry in list(entries):
        if entry[0].astext() not in FIRST:
            entries.remove(entry)
            later += entry
    return nodes.container("", later, classes=["at-a-glance"])


def drop_empty(node):
    """Remove a cell, or a part of it, that shows nothing any more."""
    while not node.children and isinstance(node, nodes.container):
        parent = node.parent
        parent.remove(node)
        node = parent


def show_picture_first(document):
    """Move the page's first figure up, below the box or the first words."""
    figure = next(document.findall(nodes.figure), None)
    box = glance(document)
    words = box or next(document.findall(nodes.paragraph), None)
    if figure is None or words is None:
        return
    place = figure.parent
    place.remove(figure)
    at = words.parent.index(words) + 1
    words.parent.insert(at, [figure, split(box)] if box else figure)
    drop_empty(place)


def resolved(app, document, docname):
    if app.builder.format == "html":
        show_picture_first(document)


def setup(app):
    # After the folds got their names, which tell what a cell draws.
    app.connect("doctree-resolved", resolved, priority=950)
    return {"version": "1", "parallel_read_safe": True}
