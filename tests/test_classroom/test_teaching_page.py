"""The teaching page says what the program does."""

import re

from helpers import BOOK, ROOT

from classroom import executor, sandbox
from classroom.grading import COLUMNS, Limits

PAGE = " ".join((BOOK / "teaching.md").read_text().split())


def test_limits_on_the_page_are_those_of_the_code():
    assert f"stopped after {Limits.cell} seconds" in PAGE
    assert f"the notebook after {Limits.notebook};" in PAGE
    assert f"fails at {Limits.memory:g} GiB" in PAGE
    assert f"the first {executor.KEPT // 1000} kB are kept" in PAGE
    assert f"stops at {sandbox.FILE_MIB} MB" in PAGE


def test_commands_on_the_page_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([\w-]+)", PAGE)):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for name in ("status", "note", "to_read"):
        assert f"`{name}`" in PAGE and name in COLUMNS
