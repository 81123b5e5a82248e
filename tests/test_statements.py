"""Whose a statement is, and what the errata are about."""

import re
import sys

import pytest
from helpers import BOOK, PAGES, directives, parse, sphinx

pytest.importorskip("myst_nb")
pytest.importorskip("sphinx_proof")
from nclib.ledger import STATUSES, claims, results

sys.path.insert(0, str(BOOK / "_ext"))
import statements

FALSE = "Statements false as printed"
# What a verdict says, by the weight of an erratum.
WEIGHTS = {
    "false": FALSE,
    "constant": "Constants and directions",
    "completed": "Missing assumptions, broad readings",
    "misprint": "Misprints",
}
ERRATA = statements.errata((BOOK / "errata.md").read_text(encoding="utf-8"))
NUMBERED = {entry.number: entry for entry in ERRATA}
BOXES = {
    re.search(r":label: (\S+)", body)[1]: statements.whose(
        re.search(r":class: (.+)", body)[1].split()
    )
    for page in PAGES
    for kind in statements.KINDS
    for _, body in directives(page.read_text(encoding="utf-8"), f"prf:{kind}")
}


def test_each_erratum_is_listed_once_and_found_by_its_statement():
    text = (BOOK / "errata.md").read_text(encoding="utf-8")
    listed = [int(n) for n in re.findall(r"^### (\d+)\. ", text, re.M)]
    assert [entry.number for entry in ERRATA] == listed
    assert len(set(listed)) == len(listed) > 60
    found = statements.by_place(ERRATA)
    for entries in found.values():
        assert len(set(entries)) == len(entries)
    assert {entry for group in found.values() for entry in group} == set(
        ERRATA
    )
    lemma = found["Lemma", "12", ""]
    assert [entry.number for entry in lemma] == [24, 25]
    numbers = [number for kind, number, _ in found if kind == "Section"]
    assert numbers == sorted(numbers, key=lambda n: [*map(int, n.split("."))])


@pytest.mark.parametrize(
    ("title", "places"),
    [
        ("The bound of Theorem 7(b)", "Theorem 7(b)"),
        ("Theorems 2 to 4, hypotheses", "Theorem 2|Theorem 3|Theorem 4"),
        ("Theorems 4 and 5(a), small", "Theorem 4|Theorem 5(a)"),
        ("Lemma 9 and Theorem 6", "Lemma 9|Theorem 6"),
        ("Remark before Theorem 5", "Theorem 5, the text beside it"),
        ("Section 2.3, before (2.26)", "Section 2.3"),
        ("Abstract and contributions", "Abstract"),
    ],
)
def test_a_title_says_where_the_fault_stands(title, places):
    entry = statements.Entry(1, title, "Misprints")
    names = [f"{kind} {number}{part}" for kind, number, part in entry.places]
    assert "|".join(name.strip() for name in names) == places


def test_a_fault_of_a_proof_is_none_of_the_statement():
    assert NUMBERED[1].labels == {"thm-7"}
    assert NUMBERED[3].labels == NUMBERED[19].labels == set()


@pytest.mark.parametrize(
    "classes", ["", "as-printed corrected-1", "corrected", "ours-sure", "dark"]
)
def test_a_statement_says_exactly_one_thing(classes):
    with pytest.raises(ValueError, match="as-printed, corrected-N or ours"):
        statements.whose(classes.split())


def test_the_results_are_all_that_the_paper_numbers():
    paper = [
        id
        for id, claim in claims().items()
        if claim.kind == "paper" and not id.startswith("checked-")
    ]
    rows = [result.id for result in results.RESULTS]
    assert sorted(rows) == sorted(paper)
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("result", results.RESULTS, ids=lambda r: r.id)
def test_a_verdict_is_that_of_its_errata(result):
    weights = {NUMBERED[number].weight for number in result.errata}
    assert (result.verdict == "false") == (FALSE in weights)
    if result.verdict in WEIGHTS:
        assert WEIGHTS[result.verdict] in weights
        assert result.change
    assert set(result.evidence) <= set(claims())
    for text in (result.says, result.change, result.exact):
        for page, place in re.findall(r"\]\((\w+)#([\w-]+)\)", text):
            target = re.escape(place.removeprefix("equation-"))
            page = (BOOK / f"{page}.md").read_text(encoding="utf-8")
            assert re.search(rf"(:label: |\$\$ \(){target}\b", page)


@pytest.mark.parametrize(
    "label", [b for b in BOXES if BOXES[b].kind != "ours"]
)
def test_a_box_and_the_results_say_the_same(label):
    parts = [r for r in results.RESULTS if r.label == label]
    errata = {number for part in parts for number in part.errata}
    assert parts and errata == set(BOXES[label].errata)
    stands = all(part.verdict == "stands" for part in parts)
    assert stands == (BOXES[label].kind == "printed")


@pytest.mark.parametrize(
    ("verdict", "errata"), [("stands", (1,)), ("false", ()), ("right", ())]
)
def test_a_verdict_cannot_contradict_its_errata(verdict, errata):
    with pytest.raises(ValueError, match="verdict"):
        results.Result("thm-7b", "…", verdict, errata)


def test_what_is_false_is_refuted_by_a_claim():
    # Erratum 5 stands by inspection; it refutes nothing.
    with pytest.raises(ValueError, match="what refutes it"):
        results.Result("thm-7b", "…", "false", (5,)).evidence  # noqa: B018


@pytest.mark.parametrize("result", results.RESULTS, ids=lambda r: r.id)
def test_a_link_has_words(result):
    # A formula alone is no name for who does not see it.
    for link in re.findall(r"\[([^\]]+)\]\(", result.exact):
        assert re.sub(r"\$[^$]*\$", "", link).strip(), link


def test_a_row_is_typeset_and_linked():
    (result,) = (r for r in results.RESULTS if r.id == "thm-7b")
    table = parse(results.Summary([result])._repr_html_())
    statement, says, verdict, exact = table.all("td")
    assert statement.text == "Theorem 7(b)"
    assert [a.attributes["href"] for a in statement.all("a")] == [
        "theorem_7.html#thm-7"
    ]
    assert says.text.endswith(r"errs less than \(\Phi(-B^{-1/2})\).")
    assert verdict.text.startswith("false as printed, repaired")
    links = [a.attributes["href"] for a in verdict.all("a")]
    assert links == [
        "errata.html#erratum-1",
        "errata.html#erratum-5",
        "ledger.html#claim-thm-7b",
    ]
    assert "theorem_7.html#thm-price" in [
        a.attributes["href"] for a in exact.all("a")
    ]


PAGE = r"""
# A page

```{prf:theorem} One
:label: thm-4
:class: corrected-7 corrected-12

True.

:::{printed}
$$
a = b
$$ (eq-2-28)
:::
```

```{prf:lemma} Two
:label: lem-15
:class: as-printed

True.
```

```{prf:lemma} Three
:label: lem-ours
:class: ours-quoted

True.
```
"""
FAULTS = """
# Errata

```{errata-index}
```

(false-statements)=
## Statements false as printed

(erratum-12)=
### 12. Lemma 15

(erratum-7)=
### 7. Theorem 4, the bound

(misprints)=
## Misprints

(erratum-3)=
### 3. Theorem 4
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The two pages of a book, read by the extension."""
    folder = tmp_path_factory.mktemp("statements")
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(BOOK / '_ext')!r})\n"
        "extensions = ['myst_nb', 'sphinx_proof', 'paper_numbers',\n"
        "              'statements']\n"
        "myst_enable_extensions = ['colon_fence', 'dollarmath']\n"
        "nb_execution_mode = 'off'\nnumfig = True\n"
        "prf_realtyp_to_countertyp = {'lemma': 'theorem'}\n"
    )
    (folder / "book").mkdir()
    (folder / "index.md").write_text(
        "# Contents\n\n```{toctree}\nbook/page\nbook/errata\nbook/ledger\n"
        "```\n"
    )
    # To which the table of numbers leads.
    (folder / "book/ledger.md").write_text("# Rows\n\nNone.\n")
    (folder / "book/page.md").write_text(PAGE)
    (folder / "book/errata.md").write_text(FAULTS)
    assert sphinx(folder, folder / "out", "-W") == 0
    return folder / "out/book"


def test_a_box_says_whose_it_is(built):
    page = parse((built / "page.html").read_text(encoding="utf-8"))
    badges = [
        p
        for p in page.all("p")
        if "nclib-badge" in p.attributes.get("class", "")
    ]
    assert [badge.text for badge in badges] == [
        "As corrected, see errata 7, 12",
        "As printed",
        f"Ours: {STATUSES['quoted']}",
    ]
    assert [a.attributes["href"] for a in badges[0].all("a")] == [
        "errata.html#erratum-7",
        "errata.html#erratum-12",
    ]
    tinted = [
        box.attributes["id"]
        for box in page.all("div")
        if "nclib-ours" in box.attributes.get("class", "")
    ]
    assert tinted == ["lem-ours"]


def test_the_printed_form_is_a_fold_with_a_name(built):
    page = parse((built / "page.html").read_text(encoding="utf-8"))
    (fold,) = page.all("details")
    assert "open" not in fold.attributes
    assert [s.text for s in fold.all("summary")] == ["Theorem 4 as printed"]
    ids = [e.attributes.get("id") for e in fold.all()]
    assert "equation-eq-2-28" in ids


def test_the_index_links_every_erratum(built):
    page = parse((built / "errata.html").read_text(encoding="utf-8"))
    (box,) = (
        d
        for d in page.all("div")
        if "nclib-errata-index" in d.attributes.get("class", "")
    )
    items = [item.text.strip() for item in box.all("li")]
    assert items == [
        "Theorem 4: false as printed 7; misprints 3.",
        "Lemma 15: false as printed 12.",
    ]
    assert [a.attributes["href"] for a in box.all("a")] == [
        "page.html#thm-4",
        "#erratum-7",
        "#erratum-3",
        "page.html#lem-15",
        "#erratum-12",
    ]
