"""`{how-to-cite}`: BibTeX of the paper and of this build of the book.

The book's entry is made from CITATION.cff, with the version, the commit and
the day of the build.
"""

import re
import subprocess
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.i18n import format_date

ROOT = Path(__file__).resolve().parents[2]


def paper():
    """The paper's entry, as it stands in the bibliography's file."""
    text = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    return re.search(r"^@article\{HongLing,.*?^\}", text, re.M | re.S)[0]


def commit():
    """The commit that is built, or None outside of a repository."""
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(git, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() or None


def book(url, day, commit):
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    people = " and ".join(
        person["name"]
        if "name" in person
        else f"{person['family-names']}, {person['given-names']}"
        for person in cff["authors"]
    )
    which = f"Version {cff['version']}"
    if commit:
        which += f", commit {commit}"
    fields = {
        "title": f"{{{cff['title']}}}",
        "author": f"{{{people}}}" if " and " not in people else people,
        "year": day[:4],
        "url": url,
        "note": f"{which}, built on {day}",
    }
    lines = [f"  {name:<7} = {{{text}}}" for name, text in fields.items()]
    return "@misc{nclib,\n" + ",\n".join(lines) + "\n}"


class CiteDirective(SphinxDirective):
    def run(self):
        url = self.config.html_theme_options["repository_url"]
        day = format_date("%Y-%m-%d", language="en")
        return [
            nodes.literal_block("", text, language="bibtex")
            for text in (paper(), book(url, day, commit()))
        ]


def setup(app):
    app.add_directive("how-to-cite", CiteDirective)
    return {"version": "1", "parallel_read_safe": True}
