"""Claims and their checks, one module a chapter."""

ORDER = (
    "setting",
    "theorem_2",
    "theorem_3",
    "theorem_4",
    "theorem_5",
    "theorem_7",
    "theorem_7_errata",
    "theorem_8",
    "phase_boundary",
    "boundary_invariance",
)
