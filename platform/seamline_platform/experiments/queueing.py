"""Waiting for capacity: a first-come first-served queue of several equal servers."""

import heapq

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def waits(arrivals: Floats, services: Floats, servers: int) -> Floats:
    """Return the wait of each job before its service, jobs in order of arrival.

    Raises:
        ValueError: if the arrivals are not sorted, lengths differ, or there is no server.
    """
    if servers < 1 or len(arrivals) != len(services) or np.any(np.diff(arrivals) < 0):
        raise ValueError("need a server, equal lengths and arrivals in order")
    free = [0.0] * servers
    result = np.empty(len(arrivals))
    for i, (arrival, service) in enumerate(zip(arrivals.tolist(), services.tolist(), strict=True)):
        start = max(arrival, free[0])
        result[i] = start - arrival
        heapq.heapreplace(free, start + service)
    return result


def pooled_wait(arrivals: Floats, services: Floats, members: int, warm_up: int) -> float:
    """Return the mean wait when the first `members` share their servers, one server each.

    `arrivals` and `services` have one row per member. The first `warm_up` jobs per member are left
    out of the mean.
    """
    when = arrivals[:members].ravel()
    order = np.argsort(when, kind="stable")
    result = waits(when[order], services[:members].ravel()[order], members)
    return float(result[warm_up * members :].mean())
