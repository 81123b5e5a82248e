"""Claims and their checks, one module a chapter."""

ORDER = (
    "setting",
    "theorem_2",
    "theorem_3",
    "theorem_4",
    "theorem_5",
    "theorem_6",
    "theorem_7",
    "theorem_7_errata",
    "theorem_8",
    "training_two_layer",
    "training_three_layer",
    "proof_tools",
    "errata",
    "phase_boundary",
    "boundary_invariance",
)
