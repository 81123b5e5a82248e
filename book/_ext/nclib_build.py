"""Tie the book to the package: re-execution, and the API page.

jupyter-cache knows a chapter's cells but not the code they call.  This
extension hashes the package and keeps one execution cache per hash, so
that an edit of ``nclib`` runs every chapter again.
"""

import hashlib
import importlib
import inspect
import os
import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

ROOT = Path(__file__).resolve().parents[2]


def package_hash(root=ROOT):
    """Hash of everything a chapter's result depends on besides its cells."""
    digest = hashlib.sha256()
    files = [*root.glob("nclib/**/*.py"), *root.glob("book/records/**/*")]
    for path in sorted(files):
        if path.is_file():
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    for name in ("NCLIB_SCALE", "NCLIB_DATA"):
        digest.update(f"{name}={os.environ.get(name, '')}".encode())
    return digest.hexdigest()[:16]


def use_this_checkout(app, config):
    # An editable install may point at another checkout; the kernels
    # inherit PYTHONPATH and so run the code that is being documented.
    parts = [str(ROOT)]
    # The sweeps use one process a core; threads on top of that slow both.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if os.environ.get("PYTHONPATH"):
        parts.append(os.environ["PYTHONPATH"])
    os.environ["PYTHONPATH"] = os.pathsep.join(parts)
    sys.path.insert(0, str(ROOT))

    config.nclib_hash = package_hash()
    cache = config.nb_execution_cache_path
    base = Path(cache) if cache else Path(app.outdir).parent / ".cache"
    config.nb_execution_cache_path = str(base / config.nclib_hash)


def first_paragraph(obj):
    return " ".join((inspect.getdoc(obj) or "").split("\n\n")[0].split())


class ApiDirective(SphinxDirective):
    """Document every name of ``nclib.__all__``, grouped by module."""

    def run(self):
        package = importlib.import_module("nclib")
        groups = {}
        for name in package.__all__:
            if name.startswith("_"):
                continue
            obj = getattr(package, name)
            if inspect.ismodule(obj):
                groups[obj.__name__] = [
                    f"{obj.__name__}.{item}"
                    for item in getattr(obj, "__all__", [])
                ]
            else:
                module = getattr(obj, "__module__", "nclib")
                groups.setdefault(module, []).append(f"nclib.{name}")

        lines = []
        for module, names in groups.items():
            title = f"``{module}``"
            lines += [title, "-" * len(title), ""]
            doc = first_paragraph(importlib.import_module(module))
            lines += [doc, ""] if doc else []
            for name in names:
                lines += self.entry(name)
        source = self.get_source_info()[0]
        section = nodes.section()
        section.document = self.state.document
        nested_parse_with_titles(
            self.state, StringList(lines, source=source), section
        )
        return section.children

    @staticmethod
    def entry(name):
        module, _, attribute = name.rpartition(".")
        obj = getattr(importlib.import_module(module), attribute)
        if inspect.isclass(obj):
            return [f".. autoclass:: {name}", "   :members:", ""]
        if callable(obj):
            return [f".. autofunction:: {name}", ""]
        return []


def without_thebe(app, pagename, templatename, context, doctree):
    # Jupyter Book loads sphinx-thebe even when it is off, and with it the
    # address of a remote script; the pages must be complete on their own.
    def is_thebe(script):
        body = getattr(script, "attributes", {}).get("body") or ""
        return "thebe" in str(script.filename) or "THEBE" in body

    for key in ("script_files", "css_files"):
        context[key] = [s for s in context[key] if not is_thebe(s)]


def setup(app):
    app.add_config_value("nclib_hash", "", "env")
    app.connect("config-inited", use_this_checkout)
    app.connect("html-page-context", without_thebe, priority=900)
    app.add_directive("nclib-api", ApiDirective)
    return {"version": "1", "parallel_read_safe": True}
