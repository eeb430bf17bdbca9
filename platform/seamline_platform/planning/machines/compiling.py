"""Inner loops that numba compiles where it is there; the same source runs in plain Python.

Both give equal results: whole numbers, and a generator of random numbers of our own.
"""

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any, Final

HAVE_NUMBA: Final = importlib.util.find_spec("numba") is not None
MODULUS: Final = 2_147_483_647
_Function = Callable[..., Any]


def compiled(function: _Function) -> _Function:
    """Return `function` compiled by numba, or as it is where numba is missing."""
    if not HAVE_NUMBA:
        return function
    import numba

    made: _Function = numba.njit(cache=True)(function)
    return made


def as_row(values: Sequence[int]) -> Any:
    """Return whole numbers as the inner loops take them: an array, or a list without numba."""
    if not HAVE_NUMBA:
        return list(values)
    import numpy as np

    return np.array(values, dtype=np.int64)


@compiled
def next_random(x):  # type: ignore[no-untyped-def]
    """Return the next state of the generator of Park and Miller (CACM 36, 1993)."""
    return (x * 48271) % 2147483647


def seeded(seed: int) -> int:
    """Return a state to begin with."""
    return 1 + (seed * 7_919 + 104_729) % (MODULUS - 2)
