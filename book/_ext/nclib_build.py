"""Tie the book to the package: re-execution, and the API page.

jupyter-cache knows a chapter's cells but not the code they call.  This
extension hashes the package and keeps one execution cache per hash, so
that an edit of ``nclib`` runs every chapter again.
"""

import hashlib
import importlib
import inspect
import os
import pkgutil
import platform
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from packaging.requirements import Requirement
from sphinx.errors import ConfigError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
# Whatever nclib is installed, this is the one that is documented.
sys.path.insert(0, str(ROOT))
from nclib.data import which_images  # noqa: E402


def package_hash(root=ROOT):
    """Hash of everything a chapter's result depends on besides its cells."""
    digest = hashlib.sha256(repr(versions(root)).encode())
    files = [
        *root.glob("nclib/**/*.py"),
        *root.glob("nclib/records/*"),
        # The page for teachers reads the problem sets and the mistakes.
        *root.glob("book/assignments/*.md"),
        *root.glob("book/assignments/mistakes/*.py"),
    ]
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    for name in ("NCLIB_SCALE", "NCLIB_DATA"):
        digest.update(f"{name}={os.environ.get(name, '')}".encode())
    # Downloaded, kept from a download, or neither.
    digest.update(which_images(download=False).encode())
    return digest.hexdigest()[:16]


def versions(root=ROOT):
    """Python and the libraries that nclib needs, as they are here."""
    text = (root / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    optional = project["optional-dependencies"]
    (everything,) = map(Requirement, optional["all"])
    lines = list(project["dependencies"])
    for extra in sorted(everything.extras):
        lines += optional[extra]
    needed = map(Requirement, lines)
    found = {one.name: metadata.version(one.name) for one in needed}
    return {"python": platform.python_version(), **found}


def use_this_checkout(app, config):
    # An editable install may point at another checkout; the kernels
    # inherit PYTHONPATH and so run the code that is being documented.
    parts = [str(ROOT)]
    # The sweeps use one process a core; threads on top of that slow both.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if os.environ.get("PYTHONPATH"):
        parts.append(os.environ["PYTHONPATH"])
    os.environ["PYTHONPATH"] = os.pathsep.join(parts)
    settle_images()
    # What its user has set for IPython and matplotlib is no part of the book.
    own = Path(app.outdir).parent / ".settings"
    for name in ("IPYTHONDIR", "MPLCONFIGDIR"):
        (own / name).mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(own / name)
    for name in ("MPLBACKEND", "MATPLOTLIBRC"):
        os.environ.pop(name, None)

    config.nclib_hash = package_hash()
    cache = config.nb_execution_cache_path
    base = Path(cache) if cache else Path(app.outdir).parent / ".cache"
    if found := re.search("%[0-9a-fA-F]{2}", str(base)):
        raise ConfigError(
            f"the book must lie in a folder without {found[0]} in its name, "
            f"which the data base of its results reads as a code, got {base}"
        )
    config.nb_execution_cache_path = str(base / config.nclib_hash)


def settle_images():
    """Answer once, for all kernels, from where the images come."""
    if folder := os.environ.get("NCLIB_DATA"):
        os.environ["NCLIB_DATA"] = str(Path(folder).absolute())
    if which_images() == "digits":
        os.environ["NCLIB_OFFLINE"] = "1"


def first_paragraph(obj):
    return " ".join((inspect.getdoc(obj) or "").split("\n\n")[0].split())


class ApiDirective(SphinxDirective):
    """Document every name of a module's ``__all__``."""

    required_arguments = 1

    def run(self):
        module = importlib.import_module(self.arguments[0])
        lines = [first_paragraph(module), ""]
        for name in module.__all__:
            lines += self.entry(module, name)
        return parsed(self, lines)

    @staticmethod
    def entry(module, name):
        value = getattr(module, name)
        package = importlib.import_module("nclib")
        exported = getattr(package, name, None) is value
        path = f"{'nclib' if exported else module.__name__}.{name}"
        if inspect.isclass(value):
            return [f".. autoclass:: {path}", "   :members:", ""]
        if callable(value):
            return [f".. autofunction:: {path}", ""]
        return [f".. autodata:: {path}", "   :no-value:", ""]


class ListDirective(SphinxDirective):
    """One sentence for every public function of a package's modules."""

    required_arguments = 1

    def run(self):
        package = importlib.import_module(self.arguments[0])
        lines = []
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(
                f"{package.__name__}.{found.name}"
            )
            lines += [f"**{module.__name__}**: {first_paragraph(module)}", ""]
            for name, value in vars(module).items():
                own = getattr(value, "__module__", None) == module.__name__
                if callable(value) and own and not name.startswith("_"):
                    lines += [f"* ``{name}``: {first_paragraph(value)}"]
            lines += [""]
        return parsed(self, lines)


def parsed(directive, lines):
    """The nodes of reStructuredText."""
    source = directive.get_source_info()[0]
    node = nodes.container()
    node.document = directive.state.document
    directive.state.nested_parse(StringList(lines, source=source), 0, node)
    return node.children


def without_private_arguments(app, what, name, obj, options, signature, back):
    """Results are not made by hand: what only nclib passes is not shown."""
    if what != "class" or not signature or "_" not in signature:
        return None
    parameters = inspect.signature(obj).parameters.values()
    if not any(p.name.startswith("_") for p in parameters):
        return None
    public = [p.name for p in parameters if not p.name.startswith("_")]
    return f"({', '.join(public)})", back


def without_fields(app, what, name, obj, skip, options):
    """A field of a named tuple is told in the docstring of its class."""
    return True if type(obj).__name__ == "_tuplegetter" else skip


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
    app.connect("autodoc-skip-member", without_fields)
    app.connect("autodoc-process-signature", without_private_arguments)
    app.add_directive("nclib-api", ApiDirective)
    app.add_directive("nclib-list", ListDirective)
    return {"version": "1", "parallel_read_safe": True}
