"""Run the claims and then the pages, one on each core, before they are read.

myst-nb would run the pages one after the other.  What this extension runs
goes into the cache in which myst-nb looks first, and only if nothing went
wrong: a page on which a figure could not be drawn is an error, too, although
its kernel went on.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import joblib
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)


def notebook(app, name):
    """A page as myst-nb reads it, or None if it has no cells."""
    path = app.env.doc2path(name)
    content = Path(path).read_text(encoding="utf-8")
    settings = app.env.myst_config, app.env.mystnb_config
    reader = create_nb_reader(path, *settings, content)
    return reader and reader.read(content)


def stale(cache, page):
    try:
        cache.match_cache_notebook(page)
    except KeyError:
        return True
    return False


def faults(page):
    """(line, what happened) of every cell whose output is not fit to print.

    A figure is drawn after its cell has ended well, so that the kernel shows
    the error and nobody hears of it.
    """
    lines = page.metadata.get("source_map") or [0] * len(page.cells)
    for line, cell in zip(lines, page.cells, strict=True):
        if cell.cell_type != "code":
            continue
        errors = [o for o in cell.outputs if o.output_type == "error"]
        kinds = {k for o in cell.outputs for k in o.get("data", ())}
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if errors:
            yield line + 1, "\n".join(errors[0].traceback)
        elif figure and not any(kind.startswith("image/") for kind in kinds):
            yield line + 1, f"the figure {figure['name']!r} has no picture"


def run(app, name, page):
    """Run one page; return its seconds, and what went wrong, as a text."""
    path = Path(app.env.doc2path(name))
    timeout = app.env.mystnb_config.execution_timeout
    result = single_nb_execution(page, path.parent, timeout, False)
    if result.err is not None:
        wrong = str(result.err)
    else:
        wrong = "\n".join(
            f"line {line}: {text}" for line, text in faults(page)
        )
    return result.time, re.sub(r"\x1b\[[\d;]*m", "", wrong)


def run_stale(app, env, docnames):
    if env.mystnb_config.execution_mode != "cache":
        return
    cache = get_cache(env.mystnb_config.execution_cache_path)
    pages = {name: notebook(app, name) for name in docnames}
    pages = {n: p for n, p in pages.items() if p and stale(cache, p)}
    if not pages:
        return
    cores = joblib.cpu_count()
    cells = (cell for page in pages.values() for cell in page.cells)
    if any("ledger" in c.source for c in cells if c.cell_type == "code"):
        run_claims(cores)
    # The sweeps of a page leave the cores of the other pages alone.
    share = max(1, cores // len(pages))
    os.environ["LOKY_MAX_CPU_COUNT"] = str(share)
    failed = []
    with ThreadPoolExecutor(cores) as pool:
        # From the end: the long ones, about training, do not come last.
        jobs = {
            pool.submit(run, app, name, pages[name]): name
            for name in sorted(pages, reverse=True)
        }
        try:
            for job in as_completed(jobs):
                name = jobs[job]
                seconds, wrong = outcome(job)
                if wrong:
                    failed.append(name)
                    logger.error("%s", wrong, location=name)
                    continue
                logger.info("%s: ran in %.1f s", name, seconds)
                keep(cache, app.env.doc2path(name), pages[name], seconds)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if failed:
        raise ExtensionError(f"pages that failed: {', '.join(failed)}")


def outcome(job):
    try:
        return job.result()
    except Exception as error:  # A kernel that died, say.
        return 0.0, f"{type(error).__name__}: {error}"


def keep(cache, path, page, seconds):
    bundle = CacheBundleIn(page, path, data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def run_claims(cores):
    """Outcomes are remembered, so that the pages only show them."""
    logger.info("running the claims of the ledger")
    command = [sys.executable, "-m", "nclib", "ledger", "--jobs", str(cores)]
    if subprocess.run(command).returncode:
        raise ExtensionError("a claim fails or cannot be run, see above")


def setup(app):
    app.connect("env-before-read-docs", run_stale)
    return {"version": "1", "parallel_read_safe": True}
