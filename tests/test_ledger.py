"""Every claim of the book runs here, and a false one fails."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from nclib import claims as package
from nclib import ledger


@pytest.mark.parametrize("id", list(ledger.claims()))
def test_claim(id):
    outcome = ledger.run(id, scale="quick")
    assert outcome.holds, outcome.measured
    assert len(outcome.measured) > 10


def test_every_claim_module_is_listed():
    assert sorted(package.ORDER) == ledger.modules()


def test_statistical_claims_rarely_cry_wolf():
    for claim in ledger.claims().values():
        if claim.strength == "statistical":
            assert 0 < claim.false_alarm < 1e-4, claim.id


def test_a_claim_made_false_fails_and_is_not_remembered(monkeypatch):
    found = ledger.claims()["thm-3b"]
    runs = []

    def negated(scale):
        runs.append(scale)
        holds, measured = found.check(scale)
        return not holds, measured

    monkeypatch.setitem(
        ledger._registry,
        "negated",
        dataclasses.replace(found, id="negated", check=negated),
    )
    for _ in range(2):
        with pytest.raises(AssertionError, match="FAILS  negated"):
            ledger.check("negated", scale="quick")
    assert len(runs) == 2


def test_a_claim_that_held_is_computed_once(monkeypatch):
    runs = []

    def counted(scale):
        runs.append(scale)
        return True, "counted once"

    monkeypatch.setitem(
        ledger._registry,
        "counted",
        dataclasses.replace(
            ledger.claims()["thm-3b"], id="counted", check=counted
        ),
    )
    assert ledger.run("counted").holds and ledger.run("counted").holds
    assert runs == ["quick"]


def test_table_escapes_and_links():
    table = ledger.check("def-1", scale="quick")
    page = table._repr_html_()
    assert 'href="setting.html"' in page and "D &gt;= K" in page
    assert "holds  def-1" in str(table)
    row = '<tr id="claim-def-1" data-strength="certified" data-kind="paper">'
    assert row in page and "errata.html" not in page
    page = ledger.check("erratum-49", scale="quick")._repr_html_()
    assert 'href="errata.html#erratum-49"' in page


def test_export_round_trip(tmp_path, monkeypatch):
    found = ledger.claims()["thm-3b"]
    monkeypatch.setitem(
        ledger._registry,
        "false",
        dataclasses.replace(
            found, id="false", check=lambda scale: (False, "1 > 2, naïvely")
        ),
    )
    path = tmp_path / "ledger.json"
    table = ledger.export(path, "def-1", "false", scale="quick")
    first, second = json.loads(path.read_text(encoding="utf-8"))
    assert [first["holds"], second["holds"]] == [True, False]
    assert second["measured"] == "1 > 2, naïvely"
    for row, outcome in zip((first, second), table.outcomes, strict=True):
        for name, value in dataclasses.asdict(outcome).items():
            assert row[name] == value
    known = ledger.claims()["def-1"]
    for name in ("statement", "hypotheses", "strength", "kind", "number"):
        assert first[name] == getattr(known, name)


def test_filter_knows_the_table():
    book = Path(__file__).resolve().parents[1]
    script = (book / "book/_static/ledger.js").read_text(encoding="utf-8")
    assert "table.nclib-ledger" in script and "row.dataset[name]" in script
    assert 'html_js_files: ["ledger.js"' in (book / "_config.yml").read_text()


def test_every_serious_erratum_has_a_check():
    book = Path(__file__).resolve().parents[1] / "book"
    text = (book / "errata.md").read_text(encoding="utf-8")
    groups = re.split(r"^## .*$", text, flags=re.M)[1:4]
    entries = re.findall(r"^\(erratum-(\d+)\)=$", "".join(groups), re.M)
    assert len(entries) == 24
    known = ledger.claims()
    for number in entries:
        assert f"erratum-{number}" in known
        assert f"{{glue:text}}`erratum-{number}`" in text
    for id in known:
        if id.startswith("erratum-"):
            assert f"({id})=" in text, id


def test_unknown_id_is_named():
    with pytest.raises(ValueError, match="^id must be one of"):
        ledger.run("thm-99")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (dict(strength="hopeful"), "strength"),
        (dict(strength="identity", kind="rumor"), "kind"),
        (dict(strength="statistical"), "false_alarm"),
        (dict(strength="identity", false_alarm=0.1), "false_alarm"),
    ],
)
def test_bad_claims_are_refused(options, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        ledger.claim("x", "none", "nothing", page="setting", **options)


def test_ids_are_unique():
    first = next(iter(ledger.claims()))
    with pytest.raises(ValueError, match="^id must be new"):
        ledger.claim(first, "1", "again", page="x", strength="identity")(None)


def test_every_numbered_statement_of_the_paper_is_a_claim():
    parts = {"2": "ab", "3": "abc", "4": " ", "5": "abc", "6": " "}
    parts |= {"7": "ab", "8": "ab"}
    expected = {"def-1", "prop-13", "thm-14"}
    expected |= {f"thm-{n}{p}".strip() for n, ps in parts.items() for p in ps}
    expected |= {f"lem-{n}" for n in (9, 10, 11, 12, 15)}
    expected |= {f"fig-{n}" for n in range(1, 7)}
    paper = {c.id for c in ledger.claims().values() if c.kind == "paper"}
    assert paper == expected and len(paper) == 28
