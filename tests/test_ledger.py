"""Every claim of the book runs here, and a false one fails."""

import dataclasses

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
