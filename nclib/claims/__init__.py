"""Claims and their checks, one module a chapter."""

ORDER = (
    "setting",
    "theorem_3",
    "theorem_4",
    "theorem_5",
)
