"""What compiled loops read: arrays of whole numbers, or lists where nothing is compiled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from seamline_platform.planning.shop.times import WorkTimes

Make = Callable[[Any], Any]
"""Makes a table of one or two dimensions from rows of whole numbers."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Working times of several resources one after another; `bounds` says where each one lies."""

    bounds: list[list[int]]
    starts: list[int]
    ends: list[int]
    done: list[int]


def joined_axes(times: Sequence[WorkTimes]) -> Axes:
    """Return working times as one table."""
    result = Axes([], [], [], [])
    for axis in times:
        first = len(result.starts)
        result.bounds.append([first, first + len(axis.starts)])
        result.starts.extend(axis.starts)
        result.ends.extend(axis.ends)
        result.done.extend(axis.done)
    return result


def as_list(values: Any) -> Any:
    """Return a table as (new) lists."""
    return [as_list(v) if isinstance(v, list | tuple) else v for v in values]


def as_array(values: Any) -> Any:
    """Return a table as an array."""
    import numpy as np

    return np.array(values, dtype=np.int64)


def maker() -> Make:
    """Return the one that the loops of this process read."""
    from seamline_platform.planning.shop.kernels import HAVE_NUMBA

    return as_array if HAVE_NUMBA else as_list
