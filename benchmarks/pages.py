"""What a reader's browser does with every page of the built book.

    python benchmarks/pages.py [HTML]     # _build/html unless given

It needs `pip install -e .[browser]` and Chromium. The columns are

    kB       all that the first visit loads, not compressed
    math     ms from the request until every formula is set
    cut 360  formulas that a phone of 360 px shows cut off, and 390 px
    axe      findings of axe, critical and serious, then the others: the sum
             over desktop and phone, light and dark, with all folds open
    picture  top of the first picture in screens, on desktop and phone

Everything but the time is the same on every machine.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browsing import (  # noqa: E402
    CUT,
    DESKTOP,
    PHONE,
    axe,
    chromium_path,
    launched,
    resize,
    served,
)

LOADED = """() => ["navigation", "resource"]
  .flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)"""
TYPESET = """async () => {
  if (!window.MathJax?.startup) return null;
  await MathJax.startup.promise;
  return performance.now();
}"""
PICTURE = """() => {
  const first = [...document.querySelectorAll("article :is(figure, img)")]
    .find((picture) => picture.checkVisibility());
  if (!first) return null;
  const top = first.getBoundingClientRect().top + scrollY;
  return top / innerHeight;
}"""


def measure(browser, address):
    """One page, as the row of the table."""
    found, row = Counter(), {}
    for mode in ("light", "dark"):
        context = browser.new_context(color_scheme=mode)
        page = context.new_page()
        resize(page, DESKTOP)
        page.goto(address)
        typeset = page.evaluate(TYPESET)
        if mode == "light":
            page.wait_for_load_state("networkidle")
            row["kB"] = page.evaluate(LOADED) / 1000
            row["math"] = typeset
            tops = [page.evaluate(PICTURE)]
            resize(page, PHONE)
            tops.append(page.evaluate(PICTURE))
            row["picture"] = tops
            for width in (360, 390):
                resize(page, (width, PHONE[1]))
                row[width] = len(page.evaluate(CUT))
        page.evaluate(CUT)
        for size in (DESKTOP, PHONE):
            resize(page, size)
            found.update(impact for impact, *_ in axe(page))
        context.close()
    grave = found.pop("critical", 0) + found.pop("serious", 0)
    row["axe"] = f"{grave} / {found.total()}"
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "html", type=Path, nargs="?", default=ROOT / "_build/html"
    )
    html = parser.parse_args().html
    pages = [f"book/{path.name}" for path in sorted(html.glob("book/*.html"))]
    print("| page | kB | math, ms | cut 360 | cut 390 | axe | picture |")
    print("|---|---|---|---|---|---|---|")
    with served(html) as address, launched(chromium_path()) as browser:
        for name in pages:
            row = measure(browser, address + name)
            math = f"{row['math']:.0f}" if row["math"] else ""
            picture = ", ".join(
                "" if top is None else f"{top:.2f}" for top in row["picture"]
            )
            print(
                f"| {Path(name).stem} | {row['kB']:.0f} | {math} "
                f"| {row[360]} | {row[390]} | {row['axe']} | {picture} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
