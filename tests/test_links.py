"""Every target named in the book exists: pages, labels, citations."""

import re
from textwrap import dedent

import pytest
import yaml
from helpers import BOOK, PAGES, ROOT

LABEL = re.compile(
    r"""^\s*:(?:label|name):\s*(\S+)      # directive option
      | ^\(([^)\s]+)\)=\s*$               # heading target
      | ^\s*\$\$\s*\(([^)\s]+)\)\s*$      # equation
      | ^\s+name:\s*(fig-\S+)             # figure of a code cell
    """,
    re.M | re.X,
)
REFERENCE = re.compile(
    r"\{(?:prf:ref|eq|numref|ref|math:numref)\}`(?:[^`<]*<)?([^`>]+)>?`"
)
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
GLUE = re.compile(r"\{glue:?\w*\}`([^`:]+\.md)::[^`]+`")
CODE = re.compile(r"^(`{3,})\{code-cell\}.*?^\1\s*$", re.M | re.S)
FIGURE = re.compile(r"^---$.*?^---$", re.M | re.S)


def prose(page):
    """The page without its code (cell headers hold captions: keep them)."""

    def header(match):
        found = FIGURE.search(match.group())
        return found.group() if found else ""

    return CODE.sub(header, page.read_text())


def labels(text):
    return [next(filter(None, match)) for match in LABEL.findall(text)]


def all_labels():
    return {label for page in PAGES for label in labels(prose(page))}


def citation_keys():
    text = (BOOK / "references.bib").read_text()
    return re.findall(r"^@\w+\{([^,\s]+),", text, re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_targets_exist(page):
    text = prose(page)
    known = all_labels()
    missing = [
        f"label {target}"
        for target in REFERENCE.findall(text)
        if target.strip() not in known
    ]
    keys = set(citation_keys())
    for group in CITATION.findall(text):
        missing += [
            f"citation {key}"
            for key in group.split(",")
            if key.strip() not in keys
        ]
    for target in LINK.findall(text) + GLUE.findall(text):
        if not (BOOK / target).exists():
            missing.append(f"file {target}")
    assert not missing


def test_labels_are_unique():
    seen = [label for page in PAGES for label in labels(prose(page))]
    assert not {label for label in seen if seen.count(label) > 1}
    keys = citation_keys()
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("key", citation_keys())
def test_entries_name_a_work(key):
    """Author, title, a year in digits, and where it appeared."""
    text = (BOOK / "references.bib").read_text()
    kind, body = re.search(
        rf"^@(\w+)\{{{key},\n(.*?)^\}}", text, re.M | re.S
    ).groups()
    fields = dict(re.findall(r"^  (\w+)\s*= \{(.+)\},?$", body, re.M))
    assert len(fields) == len(body.splitlines())
    assert {"author", "title", "year"} <= set(fields)
    assert re.fullmatch(r"\d{4}", fields["year"])
    place = {
        "article": "journal",
        "inproceedings": "booktitle",
        "incollection": "booktitle",
        "book": "publisher",
        "misc": "eprint",
    }
    assert place[kind] in fields


def test_contents_and_pages_agree():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [contents["root"]] + [
        chapter["file"]
        for part in contents["parts"]
        for chapter in part["chapters"]
    ]
    listed = {(ROOT / f"{name}.md") for name in files}
    assert listed == set(PAGES)


def test_readme_links_exist_and_work_anywhere():
    text = (ROOT / "README.md").read_text()
    assert not LINK.findall(text), "PyPI shows it without the repository"
    home = "nclib/nclib/"
    targets = re.findall(rf"{home}(?:blob/main|main)/([^)\s]+)\)", text)
    assert len(targets) >= 5
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_readme_shows_what_its_first_lines_print(capsys):
    text = (ROOT / "README.md").read_text()
    code, printed = re.search(
        r"^```python\n(.*?)^```\n\n(.*?)\n\n", text, re.M | re.S
    ).groups()
    exec(code, {})
    assert capsys.readouterr().out == f"{dedent(printed)}\n"
