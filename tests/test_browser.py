"""The built book in a browser: `make test-browser`, after `make book`.

It needs Playwright for Python and axe (`pip install -e .[browser]`), and
Chromium, Debian's or any other on the path, or at CHROMIUM.
"""

import re

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
from helpers import ROOT

import nclib

pytestmark = pytest.mark.browser
HTML = ROOT / "_build/html"
PAGES = [f"book/{path.name}" for path in sorted(HTML.glob("book/*.html"))]
LIVE = [n for n in PAGES if 'class="nclib-live"' in (HTML / n).read_text()]

PANS = """() => {
  const root = document.documentElement;
  return root.scrollWidth - root.clientWidth;
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


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES or ["no book"])
def test_page(visit, name, mode):
    page = visit(name, DESKTOP, mode)
    assert page.evaluate(PANS) <= 0
    assert not page.evaluate(REPEATED)
    assert not page.evaluate(NAMELESS)
    assert set(page.evaluate(SHOWN)) <= {mode}
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


def test_escape_closes_a_preview(visit):
    page = visit("book/theorem_4.html")
    link = page.locator("article a[href='#thm-4']").first
    link.focus()
    page.wait_for_selector(".tippy-box")
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


def test_rows_of_the_ledger_are_cards_on_a_phone(visit):
    page = visit("book/ledger.html", PHONE)
    row = page.locator("#claim-thm-4")
    assert row.bounding_box()["width"] <= PHONE[0]
    tops = [cell.bounding_box()["y"] for cell in row.locator("td").all()]
    assert tops == sorted(tops) and len(set(tops)) == 4


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
            said, box = spoken(slider), slider.bounding_box()
            assert box["height"] >= 20
            for share in (0.75, 0.25):
                page.touchscreen.tap(
                    box["x"] + share * box["width"],
                    box["y"] + box["height"] / 2,
                )
                found = spoken(slider)
                assert found != said
                said = found
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
