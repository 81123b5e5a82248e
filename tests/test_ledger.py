"""Every claim of the book runs here, and a false one fails."""

import ast
import dataclasses
import inspect
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from helpers import BOOK, ROOT, needs_node, operate, parse

import nclib
from nclib import ledger
from nclib.data import which_images
from nclib.ledger import evidence
from nclib.ledger.text import powers, readable


@pytest.mark.parametrize("id", list(ledger.claims()))
def test_claim(id):
    outcome = ledger.run(id, scale="quick")
    assert outcome.holds, outcome.measured
    # A sentence with the numbers, not a verdict.
    assert re.search(r"\d", outcome.measured)


def test_every_claim_module_is_listed():
    assert sorted(ledger.ORDER) == ledger.modules()


def test_statistical_claims_rarely_cry_wolf():
    for claim in ledger.claims().values():
        if claim.strength == "statistical":
            assert 0 < claim.false_alarm < 1e-4, claim.id


CERTIFIES = {
    "certify_minimum",
    "collapsed_network",
    "decide",
    "kkt_certificate",
    "minority_solution",
    "sigma_min_bound",
    "verify_farkas",
    "verify_primal",
}
DRAWS = {"default_rng", "run_phase", "SeedSequence"}
TRAINS = {"flow", "load", "minimise", "recompute", "run", "train"}


# Where checks keep their computations; other modules are taken as they are.
FOLLOWED = re.compile(
    r"nclib\.(cones|ledger|figures|designs|generalization|kernels|layer"
    r"|transition)\b"
)


def called(function, known=None):
    """Names of what a check calls, itself and through its helpers."""
    known = set() if known is None else known
    function = inspect.unwrap(function)
    tree = ast.parse(inspect.getsource(function)).body[0]
    for node in (n for part in tree.body for n in ast.walk(part)):
        if not isinstance(node, ast.Call):
            continue
        path = ast.unparse(node.func).split(".")
        inner = sys.modules[function.__module__]
        for name in path:
            inner = getattr(inner, name, None)
        inner = inspect.unwrap(inner) if callable(inner) else None
        if path[-1] in known:
            continue
        known.add(path[-1])
        if inspect.isfunction(inner) and FOLLOWED.match(inner.__module__):
            called(inner, known)
    return known


@pytest.mark.parametrize("claim", ledger.claims().values(), ids=lambda c: c.id)
def test_a_strength_says_what_the_check_does(claim):
    names = called(claim.check)
    witness = {
        "certified": CERTIFIES,
        "statistical": DRAWS | {"random_features"},
        "measured": TRAINS | {"descend", "rank_width"},
    }.get(claim.strength)
    if witness is not None:
        assert names & witness, names
    if claim.strength == "identity":
        # What is read from records or runs of training is no identity,
        # unless it is compared with a second computation to rounding.
        assert not names & {"load", "minimise", "flow", "recompute"}, names


def test_a_wrong_strength_would_be_seen():
    # The nine claims that once wore a label they had not earned.
    for id in ("fig-6", "fig-6-record", "erratum-16", "erratum-24"):
        assert not called(ledger.claims()[id].check) & CERTIFIES - {
            "collapsed_network"
        }, id
    for id in ("fig-4", "fig-5", "erratum-47", "schedule-stalls"):
        assert "load" in called(ledger.claims()[id].check), id


def test_a_claim_made_false_fails_and_is_not_remembered(monkeypatch):
    found = ledger.claims()["thm-3b"]
    runs = []

    def negated(scale):
        """The opposite of a theorem."""
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
        """Counted."""
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
        cells = list(row.all("td"))
        # What a card of a phone shows before each.
        assert [cell.attributes["data-label"] for cell in cells] == [
            "Claim",
            "Statement",
            "Verdict",
            "Measured",
        ]
        number, statement, verdict, measured = cells
        # Read back from HTML: "N < K" was escaped.
        status = ledger.STATUSES[claim.status]
        said = f"{claim.statement}Needs: {claim.hypotheses}"
        assert re.sub(r"\\[()]", "$", statement.text) == said
        assert [
            formula.text.replace("\\(", "$").replace("\\)", "$")
            for formula in statement.all("span")
        ] == re.findall(r"\$.*?\$[,.:;)]*", said)
        if claim.kind == "erratum":
            # The row of an erratum never says that the printed form holds.
            assert number.text == f"Erratum: {claim.number}{id} #"
            said = "printed: refutedcorrected: holds"
        else:
            assert number.text == f"{claim.number}{id} #"
            said = "holds"
        assert verdict.text == f"{said}{claim.strength}{status}"
        assert measured.text == readable(ledger.run(id).measured)
        story = f"{claim.page}.html"
        own = [f"errata.html#{id}"] if claim.kind == "erratum" else []
        links = [a.attributes["href"] for a in row.all("a")]
        assert links == [
            story if own else f"{story}#{id}",
            *own,
            f"#claim-{id}",
        ]


def test_claims_of_the_paper_link_to_their_statement():
    linked = 0
    for claim in ledger.claims().values():
        page, _, label = ledger._anchor(claim).partition(".html")
        text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
        if label:
            target = rf"^ *:?(label|name): {label[1:]}$"
            assert re.search(target, text, re.M), claim.id
            linked += 1
    assert linked >= 28


@pytest.mark.parametrize("claim", ledger.claims().values(), ids=lambda c: c.id)
def test_formulas_of_a_claim_are_tex(claim):
    for text in (claim.statement, claim.hypotheses):
        words, formulas = text.split("$")[::2], text.split("$")[1::2]
        assert len(words) == len(formulas) + 1
        # No mathematics without dollars, and no words for it within them.
        assert not re.search(
            r"[<>=^_*|\\]|\b(sqrt|lambda|sigma|delta|eps)\b|\d[eE]-?\d",
            "".join(words),
        )
        for formula in formulas:
            assert not re.search(
                r"<=|>=|\*|(?<!\\)\b(sqrt|lambda|sigma|log|exp)", formula
            ), formula
            bare = re.sub(r"\\[{}]", "", formula)
            depth = [
                bare[:end].count("{") - bare[:end].count("}")
                for end in range(len(bare) + 1)
            ]
            assert min(depth) == depth[-1] == 0, formula
            # A phone cuts longer ones.
            seen = re.sub(r"\\[a-zA-Z]+|[{}\\^_ ]", "", formula)
            assert len(seen) <= 40, formula


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8e-08", "8·10⁻⁸"),
        ("2.0e-03, 1e+05", "2.0·10⁻³, 10⁵"),
        ("-1e-15", "-10⁻¹⁵"),
        ("within 0e+00 of 3e+00.", "within 0 of 3."),
        ("erratum-2e, 0x1e5, e-3, 1e3s", "erratum-2e, 0x1e5, e-3, 1e3s"),
    ],
)
def test_powers_of_ten_are_written_out(written, read):
    assert powers(written) == read


def test_measured_numbers_read_like_mathematics():
    assert readable("S >= -1e-15, |SQ| <= 5e-16 |S||Q|, <B, V> = 0") == (
        "S ≥ −10⁻¹⁵, |SQ| ≤ 5·10⁻¹⁶ |S||Q|, ⟨B, V⟩ = 0"
    )
    assert readable("|delta* - 2| at sigma = 0.5 +- 0.1, Sigma^(-1), D_2") == (
        "|δ* − 2| at σ = 0.5 ± 0.1, Σ⁻¹, D₂"
    )
    # Words, ranges and what merely compares stay.
    for text in ("nc2_weights, L-BFGS, least-norm", "s < 1, d > 2", "x_i"):
        assert readable(text) == text


@needs_node
def test_filter_shows_what_was_asked_for():
    claims = ledger.claims()
    outcomes = [
        ledger.Outcome(id, True, "0 < 2", 0.0, "quick") for id in claims
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
            window.location.search,
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
    both = ["identity", "erratum"]
    # What is chosen stands in the address.
    wanted = {
        "all": ("", everything, none),
        "errata": ("?kind=erratum", errata, ["any strength", "erratum"]),
        "errata, identity": (
            "?strength=identity&kind=erratum",
            identities,
            both,
        ),
        "on Lemma 10": (
            "?strength=identity&kind=erratum&q=LEMMA++10",
            on_lemma,
            both,
        ),
        "all again": ("", everything, none),
    }
    for name, (address, chosen, pressed) in wanted.items():
        assert shown[name] == [
            address,
            [c.id for c in chosen],
            f"{len(chosen)} of {len(claims)} claims",
            pressed,
        ], name
    assert 0 < len(on_lemma) < len(identities) < len(errata) < len(claims)
    # A short table needs no filter.
    assert short == 0


@needs_node
@pytest.mark.parametrize(
    ("hash", "kinds"), [("", {"erratum"}), ("#claim-erratum-1", {"erratum"})]
)
def test_filter_is_read_from_the_address(hash, kinds):
    assert shown_kinds(f"ledger.html?kind=erratum{hash}") == [
        sorted(kinds),
        f"?kind=erratum{hash}",
    ]


@needs_node
def test_a_row_that_is_linked_to_is_shown():
    kinds, address = shown_kinds("ledger.html?kind=erratum&q=x#claim-thm-4")
    assert kinds == ["beyond", "erratum", "paper"]
    assert address == "#claim-thm-4"


def shown_kinds(address):
    """Kinds of the shown rows of the ledger, and the address afterwards."""
    outcomes = [
        ledger.Outcome(id, True, "1", 0.0, "quick") for id in ledger.claims()
    ]
    return operate(
        "ledger.js",
        f"<main>{ledger.Table(outcomes)._repr_html_()}</main>",
        """
        const rows = document.querySelector("table").tBodies[0].rows;
        const kinds = rows.filter((row) => !row.hidden)
          .map((row) => row.dataset.kind);
        const { search, hash } = window.location;
        return [[...new Set(kinds)].sort(), search + hash];
        """,
        address=address,
    )


def test_export_round_trip(tmp_path, monkeypatch):
    def naive(scale):
        """One exceeds two."""
        return False, "1 > 2, naïvely"

    found = ledger.claims()["thm-3b"]
    monkeypatch.setitem(
        ledger._registry,
        "false",
        dataclasses.replace(found, id="false", check=naive),
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
    for name in (
        "statement",
        "hypotheses",
        "strength",
        "status",
        "kind",
        "number",
    ):
        assert first[name] == getattr(known, name)


def test_the_scripts_are_those_of_the_book():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    listed = config["sphinx"]["config"]["html_js_files"]
    # Those of figures that move are loaded where there are such figures.
    scripts = [
        path.name
        for path in (BOOK / "_static").glob("*.js")
        if path.name not in ("exact.js", "figures.js")
        and "figures.kinds." not in path.read_text(encoding="utf-8")
    ]
    assert sorted(listed) == sorted(scripts)


def test_every_serious_erratum_has_a_check():
    text = (BOOK / "errata.md").read_text(encoding="utf-8")
    # After the index: false statements, gaps, constants.
    groups = re.split(r"^## .*$", text, flags=re.M)[2:5]
    entries = re.findall(r"^\(erratum-(\d+)\)=$", "".join(groups), re.M)
    assert len(entries) >= 25
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
        (dict(strength="identity", status="rumor"), "status"),
        (dict(strength="statistical"), "false_alarm"),
        (dict(strength="identity", false_alarm=0.1), "false_alarm"),
    ],
)
def test_bad_claims_are_refused(options, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        ledger.claim("x", "none", **options)


def test_ids_are_unique():
    first = next(iter(ledger.claims()))
    with pytest.raises(ValueError, match="^id must be new"):
        ledger.claim(first, "1", strength="identity")(test_unknown_id_is_named)
    with pytest.raises(ValueError, match="^check of 'x' must have"):
        ledger.claim("x", "1", strength="identity")(test_unknown_id_is_named)


def test_a_claim_is_read_off_its_check():
    claim = ledger.claims()["thm-4"]
    text = " ".join(inspect.getdoc(claim.check).split())
    assert text == f"{claim.statement}. Needs: {claim.hypotheses}."
    assert (claim.page, claim.kind) == ("theorem_4", "paper")
    assert ledger.claims()["thm-4-log"].kind == "beyond"
    assert ledger.claims()["def-1"].hypotheses != "none"
    # Every page is there, and every number of the paper is not empty.
    for claim in ledger.claims().values():
        assert (BOOK / f"{claim.page}.md").exists()
        assert claim.number or claim.kind == "beyond", claim.id


def test_only_what_a_claim_depends_on_makes_it_run_again(
    tmp_path, monkeypatch
):
    found = ledger.claims()["thm-3b"]
    before = ledger._remembered(found, "quick")
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "code_hash", lambda: "edited")
        assert ledger._remembered(found, "quick") != before
    with monkeypatch.context() as patch:
        own = tmp_path / "theorem_3.py"
        source = Path(inspect.getsourcefile(found.check)).read_bytes()
        own.write_bytes(source + b"# reworded")
        patch.setattr(ledger.inspect, "getsourcefile", lambda module: own)
        assert ledger._remembered(found, "quick") != before
        own.write_bytes(source)
        assert ledger._remembered(found, "quick") == before
    with monkeypatch.context() as patch:
        other = {"Fashion-MNIST": "digits", "digits": "Fashion-MNIST"}
        name = other[which_images(download=False)]
        patch.setattr(ledger, "which_images", lambda download: name)
        assert ledger._remembered(found, "quick") != before


def test_a_damaged_outcome_is_computed_again():
    outcome = ledger.run("upfm-gap", scale="quick")
    path = ledger._remembered(ledger.claims()["upfm-gap"], "quick")
    for damage in ("", "{", "[]", '{"id": 1}'):
        path.write_text(damage)
        again = ledger.run("upfm-gap", scale="quick")
        assert again.measured == outcome.measured


def test_only_verified_answers_are_proofs():
    X, y = [[1.0, 0.0], [0.0, 1.0]], [0, 1]
    for verify in (True, False):
        decision = nclib.decide(X, y, verify=verify)
        assert decision.occurs and evidence.proved(decision, True) is verify
        assert not evidence.proved(decision, False)
        blocked = nclib.decide([[1.0], [1.0], [2.0]], [0, 0, 1], verify=verify)
        assert blocked.occurs is False and evidence.excluded(blocked) is verify
        assert not evidence.excluded(decision)
    assert evidence.proved(nclib.decide(X, y), True, labels=[1])


def test_sizes_by_scale():
    for scale, value in (("quick", 1), ("book", 2), ("paper", 3)):
        assert evidence.at_scale(scale, 1, 2, 3) == value
    assert evidence.at_scale("paper", 1, 2) == 2


def test_every_numbered_statement_of_the_paper_is_a_claim():
    parts = {"2": "ab", "3": "abc", "4": " ", "5": "abc", "6": " "}
    parts |= {"7": "ab", "8": "ab"}
    expected = {"def-1", "prop-13", "thm-14"}
    expected |= {f"thm-{n}{p}".strip() for n, ps in parts.items() for p in ps}
    expected |= {f"lem-{n}" for n in (9, 10, 11, 12, 15)}
    expected |= {f"fig-{n}" for n in range(1, 7)}
    paper = {c.id for c in ledger.claims().values() if c.kind == "paper"}
    # Beside them stands what was checked and found correct.
    paper = {id for id in paper if not id.startswith("checked-")}
    assert paper == expected and len(paper) == 28


def test_what_was_found_correct_names_its_claims():
    text = (BOOK / "errata.md").read_text(encoding="utf-8")
    listed = text.partition("(erratum-43)=")[2]
    bullets = re.findall(r"^- (.*?)(?=^- |^```)", listed, re.M | re.S)
    named = [set(re.findall(r"#claim-([\w-]+)", b)) for b in bullets]
    assert len(bullets) >= 7 and all(named)
    known = set(ledger.claims())
    assert set().union(*named) <= known
    checked = {id for id in known if id.startswith("checked-")}
    assert checked <= set().union(*named)
