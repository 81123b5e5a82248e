"""Pages can be read anywhere: names, numbers, descriptions, weight."""

import json
import re
import sys
from types import SimpleNamespace

import pytest
import yaml
from helpers import BOOK, ROOT, needs_node, operate, parse, sphinx

pytest.importorskip("myst_nb")
pytest.importorskip("sphinx_exercise")
pytest.importorskip("sphinx_tippy")
from docutils import nodes

from nclib import ledger
from nclib.figures import style

sys.path.insert(0, str(BOOK / "_ext"))
import reading

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
HEADER = (
    (BOOK / "intro.md")
    .read_text(encoding="utf-8")
    .split("---\n\n", 1)[0]
    .removesuffix("---")
)
PAGE = r"""---

# A page

```{admonition} At a glance
Question
: Is 1 < 2 & so on?

Answer
: Yes.
```

Visibleword, checked by `thm-4`; this is no claim: `thm-99`.

At most 8e-08, by `tol=1e-9`.

```{code-cell} python3
:tags: [hide-input]

import hiddenword
```

```{prf:theorem} One
:label: thm-4

True.
```

```{prf:lemma} Two
:label: lem-ours

$$
a = b
$$ (eq-2-13)
```

````{exercise} Why?
:label: ex-4-1

Why?
````

````{solution} ex-4-1
:class: dropdown

Because.
````

```{raw} html
<script type="application/json" class="nclib-live" data-kind="knobs"
 data-figure="fig-x">{}</script>
```

(erratum-7)=
## 7. A slip

Printed
: $a = c$.

See [erratum 7](#erratum-7) and {cite:t}`Papyan2020`.

```{bibliography}
```
"""
ROW = """<table><tr id="claim-thm-4">
<td data-label="Claim"><div>Theorem 4</div></td>
<td data-label="Statement"><div>It is true.</div></td></tr></table>"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a book of one page, read by the extensions."""
    folder = tmp_path_factory.mktemp("reading")
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(BOOK / '_ext')!r})\n"
        "extensions = ['myst_nb', 'sphinx_proof', 'sphinx_exercise',\n"
        "              'sphinxcontrib.bibtex', 'sphinx_tippy',\n"
        "              'paper_numbers', 'reading']\n"
        f"bibtex_bibfiles = [{str(BOOK / 'references.bib')!r}]\n"
        f"tippy_tip_selector = {CONFIG['tippy_tip_selector']!r}\n"
        "bibtex_tooltips = False\n"
        "html_baseurl = 'https://example.org/some/book'\n"
        "myst_enable_extensions = ['deflist', 'dollarmath']\n"
        "nb_execution_mode = 'off'\nnumfig = True\n"
        "html_title = 'A book'\nproject = 'A book'\n"
        "exercise_style = 'solution_follow_exercise'\n"
    )
    (folder / "book").mkdir()
    (folder / "index.md").write_text(
        "# Contents\n\n```{toctree}\nbook/page\nbook/ledger\n```\n"
    )
    (folder / "book/ledger.md").write_text(f"# Rows\n\n{ROW}\n")
    (folder / "book/page.md").write_text(HEADER + PAGE)
    out = folder / "out"
    assert sphinx(folder, out) == 0
    return out


@pytest.fixture(scope="module")
def page(built):
    return parse((built / "book/page.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table(built):
    text = (built / "_static/numbers.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.nclibNumbers = ")[:-2])


def test_ids_are_unique(page):
    ids = [e.attributes["id"] for e in page.all() if e.attributes.get("id")]
    assert {"thm-4", "lem-ours", "ex-4-1", "equation-eq-2-13"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_folds_have_names_of_their_own(page):
    (fold,) = page.all("summary")
    assert "aria-label" not in fold.attributes
    assert [p.text for p in fold.all("p")] == [
        "Show the code: imports",
        "Hide the code: imports",
    ]
    titles = [p.text for p in page.all("p")]
    assert "Solution of Exercise 4.1" in titles


def test_code_that_is_folded_away_is_not_searched(built):
    index = (built / "searchindex.js").read_text(encoding="utf-8").lower()
    assert "visibleword" in index
    assert "hiddenword" not in index
    # On the page it is.
    assert "hiddenword" in (built / "book/page.html").read_text()


def test_claims_that_a_page_names_are_links(page):
    links = [
        a.attributes["href"]
        for a in page.all("a")
        if any("literal" in c.attributes.get("class", "") for c in a.all())
    ]
    assert links == ["ledger.html#claim-thm-4"]


def test_only_pages_with_live_figures_load_their_scripts(built, page):
    def loaded(page):
        names = [
            script.attributes["src"].rpartition("/")[2].partition("?")[0]
            for script in page.all("script")
            if "_static" in script.attributes.get("src", "")
        ]
        ours = {path.name for path in (BOOK / "_static").glob("*.js")}
        return [name for name in names if name in ours]

    assert loaded(page) == ["figures.js", "exact.js", "knobs.js"]
    other = (built / "book/ledger.html").read_text(encoding="utf-8")
    assert loaded(parse(other)) == []


def test_numbers_are_written_as_people_do(page):
    (said,) = [p.text for p in page.all("p") if p.text.startswith("At most")]
    assert said == "At most 8·10⁻⁸, by tol=1e-9."


def test_what_was_measured_is_written_as_mathematics():
    measured = nodes.inline("", "sigma <= -8e-08", classes=["pasted-text"])
    paragraph = nodes.paragraph("", "", nodes.Text("s <= 1e-3 or "), measured)
    paragraph += nodes.math("", "1e-3")
    reading.write_numbers(paragraph)
    assert paragraph.astext() == "s <= 10⁻³ or σ ≤ −8·10⁻⁸1e-3"


def test_citations_errata_and_claims_have_previews(built):
    (script,) = (built / "_static/tippy/book").glob("page.*.js")
    text = script.read_text(encoding="utf-8")
    tips = json.loads(text.split("selector_to_html = ")[1].split("\n")[0])
    said = {
        selector: parse(tip).text.strip() for selector, tip in tips.items()
    }
    assert "a = c" in said['a[href="#erratum-7"]']
    row = said['a[href="ledger.html#claim-thm-4"]']
    assert row == "StatementIt is true."
    assert any("doi:10.1073/pnas.2015509117" in tip for tip in said.values())


def test_every_reference_is_linked_and_is_text():
    backend = pytest.importorskip("pybtex.backends.html").Backend()
    style = pytest.importorskip("pybtex.style.formatting.plain").Style()
    parse_file = pytest.importorskip("pybtex.database").parse_file
    entries = parse_file(BOOK / "references.bib").entries
    for entry in style.format_entries(entries.values()):
        page = parse(entry.text.render(backend))
        links = [a.attributes["href"] for a in page.all("a")]
        assert links, entry.key
        for link in links:
            assert re.fullmatch(
                r"https://(doi\.org/10\.\d{4,5}/\S+|arxiv\.org/abs/\d{4}\.\d{5}"
                r"|(?!doi|arxiv)\S+)",
                link,
            ), link
        assert not set("$\\{}") & set(page.text), entry.key
        assert entries[entry.key].fields["year"] in page.text


def test_a_page_describes_itself(page):
    properties = {
        meta.attributes.get("property", meta.attributes.get("name")): (
            meta.attributes.get("content")
        )
        for meta in page.all("meta")
    }
    assert properties["description"] == "Is 1 < 2 & so on?"
    assert properties["og:description"] == "Is 1 < 2 & so on?"
    assert properties["og:title"] == "A page"
    assert properties["og:site_name"] == "A book"
    address = "https://example.org/some/book/book/page.html"
    assert properties["og:url"] == address
    assert properties["og:image"].endswith("/book/_static/figure_1.png")


def test_the_map_of_the_site_has_every_page(built):
    text = (built / "sitemap.xml").read_text(encoding="utf-8")
    assert re.findall("<loc>(.*)</loc>", text) == [
        f"https://example.org/some/book/{page}.html"
        for page in ("book/ledger", "book/page", "index")
    ]


def test_every_number_stands_where_the_table_says(table, page):
    places = {
        (kind, number): (*table["pages"][at], anchor)
        for kind, number, at, anchor in table["places"]
    }
    here = ("book/page.html", "A page")
    assert places["theorem", "4"] == (*here, "thm-4")
    assert places["lemma", "C1"] == (*here, "lem-ours")
    assert places["equation", "2.13"] == (*here, "equation-eq-2-13")
    assert places["exercise", "4.1"] == (*here, "ex-4-1")
    assert places["erratum", "7"] == (*here, "erratum-7")
    ids = {e.attributes.get("id") for e in page.all()}
    assert all(
        anchor in ids
        for url, _, anchor in places.values()
        if url == "book/page.html"
    )
    claims = {number for kind, number in places if kind == "claim"}
    assert claims == set(ledger.claims())


FORM = """<form class="bd-search"><input type="search"></form>"""
BOOK_TABLE = {
    "pages": [["book/a.html", "A"], ["book/ledger.html", "The ledger"]],
    "places": [
        ["theorem", "4", 0, "thm-4"],
        ["theorem", "7", 0, "thm-7"],
        ["lemma", "9", 0, "lem-9"],
        ["proposition", "C5", 0, "prop-gap"],
        ["equation", "2.28", 0, "equation-eq-2-28"],
        ["equation", "4.1", 0, "equation-eq-4-1"],
        ["equation", "C5", 0, "equation-eq-gap"],
        ["figure", "3", 0, "fig-3"],
        ["figure", "C5", 0, "fig-bound"],
        ["exercise", "4.1", 0, "ex-4-1"],
        ["erratum", "7", 0, "erratum-7"],
        ["claim", "wendel-law", 1, "claim-wendel-law"],
    ],
}


@needs_node
@pytest.mark.parametrize(
    ("query", "anchors"),
    [
        ("(2.28)", "equation-eq-2-28"),
        ("2.28", "equation-eq-2-28"),
        ("Eq. (2.28)", "equation-eq-2-28"),
        ("thm 4", "thm-4"),
        ("Theorem 4", "thm-4"),
        ("Theorem 7(b)", "thm-7"),
        ("thm7", "thm-7"),
        ("4", "thm-4"),
        ("7", "thm-7 erratum-7"),
        ("lemma 9", "lem-9"),
        ("fig 3", "fig-3"),
        ("figure 3", "fig-3"),
        ("erratum 7", "erratum-7"),
        ("C5", "prop-gap equation-eq-gap fig-bound"),
        ("(C5)", "equation-eq-gap"),
        ("fig. c5", "fig-bound"),
        # Statements share one count: no reader knows what C5 is.
        ("theorem C5", "prop-gap"),
        ("4.1", "equation-eq-4-1 ex-4-1"),
        ("exercise 4.1", "ex-4-1"),
        ("Wendel-law", "claim-wendel-law"),
        ("margin", ""),
        ("theorem", ""),
        ("lemma 4.1", ""),
        ("n = 4", ""),
        ("", ""),
    ],
)
def test_numbers_in_the_search_box_lead_there(query, anchors):
    found, sent, left = operate(
        "jump.js",
        FORM,
        f"""
        const form = document.querySelector("form");
        const input = form.querySelector("input");
        input.value = {json.dumps(query)};
        input.dispatch("input");
        const found = document.querySelectorAll("a").map((a) =>
          a.getAttribute("href"));
        const sent = form.dispatch("submit");
        const {{ pathname, hash }} = window.location;
        return [found, sent, pathname + hash];
        """,
        table=BOOK_TABLE,
    )
    assert [url.partition("#")[2] for url in found] == anchors.split()
    # Enter leads to the first; without any, the search goes on as ever.
    assert sent is not bool(found)
    assert left == (f"/{found[0]}" if found else "/page.html")


def test_what_no_page_uses_is_not_loaded():
    theme = pytest.importorskip("pydata_sphinx_theme")
    folder = BOOK.__class__(theme.__file__).parent / "theme"
    theirs = folder / "pydata_sphinx_theme"
    for name, heavy in (
        ("static/webpack-macros.html", ["fontawesome.js"]),
        (
            "layout.html",
            ["searchtools.js", "language_data.js", "searchindex.js"],
        ),
    ):
        before = (theirs / name).read_text(encoding="utf-8")
        after = reading.UNUSED.sub("", before)
        for script in heavy:
            assert re.search(rf"<script[^>]*{script}", before), script
            assert not re.search(rf"<script[^>]*{script}", after), script
        kept = len(re.findall("<script", after))
        assert kept == len(re.findall("<script", before)) - len(heavy)


def test_figures_are_shown_for_both_pages(tmp_path):
    (tmp_path / "_images").mkdir()
    source = tmp_path / "drawn.svg"
    source.write_text(
        '<svg width="75pt" height="30pt"><path style="stroke: #0072b2"/></svg>'
    )
    (tmp_path / "_images/abc.svg").write_bytes(source.read_bytes())
    builder = SimpleNamespace(images={str(source): "abc.svg"}, format="html")
    app = SimpleNamespace(builder=builder, srcdir=tmp_path, outdir=tmp_path)
    context = {
        "body": '<img alt="A line" src="../_images/abc.svg" />'
        '<img alt="Photo" src="../_images/abc.png" />'
    }
    reading.draw_for_both(app, "book/page", "page.html", context, None)
    light, dark, photo = (
        image.attributes for image in parse(context["body"]).all("img")
    )
    assert photo == {"alt": "Photo", "src": "../_images/abc.png"}
    for image, name in ((light, "abc.svg"), (dark, "abc-dark.svg")):
        assert image["src"] == f"../_images/{name}"
        assert image["alt"] == "A line"
        # The page does not jump, and what is not shown is not loaded.
        assert (image["width"], image["height"]) == ("100", "40")
        assert image["loading"] == "lazy"
    assert (light["class"], dark["class"]) == ("only-light", "only-dark")

    reading.write_dark_figures(app, None)
    written = (tmp_path / "_images/abc-dark.svg").read_text()
    assert written == style.darkened(source.read_text()) != source.read_text()
