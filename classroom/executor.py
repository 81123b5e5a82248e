"""Run a submission to its end, whatever its cells do.

nbgrader gives up a notebook whose kernel dies, and the whole submission with
it. Here each cell gets what it deserves: those that ran keep their marks,
those that could not run fail.
"""

import os
import time

from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute as _Execute

# Characters of output kept for one cell.
KEPT = 20_000


class Execute(_Execute):
    """nbgrader's, with a bound on the whole time and on the output."""

    def preprocess(self, nb, resources, km=None):
        self.timeout = int(os.environ["NCLIB_CELL_SECONDS"])
        self._ends = time.monotonic() + int(os.environ["NCLIB_SECONDS"])
        self._lost = None
        self.timeout_func = lambda cell: max(
            1, min(self.timeout, int(self._ends - time.monotonic()))
        )
        return super().preprocess(nb, resources, km)

    async def async_execute_cell(self, cell, cell_index, **options):
        if cell.cell_type != "code":
            return cell
        self._printed = 0
        if self._lost is None and time.monotonic() > self._ends:
            self._lost = "TimeIsUp", "the notebook took too long"
        if self._lost:
            cell.outputs = [_error(*self._lost)]
            return cell
        try:
            return await super().async_execute_cell(
                cell, cell_index, **options
            )
        except DeadKernelError:
            self._lost = "KernelDied", "an earlier cell ended the kernel"
            cell.outputs.append(_error("KernelDied", "in this cell"))
            return cell

    execute_cell = run_sync(async_execute_cell)

    def output(self, outs, msg, display_id, cell_index):
        content = msg["content"]
        if msg["msg_type"] == "error":
            content["evalue"] = content["evalue"][:KEPT]
            content["traceback"] = [
                line[:KEPT] for line in content["traceback"]
            ]
        elif msg["msg_type"] == "stream":
            # To nbgrader anything on stderr, a warning too, is a failure.
            content["name"] = "stdout"
            room = KEPT - self._printed
            self._printed += len(content["text"])
            if room <= 0:
                return None
            if len(content["text"]) > room:
                content["text"] = content["text"][:room] + "\n… cut off …\n"
        else:
            self._printed += len(str(content))
            if self._printed > 100 * KEPT:
                return None
        return super().output(outs, msg, display_id, cell_index)


def _error(name, value):
    return new_output(
        "error", ename=name, evalue=value, traceback=[f"{name}: {value}"]
    )
