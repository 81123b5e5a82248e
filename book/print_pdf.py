"""Print the built book into one PDF: `make pdf`, after `make book`.

Chromium prints every page as a reader's browser would, solutions and reasons
of the quizzes open; pypdf joins them in the order of the contents. Chromium is
found on the path, or at CHROMIUM.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"


def contents():
    """The pages of the book, in order."""
    table = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [part["chapters"] for part in table["parts"]]
    names = [table["root"]] + [c["file"] for part in parts for c in part]
    return [HTML / f"{name}.html" for name in names]


def title(page):
    text = page.read_text(encoding="utf-8")
    found = re.search("<title>(.*?)</title>", text, re.S)
    return unescape(found[1]).split(" — ")[0].strip()


def printed(chromium, page, folder):
    """The PDF of one page."""
    path = Path(folder, f"{page.stem}.pdf")
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        f"--user-data-dir={folder}/{page.stem}",
        # Scripts take no time of this kind: all formulas are set.
        "--virtual-time-budget=60000",
        "--no-pdf-header-footer",
        f"--print-to-pdf={path}",
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return path


def joined(pages, parts):
    """One document, in which links from page to page lead to its pages."""
    writer, first = PdfWriter(), {}
    for page, part in zip(pages, parts, strict=True):
        first[page] = len(writer.pages)
        writer.append(PdfReader(part), outline_item=title(page))
    for sheet in writer.pages:
        for link in sheet.get("/Annots", ()):
            link = link.get_object()
            target = urlsplit(link.get("/A", {}).get("/URI", ""))
            if target.scheme != "file":
                continue
            page = Path(unquote(target.path))
            del link["/A"]
            if page in first:
                there = writer.pages[first[page]].indirect_reference
                link[NameObject("/Dest")] = ArrayObject(
                    [there, NameObject("/Fit")]
                )
    return writer


def found_chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )


def main(out):
    chromium = found_chromium()
    if chromium is None:
        sys.exit("there is no Chromium on the path, nor at CHROMIUM")
    pages = contents()
    if not pages[0].exists():
        sys.exit("there is no book in _build/html: make book")
    with tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = pool.map(lambda p: printed(chromium, p, folder), pages)
            writer = joined(pages, parts)
        writer.write(out)
    print(f"{out}: {len(writer.pages)} pages")


if __name__ == "__main__":
    main(ROOT / "_build/book.pdf")
