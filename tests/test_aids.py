"""What helps a reader to find the way: order, lists, words, citation."""

import re
import sys

import pytest
import yaml
from helpers import BOOK, ROOT, parse, sphinx

pytest.importorskip("myst_nb")
pytest.importorskip("sphinx_proof")
import nclib

sys.path.insert(0, str(BOOK / "_ext"))
import cite

PAGE = r"""# A page

```{admonition} At a glance
:class: at-a-glance

Question
: Why?

Answer
: Because.

Time to run
: No time
```

Words, then code.

```{figure} dot.svg
:name: fig-2
:alt: A dot

Left: a dot at $x$, by {prf:ref}`thm-4`. It is blue.
```

```{prf:theorem} One
:label: thm-4

True.
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aids")
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(BOOK / '_ext')!r})\n"
        "extensions = ['myst_nb', 'sphinx_proof', 'paper_numbers',\n"
        "              'first_screen', 'lists']\n"
        "myst_enable_extensions = ['deflist', 'dollarmath']\n"
        "nb_execution_mode = 'off'\nnumfig = True\n"
    )
    (folder / "index.md").write_text(
        "# Index\n\n```{toctree}\nbook/page\nbook/ledger\n```\n\n"
        "```{statements}\n```\n\n```{figures}\n```\n"
    )
    (folder / "book").mkdir()
    (folder / "book/page.md").write_text(PAGE)
    (folder / "book/ledger.md").write_text("# Rows\n\nNone.\n")
    (folder / "book/dot.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    )
    assert sphinx(folder, folder / "out", "-W") == 0
    return folder / "out"


def test_the_picture_follows_the_answer(built):
    text = (built / "book/page.html").read_text(encoding="utf-8")
    order = ["Why?", "Because.", 'id="fig-2"', "No time", "Words, then code"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    # Nothing is said twice, and nothing is lost.
    assert all(text.count(words) == 1 for words in order)


def test_lists_have_titles_numbers_and_links(built):
    text = (built / "index.html").read_text(encoding="utf-8")
    entries = {
        item.text.strip(): [a.attributes["href"] for a in item.all("a")]
        for item in parse(text).all("li")
    }
    assert entries["Theorem 4: One"] == ["book/page.html#thm-4"]
    # The first sentence of a caption; what it refers to is a link, too.
    assert entries[r"Figure 2: Left: a dot at \(x\), by Theorem 4."] == [
        "book/page.html#fig-2",
        "book/page.html#thm-4",
    ]


def test_the_citation_is_that_of_this_version():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff["version"] == nclib.__version__
    entry = cite.book("https://example.org", "2026-01-02", "abc1234")
    assert "  year    = {2026}" in entry
    assert f"Version {nclib.__version__}, commit abc1234" in entry
    assert entry.count("{") == entry.count("}")
    assert cite.paper().startswith("@article{HongLing,")
    assert "commit" not in cite.book("https://example.org", "2026-01-02", None)


def test_words_are_in_the_glossary_once():
    text = (BOOK / "symbols.md").read_text(encoding="utf-8")
    glossary = re.search(r"```\{glossary\}\n(.*?)```", text, re.S)[1]
    words = re.findall(r"^(\S.*)$", glossary, re.M)
    assert len(words) == len(set(words)) >= 20
    for page in BOOK.glob("*.md"):
        used = re.findall(
            r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", page.read_text()
        )
        assert set(used) <= set(words), page.stem
