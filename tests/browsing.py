"""The built book on a local server, and Chromium to look at it."""

import functools
import http.server
import os
import shutil
import threading
from contextlib import contextmanager

DESKTOP, PHONE = (1440, 900), (390, 844)

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
# MathJax writes a formula for the eye and once more for screen readers.
# That is its own affair, and by far the most of a page.
_AXE = """async (contrast) => {
  const found = await axe.run(
    { exclude: [["mjx-container"]] },
    {
      resultTypes: ["violations"],
      preload: false,
      rules: { "color-contrast": { enabled: contrast } },
    }
  );
  return found.violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) =>
      [impact, id, String(target), failureSummary]));
}"""


# The sidebars slide, and what observes sizes answers a frame later.
_AT_REST = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let i = 0; i < 2; i += 1) {
    await frame();
    await frame();
    await Promise.allSettled(document.getAnimations().map((a) => a.finished));
  }
  await frame();
  await frame();
}"""


def chromium_path():
    """CHROMIUM, or the first that is installed, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = filter(None, map(shutil.which, names))
    return os.environ.get("CHROMIUM") or next(found, None)


@contextmanager
def launched(path):
    """Chromium by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@contextmanager
def served(folder):
    """The address at which a folder is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def settle(page):
    """Wait until every formula is set."""
    page.evaluate("async () => { await window.MathJax?.startup?.promise; }")


def resize(page, size):
    """Another viewport, and what the page makes of it."""
    width, height = size
    page.set_viewport_size(dict(width=width, height=height))
    page.evaluate(_AT_REST)


def axe(page, contrast=True):
    """(impact, rule, element, why) of everything that axe finds on a page.

    Contrast is most of its time, and the same at every size.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(_AXE, contrast)
