"""Let every page be read anywhere: by ear, by keyboard, on a slow line.

Folds get names of their own, ids are unique, claims that a page names are
links, pages describe themselves, code that is folded away is not searched,
what a page does not use is not loaded, and figures are drawn for dark pages,
too.
"""

import html
import re
from collections import Counter
from pathlib import Path
from posixpath import join

from bs4 import BeautifulSoup
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx import addnodes

# Named alike in every statement by sphinx-proof and sphinx-exercise.
SHARED_ID = re.compile(r"[a-z]+-content")
# The icons as a script, beside the same icons as fonts; and the search, which
# runs on its own page.
UNUSED = re.compile(
    r'\s*<script[^>]*src="[^"]*(?:fontawesome|searchtools|language_data'
    r'|searchindex)\.js[^"]*"[^>]*></script>'
)


def name_folds(document, numbers):
    """Give every fold of code and every solution a name of its own.

    ``numbers`` has the page's numbers, by kind and label.
    """
    used = Counter()
    for cell in document.findall(nodes.container):
        for fold in cell.children:
            if isinstance(fold, HideCodeCellNode):
                name = fold_name(cell, fold, numbers)
                used[name] += 1
                if used[name] > 1:
                    name += f", {used[name]}"
                fold["prompt_show"] = f"Show the code: {name}"
                fold["prompt_hide"] = f"Hide the code: {name}"
    exercise = None
    for node in document.findall(nodes.Element):
        kind = type(node).__name__
        if kind == "exercise_enumerable_node":
            exercise = numbers.get("exercise", {}).get(node.get("label"))
        elif kind == "solution_node" and exercise:
            title = next(node.findall(nodes.title))
            number = ".".join(map(str, exercise))
            title.children = []
            title += nodes.Text(f"Solution of Exercise {number}")


def figure_name(cell, numbers):
    for figure in cell.findall(nodes.figure):
        for label in figure["ids"]:
            if number := numbers.get("figure", {}).get(label):
                return f"Figure {'.'.join(map(str, number))}"
    return None


def fold_name(cell, fold, numbers):
    """What a folded code draws, prepares, or where it stands."""
    if name := figure_name(cell, numbers):
        return name
    if "import" in fold.astext().split():
        return "imports"
    section = cell.parent
    for later in section[section.index(cell) + 1 :]:
        if isinstance(later, nodes.Element):
            if name := figure_name(later, numbers):
                return f"the data of {name}"
    titles = section.findall(nodes.title)
    return next((title.astext() for title in titles), "of this page")


def drop_shared_ids(document):
    for node in document.findall(nodes.Element):
        node["ids"] = [id for id in node["ids"] if not SHARED_ID.fullmatch(id)]


def link_claims(document, claims, target):
    """Make the id of a claim, as inline code, a link to its row."""
    for code in list(document.findall(nodes.literal)):
        before = code.parent[max(code.parent.index(code) - 1, 0)]
        linked = isinstance(code.parent, nodes.reference) or (
            isinstance(before, nodes.raw) and before.astext()[:2] == "<a"
        )
        if code.astext() in claims and not linked:
            link = nodes.reference(
                "", "", refuri=f"{target}#claim-{code.astext()}", internal=True
            )
            code.replace_self(link)
            link += code


CODE = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    addnodes.desc_signature,
)


def write_numbers(node, pasted=False):
    """Write numbers, and what was measured, as people do; leave code alone."""
    from nclib.ledger.text import powers, readable

    for child in list(node.children):
        if isinstance(child, nodes.Text):
            text = (readable if pasted else powers)(child)
            if text != child:
                node.replace(child, nodes.Text(text))
        elif not isinstance(child, CODE):
            classes = child.get("classes", ())
            write_numbers(child, pasted or "pasted-text" in classes)


def resolved(app, document, docname):
    if app.builder.format != "html":
        return
    from nclib import ledger

    write_numbers(document)

    numbers = app.env.toc_fignumbers.get(docname, {})
    name_folds(document, numbers)
    drop_shared_ids(document)
    ledger_page = app.builder.get_relative_uri(docname, "book/ledger")
    link_claims(document, ledger.claims(), ledger_page)


def visit_fold(self, node):
    """As in MyST-NB, but named by what it says."""
    classes = " ".join(["admonition", "hide", *node["classes"]])
    self.body.append(f'<details class="{classes}">\n<summary>\n')
    for state, prompt in (("collapsed", "show"), ("expanded", "hide")):
        text = html.escape(node[f"prompt_{prompt}"])
        self.body.append(f'<p class="{state} admonition-title">{text}</p>\n')
    self.body.append("</summary>\n")


def depart_fold(self, node):
    self.body.append("</details>\n")


def summary(document):
    """The question that a page answers, or its first paragraph."""
    for paragraph in document.findall(nodes.paragraph):
        term = paragraph.parent.parent
        if isinstance(term, nodes.definition_list_item):
            if term[0].astext() != "Question":
                continue
        elif not isinstance(paragraph.parent, nodes.section):
            continue
        text = " ".join(paragraph.astext().replace("\\", "").split())
        return text if len(text) <= 200 else text[:199].rsplit(" ", 1)[0] + "…"
    return ""


def describe(app, pagename, templatename, context, document):
    context["default_mode"] = "auto"
    context["without_unused"] = lambda text: (
        text if pagename == "search" else UNUSED.sub("", text)
    )
    if document is None:
        return
    title = re.sub("<[^>]*>", "", context.get("title", ""))
    properties = {
        'name="description"': summary(document),
        'property="og:type"': "article",
        'property="og:site_name"': app.config.html_title,
        'property="og:title"': title,
        'property="og:description"': summary(document),
    }
    if base := app.config.html_baseurl:
        properties['property="og:url"'] = join(base, f"{pagename}.html")
        picture = join(base, "_static/figure_1.png")
        properties['property="og:image"'] = picture
    tags = [
        f'<meta {key} content="{html.escape(html.unescape(text))}" />'
        for key, text in properties.items()
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)
    # Roles that docutils gives to citations, and that are none by now.
    for role in ("list", "doc-biblioentry"):
        context["body"] = context["body"].replace(f' role="{role}"', "")


def preview_entries(app, pagename, templatename, context, document):
    """Let previews show an erratum and a claim, not only their titles.

    sphinx-tippy takes the first paragraph below a heading, but an erratum is
    a list of definitions, and a row of the ledger has no node of its own.
    """
    page = getattr(app.env, "tippy_data", {"pages": {}})["pages"].get(pagename)
    if page is None or document is None:
        return
    tips, ids = page["id_to_html"], page["element_id_map"]
    body = BeautifulSoup(context["body"], "html.parser")
    for heading in body.select("section[id] > :is(h2, h3)"):
        entry = heading.find_next_sibling()
        if entry is not None and entry.name == "dl":
            # What was printed, what is wrong with it, and what is right.
            parts = entry.find_all(["dt", "dd"], recursive=False)[:6]
            tips[heading.parent["id"]] += (
                f"<dl>{''.join(map(str, parts))}</dl>"
            )
    for row in body.select("tr[id^=claim-]"):
        ids[row["id"]] = row["id"]
        parts = [
            f"<dt>{cell['data-label']}</dt><dd>{cell.decode_contents()}</dd>"
            for cell in row.select("td[data-label]")[1:]
        ]
        tips[row["id"]] = f"<dl>{''.join(parts)}</dl>"


FIGURE = re.compile(r'<img ([^>]*)src="([^"]*_images/([^"/]*)\.svg)"([^>]*)/>')


def draw_for_both(app, pagename, templatename, context, document):
    """Show every drawn figure as it is on a light page, and for a dark one.

    Which of them, the theme decides; a browser loads only the one it shows.
    """
    sources = {
        Path(name).stem: source for source, name in app.builder.images.items()
    }

    def both(match):
        before, url, stem, after = match.groups()
        size = ""
        if stem in sources:
            head = Path(app.srcdir, sources[stem]).read_text("utf-8")[:2000]
            found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', head)
            if found:
                width, height = (
                    round(float(x) * 4 / 3) for x in found.groups()
                )
                size = f'width="{width}" height="{height}" '
        images = "".join(
            f'<img class="only-{mode}" loading="lazy" {size}{before}'
            f'src="{address}"{after}/>'
            for mode, address in (
                ("light", url),
                ("dark", url.removesuffix(".svg") + "-dark.svg"),
            )
        )
        # The theme hides the caption after an image of the other mode.
        return f"<span>{images}</span>"

    if context.get("body"):
        context["body"] = FIGURE.sub(both, context["body"])


LIVE = re.compile(r'class="nclib-live" data-kind="(\w+)"')
# The kinds that compute: they need exact.js.
COMPUTE = {"knobs", "price", "ties"}


def load_live(app, pagename, templatename, context, document):
    """Give a page with figures that move their scripts, and no other page."""
    kinds = sorted(set(LIVE.findall(context.get("body", ""))))
    if not kinds:
        return
    needed = ["exact"] if COMPUTE.intersection(kinds) else []
    for name in ["figures", *needed, *kinds]:
        app.add_js_file(f"{name}.js")


def write_dark_figures(app, error):
    if error or app.builder.format != "html":
        return
    from nclib.figures import style

    for path in Path(app.outdir, "_images").glob("*.svg"):
        if not path.stem.endswith("-dark"):
            dark = path.with_name(f"{path.stem}-dark.svg")
            text = style.darkened(path.read_text(encoding="utf-8"))
            dark.write_text(text, encoding="utf-8")


def write_sitemap(app, error):
    """Where the book has an address, tell search engines its pages."""
    base = app.config.html_baseurl
    if error or app.builder.format != "html" or not base:
        return
    places = "".join(
        f"<url><loc>{html.escape(join(base, page))}.html</loc></url>\n"
        for page in sorted(app.env.found_docs)
    )
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<urlset '
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{places}</urlset>\n",
        encoding="utf-8",
    )


def search_what_is_seen(app):
    """Keep folded code out of the search index."""
    if app.builder.format != "html":
        return
    index_page = app.builder.index_page

    def seen(pagename, document, title):
        document = document.deepcopy()
        for fold in list(document.findall(HideCodeCellNode)):
            fold.parent.remove(fold)
        index_page(pagename, document, title)

    app.builder.index_page = seen


def setup(app):
    app.setup_extension("myst_nb")
    app.add_node(
        HideCodeCellNode, override=True, html=(visit_fold, depart_fold)
    )
    app.connect("builder-inited", search_what_is_seen)
    app.connect("doctree-resolved", resolved, priority=900)
    app.connect("html-page-context", describe)
    # Before the previews are collected, at 450.
    app.connect("html-page-context", draw_for_both, priority=400)
    app.connect("html-page-context", load_live)
    app.connect("html-page-context", preview_entries, priority=460)
    app.connect("build-finished", write_dark_figures)
    app.connect("build-finished", write_sitemap)
    return {"version": "1", "parallel_read_safe": True}
