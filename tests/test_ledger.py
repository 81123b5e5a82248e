"""Every claim of the book runs here, and a false one fails."""

import dataclasses
import json
import re

import pytest
import yaml
from helpers import BOOK, ROOT, needs_node, operate, parse

from nclib import claims as package
from nclib import ledger


@pytest.mark.parametrize("id", list(ledger.claims()))
def test_claim(id):
    outcome = ledger.run(id, scale="quick")
    assert outcome.holds, outcome.measured
    # A sentence with the numbers, not a verdict.
    assert re.search(r"\d", outcome.measured)


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


def rows(*ids):
    """The rows of the HTML table of claims."""
    page = parse(ledger.check(*ids, scale="quick")._repr_html_())
    return [row for body in page.all("tbody") for row in body.all("tr")]


def test_table_says_what_the_claim_says():
    claims = ledger.claims()
    for row, id in zip(
        rows("def-1", "erratum-49"), ("def-1", "erratum-49"), strict=True
    ):
        claim = claims[id]
        assert row.attributes == {
            "id": f"claim-{id}",
            "data-strength": claim.strength,
            "data-kind": claim.kind,
        }
        number, statement, verdict, measured = row.all("td")
        # Read back from HTML: "D >= K" was escaped.
        assert number.text == claim.number + id
        assert statement.text == f"{claim.statement}Needs: {claim.hypotheses}"
        assert verdict.text == f"holds{claim.strength}"
        assert measured.text == ledger.run(id).measured
        links = [a.attributes["href"] for a in row.all("a")]
        own = [f"errata.html#{id}"] if claim.kind == "erratum" else []
        assert links == [f"{claim.page}.html", *own]
        for link in links:
            assert (BOOK / link.split(".html")[0]).with_suffix(".md").exists()


@needs_node
def test_filter_shows_what_was_asked_for():
    claims = ledger.claims()
    outcomes = [
        ledger.Outcome(id, True, f"0 < {i}", 0.0, "quick")
        for i, id in enumerate(claims)
    ]
    shown, short = operate(
        "ledger.js",
        f"<main>{ledger.Table(outcomes)._repr_html_()}</main>"
        f"<main>{ledger.Table(outcomes[:3])._repr_html_()}</main>",
        """
        const [long, short] = document.querySelectorAll("main");
        const rows = long.querySelectorAll("table.nclib-ledger")[0]
          .tBodies[0].rows;
        const search = long.querySelector("input");
        const found = {};
        const look = (name) => {
          found[name] = [
            rows.filter((row) => !row.hidden).map((row) =>
              row.getAttribute("id").slice("claim-".length)),
            long.querySelector("p").textContent,
            long.querySelectorAll("button").filter((b) =>
              b.getAttribute("aria-pressed") === "true").map((b) =>
              b.textContent),
          ];
        };
        const press = (label) => long.querySelectorAll("button").find(
          (button) => button.textContent === label).dispatch("click");
        look("all");
        press("erratum");
        look("errata");
        press("identity");
        look("errata, identity");
        search.value = "LEMMA  10";
        search.dispatch("input");
        look("on Lemma 10");
        press("any kind");
        press("any strength");
        search.value = "";
        search.dispatch("input");
        look("all again");
        return [found, short.querySelectorAll("button").length];
        """,
    )
    errata = [c for c in claims.values() if c.kind == "erratum"]
    identities = [c for c in errata if c.strength == "identity"]
    on_lemma = [
        c
        for c in identities
        if "10" in f"{c.number}{c.id}{c.statement}{c.hypotheses}"
        and "lemma" in f"{c.number}{c.statement}{c.hypotheses}".lower()
    ]
    everything, none = list(claims.values()), ["any strength", "any kind"]
    wanted = {
        "all": (everything, none),
        "errata": (errata, ["any strength", "erratum"]),
        "errata, identity": (identities, ["identity", "erratum"]),
        "on Lemma 10": (on_lemma, ["identity", "erratum"]),
        "all again": (everything, none),
    }
    for name, (chosen, pressed) in wanted.items():
        assert shown[name] == [
            [c.id for c in chosen],
            f"{len(chosen)} of {len(claims)} claims",
            pressed,
        ], name
    assert 0 < len(on_lemma) < len(identities) < len(errata) < len(claims)
    # A short table needs no filter.
    assert short == 0


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


def test_the_scripts_are_those_of_the_book():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    listed = config["sphinx"]["config"]["html_js_files"]
    scripts = [path.name for path in (BOOK / "_static").glob("*.js")]
    assert sorted(listed) == sorted(scripts)


def test_every_serious_erratum_has_a_check():
    text = (BOOK / "errata.md").read_text(encoding="utf-8")
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
