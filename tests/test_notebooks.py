"""A page's notebook: plain Markdown, complete, and it runs anywhere."""

import os
import re
import subprocess
import sys

import pytest
from helpers import BOOK, sphinx

pytest.importorskip("nbformat")
pytest.importorskip("myst_nb")
pytest.importorskip("sphinx_exercise")
sys.path.insert(0, str(BOOK / "_ext"))
import jupytext
import nbformat
import notebooks

PAGES = sorted(
    path
    for path in BOOK.glob("**/*.md")
    if path.read_text(encoding="utf-8").startswith("---\njupytext:")
)
HEADER = (BOOK / "intro.md").read_text(encoding="utf-8").split("# ")[0]
PAGE = r"""# A page

```{admonition} At a glance
Question
: Is $\E x < 2$?
```

```{code-cell} python3
:tags: [hide-input]

import nclib
from nclib import ledger
```

```{prf:theorem} One and *all*
:label: thm-4

$$
\|x\| \in \R
$$ (eq-2-13)
```

```{code-cell} python3
X, y = nclib.digits(2)
ledger.numbers(rows=len(X))
```

There are {glue:text}`rows` rows, as {prf:ref}`thm-4` and {eq}`eq-2-13` say;
a price of 5\$ and [a link](https://example.org/). See [](ledger.md).

## Exercises

````{exercise} Why?
:label: ex-4-1

Count:

- one
- two
````

````{solution-start} ex-4-1
:class: dropdown
````

Because:

```{code-cell} python3
from nclib.figures.record import kept_record
assert len(X) == 20 and kept_record("figure_6.npz").exists()
```

````{solution-end}
````

## Check yourself

```{quiz}
- question: Is it?
  choices:
    - text: Yes.
      right: true
      why: It is.
    - text: No.
      why: It is not.
```
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The notebook of a page that the book's extensions built."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(BOOK / '_ext')!r})\n"
        "extensions = ['myst_nb', 'sphinx_proof', 'sphinx_exercise',\n"
        "              'paper_numbers', 'quiz', 'notebooks']\n"
        "myst_enable_extensions = ['deflist', 'dollarmath']\n"
        "numfig = True\nexercise_style = 'solution_follow_exercise'\n"
        "mathjax3_config = {'tex': {'macros': {'R': r'\\mathbb{R}',\n"
        "                                      'E': r'\\mathbb{E}'}}}\n"
        "html_theme_options = dict(\n"
        "    repository_url='https://example.org/nclib',\n"
        "    repository_branch='main')\n"
    )
    (folder / "index.md").write_text(
        "# Contents\n\n```{toctree}\nbook/page\nbook/ledger\n```\n"
    )
    (folder / "book").mkdir()
    (folder / "book/page.md").write_text(HEADER + PAGE)
    (folder / "book/ledger.md").write_text(f"{HEADER}# Rows\n\nNo code.\n")
    assert sphinx(folder, folder / "out") == 0
    made = folder / "out/_sources/book"
    assert [path.name for path in made.glob("*.ipynb")] == ["page.ipynb"]
    return nbformat.read(made / "page.ipynb", as_version=4)


def test_the_prose_is_plain_and_has_the_numbers(notebook):
    prose = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    text = "\n\n".join(prose)
    assert prose[0].startswith("# A page\n\n> **At a glance**")
    assert r"> - **Question**: Is $\mathbb{E} x < 2$?" in prose[0]
    assert "> **Theorem 4 (One and *all*)**" in text
    assert "> $$\n> \\|x\\| \\in \\mathbb{R}\n> \\tag{2.13}\n> $$" in text
    assert (
        "There are 20 rows, as Theorem 4 and (2.13) say; a price of 5\\$ and "
        "[a link](https://example.org/). See Rows." in text
    )
    assert "### Exercise 4.1 (Why?)\n\nCount:\n\n- one\n- two" in text
    assert "Is it?\n\n- a. Yes.\n- b. No." in text and "It is not" not in text
    assert "{" + "prf" not in text and "```" not in text


def test_hidden_code_and_solutions_are_folded(notebook):
    folded = [
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("jupyter", {}).get("source_hidden")
        or cell.metadata.get("jp-MarkdownHeadingCollapsed")
    ]
    assert folded[0] == "import nclib\nfrom nclib import ledger"
    assert folded[1].startswith("#### Solution") and len(folded) == 2


def test_it_installs_the_package_and_runs_in_another_folder(
    notebook, tmp_path
):
    first = notebook.cells[1]
    (line,) = re.findall("%pip install .*", first.source)
    assert '"nclib-collapse[all] @ git+https://example.org/nclib@main"' in line
    assert not any(cell.get("outputs") for cell in notebook.cells)
    nbformat.validate(notebook)
    code = [c.source for c in notebook.cells if c.cell_type == "code"]
    script = tmp_path / "page.ipy"
    script.write_text("\n".join(code))
    # Without the repository, and without the book's own tools.
    (tmp_path / "myst_nb.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--quiet", script],
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
    )
    assert done.returncode == 0


def test_colab_opens_the_branch_of_the_notebooks():
    url = "https://colab.example/github/a/b/blob/main/book/theorem_4.md"
    assert notebooks.on_branch(url) == (
        "https://colab.example/github/a/b/blob/notebooks/book/theorem_4.ipynb"
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_lab_saves_a_page_as_it_was(path):
    # Otherwise to open a page, and to save it, would change it all over.
    text = path.read_text(encoding="utf-8")
    written_by = re.search(r"jupytext_version: (\S+)", text)[1]
    if written_by != jupytext.__version__:
        pytest.skip(f"the pages are as jupytext {written_by} writes them")
    page = jupytext.reads(text, fmt="md:myst")
    assert jupytext.writes(page, fmt="md:myst") == text
