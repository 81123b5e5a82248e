"""What several tests share and no oracle is: files, pages, scripts, risks."""

import json
import re
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
PAGES = sorted(BOOK.glob("*.md"))
needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)
_EMPTY = {"br", "hr", "img", "input", "link", "meta"}


def directives(text, name):
    """(argument, options and body) of every directive of that name."""
    pattern = rf"^(`{{3,}}|:{{3,}})\{{{name}\}}([^\n]*)\n(.*?)^\1\s*$"
    return [
        (argument.strip(), body)
        for _, argument, body in re.findall(pattern, text, re.M | re.S)
    ]


@dataclass
class Element:
    """An element of a parsed HTML page; its children may be texts."""

    tag: str
    attributes: dict
    children: list

    def all(self, tag=None):
        """The elements of that tag, or all, inside this one, in order."""
        for child in self.children:
            if isinstance(child, Element):
                if tag in (None, child.tag):
                    yield child
                yield from child.all(tag)

    @property
    def text(self):
        """All text inside, as a reader sees it."""
        return "".join(
            child.text if isinstance(child, Element) else child
            for child in self.children
        )


class _Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = [Element("page", {}, [])]

    def handle_starttag(self, tag, attributes):
        element = Element(tag, dict(attributes), [])
        self.open[-1].children.append(element)
        if tag not in _EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag in [element.tag for element in self.open]:
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(text):
    """The `Element` tree of an HTML text."""
    parser = _Parser()
    parser.feed(text)
    return parser.open[0]


def operate(
    scripts, text, action, calm=False, address="page.html", table=None
):
    """Load an HTML text with some of the book's scripts, and act on it.

    ``scripts`` are names, with spaces between them, and ``action`` is the
    body of a JavaScript function of ``document`` and ``window``; what it
    returns comes back through JSON. A reader who is ``calm`` asked for less
    motion. ``address`` is that of the page, ``table`` the numbers to jump to.
    """
    source = "\n".join(
        (BOOK / "_static" / script).read_text(encoding="utf-8")
        for script in scripts.split()
    )
    given = dict(
        page=asdict(parse(text)),
        script=source,
        action=action,
        calm=calm,
        address=address,
        table=table,
    )
    done = subprocess.run(
        ["node", Path(__file__).with_name("dom.js")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sphinx(folder, out, *options):
    """Build a folder as HTML in a process of its own; the exit status.

    What one build registers with docutils another one may not know.
    """
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *options]
    return subprocess.run([*command, folder, out]).returncode


def peak_memory(function, *arguments):
    """The result of a call, and the bytes it held at most."""
    tracemalloc.start()
    try:
        result = function(*arguments)
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def interrupt(patch, owner, name, call=1):
    """Let one call of a method, counted from 1, end in Ctrl-C."""
    method, calls = getattr(owner, name), []

    def interrupting(*arguments):
        calls.append(None)
        if len(calls) == call:
            raise KeyboardInterrupt
        return method(*arguments)

    patch.setattr(owner, name, interrupting)


def highs_answer(X_in, X_out):
    """Whether (2.12) has a solution, by HiGHS; None if it cannot tell."""
    result = linprog(
        np.zeros(X_in.shape[1]),
        A_ub=X_out,
        b_ub=np.zeros(len(X_out)),
        A_eq=X_in,
        b_eq=np.ones(len(X_in)),
        bounds=(None, None),
        method="highs",
    )
    return {0: True, 2: False}.get(result.status)


def risk_and_slopes(H, W, Y, lambda_W, lambda_H, loss):
    """(2.6) or (2.7) at one-hot labels Y, its slopes in H and in W."""
    Z, N = H @ W, len(Y)
    if loss == "ce":
        shifted = Z - Z.max(axis=1, keepdims=True)
        P = np.exp(shifted)
        total = P.sum(axis=1, keepdims=True)
        value = (np.log(total[:, 0]) - (shifted * Y).sum(axis=1)).mean()
        G = (P / total - Y) / N
    else:
        value, G = ((Z - Y) ** 2).sum() / (2 * N), (Z - Y) / N
    value += lambda_W / 2 * (W**2).sum() + lambda_H / 2 * (H**2).sum()
    return value, G @ W.T + lambda_H * H, H.T @ G + lambda_W * W
