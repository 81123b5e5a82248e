"""Number statements, figures and equations as the paper does.

Sphinx counts; a companion must quote.  The number is read off the label:

=====================  ==========================
label                  shown as
=====================  ==========================
``thm-4``, ``lem-9``   Theorem 4, Lemma 9
``fig-3``, ``tab-1``   Figure 3, Table 1
``eq-2-10``            (2.10)
``ex-4-1``             Exercise 4.1
anything else          C1, C2, … (the companion's own)
=====================  ==========================

Sphinx does not search for numbers.  The table ``_static/numbers.js`` tells
``jump.js`` where each of them stands, so that the search box leads there.
"""

import json
import re
from pathlib import Path

STATEMENT = re.compile(r"(?:thm|lem|prop|def|cor|fig|tab)-(\d+[a-z]?)")
EQUATION = re.compile(r"equation-eq-(\d+)-(\d+[a-z]?)")
EXERCISE = re.compile(r"ex-(\d+)-(\d+)")


def paper_number(kind, label):
    """The paper's number for a label, or None if the label is ours."""
    if kind == "exercise":
        match = EXERCISE.fullmatch(label)
    elif kind == "displaymath":
        match = EQUATION.fullmatch(label)
    else:
        match = STATEMENT.fullmatch(label)
    return match and match.groups()


def renumber(app, env):
    ours = {}
    for numbers in env.toc_fignumbers.values():
        for kind, labels in numbers.items():
            for ordinal, label in enumerate(labels, 1):
                number = paper_number(kind, label)
                if number is None and kind == "exercise":
                    number = (str(ordinal),)
                elif number is None:
                    ours[kind] = ours.get(kind, 0) + 1
                    number = (f"C{ours[kind]}",)
                labels[label] = number
    return []


def places(env):
    """(kind, number, document, anchor) of all that has a number or an id."""
    for document, numbers in env.toc_fignumbers.items():
        for kind, labels in numbers.items():
            for label, number in labels.items():
                own = getattr(env, "proof_list", {}).get(label, {})
                kind = own.get("realtype", kind)
                name = "equation" if kind == "displaymath" else kind
                yield name, ".".join(map(str, number)), document, label
    labels = env.domains["std"].anonlabels
    for label, (document, anchor) in labels.items():
        if match := re.fullmatch(r"erratum-(\d+)", label):
            yield "erratum", match[1], document, anchor


def jump_table(env, target, claims=()):
    """What ``jump.js`` needs: the pages' titles, and where numbers stand."""
    rows = sorted(places(env)) + [
        ("claim", id, "book/ledger", f"claim-{id}") for id in claims
    ]
    documents = sorted({row[2] for row in rows})
    return {
        "pages": [[target(d), env.titles[d].astext()] for d in documents],
        "places": [
            [kind, number, documents.index(document), anchor]
            for kind, number, document, anchor in rows
        ],
    }


def write_jump_table(app, error):
    if error or app.builder.format != "html":
        return
    from nclib import ledger

    table = jump_table(app.env, app.builder.get_target_uri, ledger.claims())
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    path = Path(app.outdir, "_static", "numbers.js")
    path.write_text(f"window.nclibNumbers = {text};\n", encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_jump_table)
    # After Sphinx's own collector, which runs at the default 500.
    app.connect("env-get-updated", renumber, priority=900)
    return {"version": "1", "parallel_read_safe": True}
