"""The built book in a browser: `make test-browser`, after `make book`.

It needs Playwright for Python and axe (`pip install -e .[browser]`), and
Chromium, Debian's or any other on the path, or at CHROMIUM.
"""

import re
import sys

import numpy as np
import pytest
from browsing import (
    CUT,
    DESKTOP,
    PHONE,
    axe,
    chromium_path,
    launched,
    resize,
    served,
    settle,
)
from helpers import BOOK, ROOT

import nclib

pytestmark = pytest.mark.browser
HTML = ROOT / "_build/html"
PAGES = [f"book/{path.name}" for path in sorted(HTML.glob("book/*.html"))]
LIVE = [n for n in PAGES if 'class="nclib-live"' in (HTML / n).read_text()]
# How wide the text, and so a figure, is on such a phone.
FIGURE_ON_PHONE = 342
OPENS_WITH_A_PICTURE = sorted(
    path.stem
    for pattern in ("theorem_*", "training_*", "phase_*", "intro", "setting")
    for path in BOOK.glob(f"{pattern}.md")
) + ["proof_tools", "your_data"]

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
    if (/\d[eE][-+]?\d/.test(data) && !data.startsWith("http") &&
      !parentElement.closest(
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
    for module in ("playwright", "axe_playwright_python"):
        pytest.importorskip(module, reason=f"NOT RUN: no {module}")
    path = chromium_path()
    if path is None:
        pytest.skip("NOT RUN: there is no Chromium")
    if not PAGES:
        pytest.skip("NOT RUN: there is no book in _build/html")
    with launched(path) as browser:
        yield browser


@pytest.fixture(scope="module")
def address():
    with served(HTML) as found:
        yield found


@pytest.fixture
def visit(chromium, address):
    """Open pages; afterwards nothing was wrong, and nothing left the book."""
    wrong, contexts = [], []

    def opened(name, size=DESKTOP, mode="light", **options):
        width, height = size
        context = chromium.new_context(
            viewport=dict(width=width, height=height),
            color_scheme=mode,
            **options,
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
        if options.get("java_script_enabled", True):
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
    for width in (360, 390):
        resize(page, (width, PHONE[1]))
        assert page.evaluate(PANS) <= 0
        assert not page.evaluate(CUT)
    # The folds are open by now.
    assert not grave(axe(page, contrast=False))
    resize(page, DESKTOP)
    assert not grave(axe(page))


def grave(found):
    return [one for one in found if one[0] in ("serious", "critical")]


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
def test_a_figure_moves_by_keyboard(
    visit, name, figure, control, keys, before, after
):
    page = visit(f"book/{name}.html")
    stage = page.locator(f"#{figure} .nclib-stage")
    says = stage.locator("[role=status]")
    assert before in says.inner_text()
    stage.locator(f"input[type={control}]").first.focus()
    page.keyboard.press(keys)
    assert after in says.inner_text()


@pytest.mark.parametrize("name", LIVE or ["no book"])
def test_live_figures_obey_the_keys_and_only_them(visit, name):
    page = visit(name)
    stages = page.locator(".nclib-stage")
    assert stages.count()
    for stage in stages.all():
        for slider in stage.locator("input[type=range]").all():
            seen, said = stage.inner_html(), spoken(slider)
            slider.focus()
            at_end = slider.evaluate("e => e.value === e.max")
            page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
            assert spoken(slider) != said and stage.inner_html() != seen
        for button in stage.locator("button:visible").all():
            seen = stage.inner_html()
            button.focus()
            page.keyboard.press("Enter")
            page.wait_for_timeout(200)
            assert stage.inner_html() != seen, button.inner_text()


def spoken(slider):
    return slider.get_attribute("aria-valuetext")


@pytest.mark.parametrize("name", LIVE or ["no book"])
def test_live_figures_obey_fingers(visit, name):
    page = visit(name, PHONE, has_touch=True, is_mobile=True)
    for stage in page.locator(".nclib-stage").all():
        for slider in stage.locator("input[type=range]").all():
            slider.scroll_into_view_if_needed()
            box = slider.bounding_box()
            assert box["height"] >= 20
            said = []
            for share in (0.9, 0.5, 0.1):
                page.touchscreen.tap(
                    box["x"] + share * box["width"],
                    box["y"] + box["height"] / 2,
                )
                said.append(spoken(slider))
            assert len(set(said)) == 3
        for button in stage.locator("button:visible").all():
            seen = stage.inner_html()
            button.tap()
            page.wait_for_timeout(200)
            assert stage.inner_html() != seen, button.inner_text()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
@pytest.mark.parametrize("name", LIVE or ["no book"])
def test_nothing_moves_unasked(visit, name, motion):
    page = visit(name, reduced_motion=motion)
    for stage in page.locator(".nclib-stage").all():
        stage.scroll_into_view_if_needed()
        seen = stage.inner_html()
        page.wait_for_timeout(300)
        assert stage.inner_html() == seen


def test_a_reader_who_wants_calm_sees_the_end_at_once(visit):
    page = visit("book/intro.html", reduced_motion="reduce")
    stage = page.locator("#fig-collapse .nclib-stage")
    stage.get_by_role("button", name="Show the end").click()
    seen = stage.inner_html()
    page.wait_for_timeout(300)
    assert stage.inner_html() == seen
    slider = stage.locator("input[type=range]").first
    assert slider.input_value() == slider.get_attribute("max")


@pytest.mark.parametrize("name", LIVE or ["no book"])
def test_without_javascript_the_still_picture_stays(visit, name):
    page = visit(name, java_script_enabled=False)
    figures = re.findall(
        r'class="nclib-live"[^>]*data-figure="([^"]+)"',
        (HTML / name).read_text(),
    )
    assert figures
    for id in figures:
        figure = page.locator(f"#{id}")
        assert figure.locator("img, svg").first.is_visible()
        assert figure.locator("figcaption").is_visible()
    assert not page.locator(".nclib-stage").count()


def test_the_knobs_show_what_nclib_computes(visit):
    page = visit("book/phase_boundary.html")
    stage = page.locator("#fig-bounds .nclib-stage")
    slider = stage.get_by_label("noise σ")
    for sigma in (0.3, 0.9, 1.7):
        slider.fill(str(sigma))
        # Two classes at 180 degrees, as the page sets it up.
        exact = nclib.phase_boundary(nclib.two_cluster_means(9, np.pi), sigma)
        shown = re.search(r"exact: d/n = ([\d.]+)", stage.inner_text())[1]
        assert float(shown) == pytest.approx(exact.delta, abs=6e-4)
