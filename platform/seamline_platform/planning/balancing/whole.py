"""Mixed-integer programmes by HiGHS, as scipy brings it."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def solve_whole(
    cost: Any, constraints: Any, bounds: Any, whole: Any, *, gap: float, nodes: int, wall_s: float
) -> Any:
    """Return scipy's result of minimising `cost`; `whole` marks whole-numbered variables."""
    from scipy.optimize import milp

    options = {"mip_rel_gap": gap, "node_limit": nodes, "time_limit": wall_s}
    with _unprinted():
        return milp(cost, constraints=constraints, bounds=bounds, integrality=whole,
                    options=options)  # fmt: skip


@contextmanager
def _unprinted() -> Iterator[None]:
    """Keep what HiGHS prints past scipy's `disp` out of the JSON on our standard output."""
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except (OSError, ValueError):  # there is no standard output
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        yield
    finally:
        _flush_c()
        os.dup2(kept, 1)
        os.close(kept)


def _flush_c() -> None:
    """Write out what the C library has kept back."""
    try:
        ctypes.CDLL(None).fflush(None)
    except (AttributeError, OSError, TypeError):  # not a C library that can be asked: it stays
        return
