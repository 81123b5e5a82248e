"""The built book in a browser: `make test-browser`, after `make book`.

It needs Playwright for Python (`pip install -e .[browser]`) and Chromium,
Debian's or any other on the path, or at CHROMIUM.
"""

import functools
import http.server
import os
import re
import shutil
import sys
import threading

import pytest
from helpers import BOOK, ROOT

pytestmark = pytest.mark.browser
HTML = ROOT / "_build/html"
PAGES = [f"book/{path.name}" for path in sorted(HTML.glob("book/*.html"))]
DESKTOP, PHONE = (1440, 900), (390, 844)
# How wide the text, and so a figure, is on such a phone.
FIGURE_ON_PHONE = 342
OPENS_WITH_A_PICTURE = sorted(
    path.stem
    for pattern in ("theorem_*", "training_*", "phase_*", "intro", "setting")
    for path in BOOK.glob(f"{pattern}.md")
) + ["proof_tools", "your_data"]

# Formulas that reach over the edge of what shows them; folds are opened.
CUT = """() => {
  for (const fold of document.querySelectorAll("article details")) {
    fold.open = true;
  }
  for (const fold of document.querySelectorAll("article .toggle-hidden")) {
    fold.classList.remove("toggle-hidden");
  }
  const cut = (formula) => {
    const inner = formula.querySelector("svg").getBoundingClientRect();
    for (let at = formula; at.tagName !== "ARTICLE"; at = at.parentElement) {
      const outer = at.getBoundingClientRect();
      const clips = getComputedStyle(at).overflowX !== "visible";
      if (clips && (inner.right > outer.right + 1 ||
          inner.left < outer.left - 1)) return true;
    }
    return inner.right > document.documentElement.clientWidth;
  };
  return [...document.querySelectorAll("article mjx-container")]
    .filter((formula) => formula.querySelector("svg") &&
      formula.getBoundingClientRect().width && cut(formula))
    .map((formula) => [formula.closest("[id]").id, formula.textContent]);
}"""
PANS = """() => {
  const root = document.documentElement;
  return root.scrollWidth - root.clientWidth;
}"""
# What MathJax could not read, and numbers as only a terminal writes them.
RED = """() => [...document.querySelectorAll("article [data-mml-node=merror]")]
  .map((formula) => formula.closest("mjx-container").textContent)"""
RAW = r"""() => {
  const texts = document.createTreeWalker(
    document.querySelector("article"), NodeFilter.SHOW_TEXT
  );
  const raw = [];
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (/\d[eE][-+]?\d/.test(data) && !parentElement.closest(
      "pre, code, script, style, dt.sig, mjx-container")) raw.push(data);
  }
  return raw;
}"""
REPEATED = """() => {
  const ids = [...document.querySelectorAll("[id]")]
    .filter((element) => !element.closest("svg")).map(({ id }) => id);
  return ids.filter((id, at) => ids.indexOf(id) !== at);
}"""
NAMELESS = """() => {
  const name = (element) =>
    element.getAttribute("aria-label") ?? element.textContent.trim();
  const folds = [...document.querySelectorAll(
    "article :is(summary, .toggle-button, button)")].map(name);
  return folds.filter((one, at) => !one || folds.indexOf(one) !== at);
}"""
SHOWN = """() => [...document.querySelectorAll(".only-light, .only-dark")]
  .filter((image) => image.checkVisibility())
  .map((image) => image.classList.contains("only-dark") ? "dark" : "light")
"""
HIDDEN_CAPTIONS = """() =>
  [...document.querySelectorAll("article figure[id] figcaption")]
    .filter((caption) => !caption.closest("details, .toggle-hidden") &&
      !caption.checkVisibility())
    .map((caption) => caption.parentElement.id)
"""
RAW_FORMULAS = """() => [...document.querySelectorAll("article .math")]
  .filter((formula) => !formula.querySelector("mjx-container"))
  .map((formula) => formula.textContent)
"""
# Where the first picture begins and ends, and the folds of code above it.
FIRST_PICTURE = """async () => {
  const figure = document.querySelector("article figure");
  const picture = [...figure.querySelectorAll("img, .nclib-stage")]
    .find((one) => one.checkVisibility());
  picture.loading = "eager";
  await picture.decode?.();
  const { top, bottom } = picture.getBoundingClientRect();
  const folds = [...document.querySelectorAll("article summary")]
    .filter((fold) => fold.getBoundingClientRect().top < top);
  return [top + scrollY, bottom + scrollY, folds.length];
}"""


@pytest.fixture(scope="module")
def chromium():
    api = pytest.importorskip(
        "playwright.sync_api", reason="NOT RUN: Playwright is not installed"
    )
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    if path is None:
        pytest.skip("NOT RUN: there is no Chromium")
    if not PAGES:
        pytest.skip("NOT RUN: there is no book in _build/html")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(HTML))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def visit(chromium, address):
    """Open pages; afterwards nothing was wrong, and nothing left the book."""
    wrong, contexts = [], []

    def opened(name, size=DESKTOP, mode="light", scripts=True):
        width, height = size
        context = chromium.new_context(
            viewport=dict(width=width, height=height),
            color_scheme=mode,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text) if said.type == "error" else None
            ),
        )
        page.on(
            "request",
            lambda asked: (
                wrong.append(asked.url)
                if not asked.url.startswith((address, "data:", "blob:"))
                else None
            ),
        )
        page.goto(address + name, wait_until="networkidle")
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def test_printed_pages_are_joined_and_linked(tmp_path):
    pypdf = pytest.importorskip("pypdf", reason="NOT RUN: no pypdf")
    sys.path.insert(0, str(BOOK))
    import print_pdf

    one, two = (tmp_path / f"{name}.html" for name in ("one", "two"))
    head = "<!doctype html><title>{} &#8212; A book</title>"
    one.write_text(head.format("First") + '<a href="two.html#x">two</a>')
    # Scripts have run before a page is printed.
    two.write_text(
        head.format("Second") + "<p id=x></p><script>setTimeout(() =>"
        "document.getElementById('x').append('typeset'), 3000)</script>"
    )
    chromium = print_pdf.found_chromium()
    if chromium is None:
        pytest.skip("NOT RUN: there is no Chromium")
    pages = [one, two]
    parts = [print_pdf.printed(chromium, page, tmp_path) for page in pages]
    print_pdf.joined(pages, parts).write(tmp_path / "both.pdf")
    book = pypdf.PdfReader(tmp_path / "both.pdf")
    assert [entry.title for entry in book.outline] == ["First", "Second"]
    assert "typeset" in book.pages[1].extract_text()
    (link,) = book.pages[0]["/Annots"]
    there = link.get_object()["/Dest"][0]
    assert there.get_object() == book.pages[1]


def settle(page):
    page.evaluate("async () => { await window.MathJax?.startup?.promise; }")


@pytest.mark.parametrize("name", PAGES or ["no book"])
def test_figures_are_light_and_read_on_a_phone(chromium, name):
    text = (HTML / name).read_text("utf-8")
    for figure in re.findall(r'src="[./]*(_images/[^"]*\.svg)"', text):
        svg = (HTML / figure).read_text("utf-8")
        assert len(svg) < 150_000, figure
        width = float(re.search(r'width="([\d.]+)pt"', svg)[1])
        # Letters are outlines of size 100, scaled; indices are smaller still.
        sizes = re.findall(r"scale\(([\d.]+) -\1\)", svg)
        smallest = 100 * min(map(float, sizes))
        assert smallest * FIGURE_ON_PHONE / width >= 9, figure


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES or ["no book"])
def test_page(visit, name, mode):
    page = visit(name, DESKTOP, mode)
    assert page.evaluate(PANS) <= 0
    assert not page.evaluate(REPEATED)
    assert not page.evaluate(NAMELESS)
    assert not page.evaluate(RED)
    assert not page.evaluate(RAW)
    assert set(page.evaluate(SHOWN)) <= {mode}
    assert not page.evaluate(HIDDEN_CAPTIONS)
    assert not page.evaluate(RAW_FORMULAS)
    page.set_viewport_size(dict(width=PHONE[0], height=PHONE[1]))
    assert page.evaluate(PANS) <= 0
    assert not page.evaluate(CUT)


@pytest.mark.parametrize("name", OPENS_WITH_A_PICTURE)
def test_the_first_picture_is_on_the_first_screen(visit, name):
    page = visit(f"book/{name}.html")
    for (width, height), lowest, screens in (
        (DESKTOP, 600, 1),
        (PHONE, 720, 1.2),
    ):
        page.set_viewport_size(dict(width=width, height=height))
        top, bottom, folds = page.evaluate(FIRST_PICTURE)
        assert top <= lowest
        seen = min(bottom, height * screens) - top
        assert seen >= min(0.5 * (bottom - top), 0.3 * height)
        assert folds == 0


def test_a_word_is_explained_where_it_is_used(visit):
    page = visit("book/theorem_2.html", PHONE)
    link = page.locator("article a[href='symbols.html#term-floor']").first
    for act in (link.hover, link.focus):
        act()
        page.wait_for_selector(".tippy-box")
        assert "No ReLU network" in page.locator(".tippy-box").inner_text()
        page.keyboard.press("Escape")
        page.wait_for_selector(".tippy-box", state="detached")
        page.mouse.move(1, 1)
    link.click()
    page.wait_for_url("**/symbols.html#term-floor")


@pytest.mark.parametrize(
    ("query", "anchor"),
    [
        ("(2.28)", "equation-eq-2-28"),
        ("thm 4", "thm-4"),
        ("lemma 9", "lem-9"),
        ("fig 3", "fig-3"),
        ("erratum 7", "erratum-7"),
        ("fig-1-designs", "claim-fig-1-designs"),
    ],
)
def test_search_leads_to_a_number(visit, query, anchor):
    page = visit("book/intro.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(query)
    page.wait_for_selector("#pst-search-dialog .nclib-jump a")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**#{anchor}")
    top = f"document.getElementById({anchor!r}).getBoundingClientRect().top"
    page.wait_for_function(f"{top} > 0 && {top} < innerHeight")


def test_words_are_searched_as_ever(visit):
    page = visit("book/intro.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("Gordon")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=Gordon")
    page.wait_for_selector("#search-results li p.context")
    found = page.locator("#search-results").inner_text()
    assert "import" not in found


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("[href='#thm-5']", "Theorem 5"),
        ("[href^='bibliography.html#']", "Journal of Machine Learning"),
        ("[href='errata.html#erratum-64']", "Printed"),
        ("[href='ledger.html#claim-erratum-19']", "refuted"),
    ],
)
def test_escape_closes_a_preview(visit, link, text):
    page = visit("book/theorem_5.html")
    page.locator(f"article a{link}").first.focus()
    assert text in page.wait_for_selector(".tippy-box").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector(".tippy-box", state="detached")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_focus_is_seen_on_header_buttons(visit, mode):
    page = visit("book/theorem_4.html", DESKTOP, mode)
    buttons = page.locator(
        ".bd-header-article :is(button, a.btn):not(.dropdown-item)"
    )
    seen = 0
    for button in buttons.all():
        if not button.is_visible():
            continue
        # By keyboard: a click alone shows no ring.
        page.keyboard.press("Tab")
        button.focus()
        style = button.evaluate(
            "e => { const s = getComputedStyle(e);"
            " return [s.outlineStyle, parseFloat(s.outlineWidth)]; }"
        )
        assert style[0] == "solid" and style[1] >= 2
        seen += 1
    assert seen >= 5


def test_a_filtered_ledger_shows_the_row_that_is_linked_to(visit):
    page = visit("book/ledger.html?kind=erratum#claim-thm-4")
    assert page.locator("#claim-thm-4").is_visible()
    assert page.locator("#claim-thm-4 .headerlink").is_visible()
    page.get_by_role("button", name="identity").click()
    assert page.url.endswith("?strength=identity#claim-thm-4")


@pytest.mark.parametrize("name", ["lambda", "λ"])
def test_a_formula_is_found_by_name_and_by_sign(visit, name):
    page = visit("book/ledger.html")
    page.get_by_label("Search the claims").fill(name)
    assert page.locator("#claim-erratum-35").is_visible()
    assert not page.locator("#claim-thm-3a").is_visible()


def test_rows_of_the_ledger_are_cards_on_a_phone(visit):
    page = visit("book/ledger.html", PHONE)
    row = page.locator("#claim-thm-4")
    assert row.bounding_box()["width"] <= PHONE[0]
    tops = [cell.bounding_box()["y"] for cell in row.locator("td").all()]
    assert tops == sorted(tops) and len(set(tops)) == 4


@pytest.mark.parametrize(
    ("name", "figure", "control", "keys", "before", "after"),
    [
        ("intro", "fig-collapse", "range", "End", "Step 0", "has collapsed"),
        (
            "theorem_3",
            "fig-plane",
            "radio",
            "ArrowRight",
            "The blue class cannot",
            "The orange class cannot",
        ),
        ("phase_boundary", "fig-bounds", "range", "Home", "71", "99.9"),
        ("theorem_2", "fig-gap", "range", "End", "predictions", "spread"),
        (
            "training_two_layer",
            "fig-clock",
            "radio",
            "ArrowRight",
            "look converged",
            "keep falling",
        ),
        (
            "training_two_layer",
            "fig-missing",
            "range",
            "End",
            "predictions",
            "It still falls",
        ),
        ("theorem_7", "fig-bound-crossing", "range", "End", "11", "16"),
        ("theorem_8", "fig-silence", "range", "End", "29", "50"),
    ],
)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_figure_moves_by_keyboard(
    visit, size, name, figure, control, keys, before, after
):
    page = visit(f"book/{name}.html", size)
    stage = page.locator(f"#{figure} .nclib-stage")
    says = stage.locator("[role=status]")
    assert before in says.inner_text()
    stage.locator(f"input[type={control}]").first.focus()
    page.keyboard.press(keys)
    assert after in says.inner_text()


def test_without_scripts_the_still_picture_is_shown(visit):
    page = visit("book/theorem_8.html", scripts=False)
    figure = page.locator("#fig-silence")
    assert figure.locator("img").first.is_visible()
    assert figure.locator(".nclib-stage").count() == 0
    page = visit("book/theorem_8.html")
    figure = page.locator("#fig-silence")
    assert not any(image.is_visible() for image in figure.locator("img").all())
