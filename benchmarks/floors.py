"""How deep nclib's modules stand on each other: the longest import chains.

    python benchmarks/floors.py [folder]

A module's floor is 1 plus the highest floor of what it imports at its top;
imports within functions do not count.
"""

import ast
import sys
from functools import cache
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "nclib")


def name_of(path):
    parts = ("nclib", *path.relative_to(FOLDER).with_suffix("").parts)
    return ".".join(p for p in parts if p != "__init__")


MODULES = {name_of(path): path for path in FOLDER.rglob("*.py")}


@cache
def imports(name):
    """The modules of nclib that a module imports at its top."""
    path, found = MODULES[name], set()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: 1 - node.level or None]
                base = ".".join([*up, *filter(None, [base])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in MODULES else base)
    # The package itself imports everything, whoever asks for its name.
    return sorted(found & MODULES.keys() - {name, "nclib"})


@cache
def floor(name):
    return 1 + max((floor(other) for other in imports(name)), default=0)


if __name__ == "__main__":
    for name in sorted(MODULES, key=floor):
        if name not in ("nclib", "nclib.__main__"):
            print(floor(name), name)
