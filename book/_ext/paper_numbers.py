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
"""

import re

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


def setup(app):
    # After Sphinx's own collector, which runs at the default 500.
    app.connect("env-get-updated", renumber, priority=900)
    return {"version": "1", "parallel_read_safe": True}
