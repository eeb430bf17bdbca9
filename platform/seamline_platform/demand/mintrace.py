"""Forecasts of parts and of their sums made to agree: bottom-up and minimum trace (MinT).

A hierarchy has series at the bottom and sums of them above. Forecast one by one, they contradict
each other. Of all coherent, unbiased combinations, MinT has the least total error variance, given
the covariance W of the base forecasts' errors (Wickramasuriya, Athanasopoulos and Hyndman, Journal
of the American Statistical Association 114 (2019) 804-819). With U' = (I, -C), C the sums in terms
of the bottom, coherent means U'y = 0, and

    y_coherent = y - W U (U' W U)^-1 U' y .

Only a system as large as the number of sums is solved. W is

* `ols`: the identity,
* `wls_struct`: for each node the number of bottom series in it,
* `wls_var`: the mean square of each node's errors,
* `mint_shrink`: their covariance, correlations shrunk towards none by the intensity of Schaefer and
  Strimmer (Statistical Applications in Genetics and Molecular Biology 4 (2005) 32).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np

from seamline_platform.demand.frame import FloatArray

Method = Literal["bottom_up", "ols", "wls_struct", "wls_var", "mint_shrink"]
METHODS: Final = get_args(Method)
_RIDGE: Final = 2e-8


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Sums above bottom series: `sums` is sparse (sums, bottom) of zeros and ones."""

    names: tuple[str, ...]
    """Of the sums; the bottom series have their own."""
    sums: Any

    @property
    def bottom(self) -> int:
        """Return the number of bottom series."""
        return int(self.sums.shape[1])

    @property
    def sizes(self) -> FloatArray:
        """Return the number of bottom series in each node, sums first."""
        above = np.asarray(self.sums.sum(axis=1), dtype=np.float64).ravel()
        return np.concatenate([above, np.ones(self.bottom)])

    def with_sums(self, bottom: FloatArray) -> FloatArray:
        """Return values of all nodes (sums first) from those of the bottom."""
        above = self.sums @ bottom
        return np.concatenate([np.asarray(above), bottom])


def hierarchy_of(labels: Sequence[Sequence[str]]) -> Hierarchy:
    """Return the hierarchy over bottom series, from one label per series for each kind of sum.

    `labels` has one row per kind (all series in one group, by category, by style, ..). A group of
    one series is no sum of its own, nor is one with the same members as an earlier one.

    Raises:
        ValueError: if there are no series, or a row has another length.
    """
    from scipy.sparse import csr_matrix

    count = len(labels[0]) if labels else 0
    if not count or any(len(row) != count for row in labels):
        raise ValueError("Each kind of sum needs one label for each series, and there is no more.")
    names: list[str] = []
    rows: list[int] = []
    columns: list[int] = []
    seen: set[bytes] = set()
    for row in labels:
        groups, code = np.unique(np.asarray(row, dtype=object).astype(str), return_inverse=True)
        for place, name in enumerate(groups):
            members = np.flatnonzero(code == place)
            key = members.tobytes()
            if len(members) < 2 or key in seen:
                continue
            seen.add(key)
            rows += [len(names)] * len(members)
            columns += members.tolist()
            names.append(str(name))
    sums = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(names), count))
    return Hierarchy(tuple(names), sums)


def reconciled(
    hierarchy: Hierarchy, base: FloatArray, method: Method, errors: FloatArray | None = None
) -> FloatArray:
    """Return coherent forecasts (nodes, periods) from base forecasts, sums first.

    Args:
        hierarchy: what sums what.
        base: one forecast per node and period, sums first, then bottom series.
        method: how errors are weighed.
        errors: (nodes, past periods) of the base forecasts, for `wls_var` and `mint_shrink`.

    Raises:
        ValueError: if the method is unknown, shapes do not fit, or errors are needed and missing.
    """
    above = len(hierarchy.names)
    if base.shape[0] != above + hierarchy.bottom:
        raise ValueError(f"Base forecasts of {base.shape[0]} nodes; the hierarchy has "
                         f"{above} sums and {hierarchy.bottom} series.")  # fmt: skip
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}; there are {', '.join(METHODS)}.")
    if method == "bottom_up" or not above:
        return hierarchy.with_sums(base[above:])
    needs = method in ("wls_var", "mint_shrink")
    if needs and (errors is None or errors.shape[0] != len(base) or errors.shape[1] < 2):
        raise ValueError(f"Method {method!r} needs two or more past errors of every node.")
    weighted = _weighted(hierarchy, method, errors)
    gap = base[:above] - hierarchy.sums @ base[above:]
    inner = weighted[:above] - hierarchy.sums @ weighted[above:]
    bottom = base[above:] - weighted[above:] @ np.linalg.solve(inner, gap)
    return hierarchy.with_sums(bottom)


def _weighted(hierarchy: Hierarchy, method: Method, errors: FloatArray | None) -> FloatArray:
    """Return W U (nodes, sums)."""
    from scipy.sparse import eye, vstack

    above = len(hierarchy.names)
    u = vstack([eye(above), -hierarchy.sums.T]).tocsr()
    if method == "ols":
        return np.asarray(u.toarray())
    if method == "wls_struct":
        return np.asarray(u.multiply(hierarchy.sizes[:, None]).toarray())
    known = np.asarray(errors, dtype=np.float64)
    if method == "wls_var":
        square = (known**2).mean(axis=1) + _RIDGE
        return np.asarray(u.multiply(square[:, None]).toarray())
    centred = known - known.mean(axis=1, keepdims=True)
    lam = shrinkage(known)
    variance = (centred**2).sum(axis=1) / (known.shape[1] - 1)
    off = (1 - lam) * centred @ (u.T @ centred).T / (known.shape[1] - 1)
    own = u.multiply((np.maximum(variance, _RIDGE) - (1 - lam) * variance)[:, None])
    return np.asarray(off + own.toarray())


def shrinkage(errors: FloatArray) -> float:
    """Return by how much correlations of errors (nodes, periods) are drawn to none, 0 to 1.

    The sum of the variances of all correlations over the sum of their squares (Schaefer and
    Strimmer, 2005); all pairs at once, without a matrix of nodes x nodes.
    """
    n = errors.shape[1]
    centred = errors - errors.mean(axis=1, keepdims=True)
    sd = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    x = centred / (sd + _RIDGE)
    # sums over all pairs, less those of each node with itself
    square = ((x**2).sum(axis=0) ** 2).sum() - (x**4).sum()
    alike = float(((x.T @ x / n) ** 2).sum() - ((x**2).mean(axis=1) ** 2).sum())
    variance = (square - n * alike) / (n * (n - 1))
    return float(np.clip(variance / (alike + _RIDGE), 0.0, 1.0))
