"""Figures of order dispatch: gap to the bound of the full linear programme, CPU seconds, memory."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from seamline_platform.experiments.scheduling.contract import PartSettings, Progress
from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.generate import NetworkRecipe, draw_network
from seamline_platform.planning.network.promise import Book


@dataclass(frozen=True, slots=True)
class _Size:
    orders: int
    plants: int
    gap: float
    """Most that may lie between cost and bound."""
    cpu_s: float
    rss_mb: float | None = None

    @property
    def name(self) -> str:
        return f"{self.orders}x{self.plants}"


SIZES: Final = (_Size(1_000, 10, 0.007, 1.0), _Size(10_000, 50, 0.006, 10.0, 700.0))
_QUICK: Final = (_Size(1_000, 10, 0.007, 1.0),)
_RESERVE: Final = 0.85
"""Share of the CPU seconds after which no exchange is begun: reading and checking take the rest."""
_QUOTES: Final = 50


def measure(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    """Return gap, CPU seconds and memory by size, each in a process of its own."""
    sizes = _QUICK if settings.quick else SIZES
    rows = []
    for number, size in enumerate(sizes):
        progress(number / len(sizes), f"dispatch {size.name}")
        rows.append(_apart(size, settings.seed))
    progress(1.0, "dispatch")
    return {"sizes": rows, "ok": all(row["ok"] for row in rows)}


def _apart(size: _Size, seed: int) -> dict[str, object]:
    """Measure in a fresh process, so that memory is that of this size alone."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(one, (size, seed))


def one(size: _Size, seed: int) -> dict[str, object]:
    """Return the figures of one drawn network."""
    network = draw_network(NetworkRecipe(size.orders, size.plants, seed=seed))
    plan = dispatch(network, time.process_time, size.cpu_s * _RESERVE)
    rss_mb = _peak_mb()
    book, begun = Book.of(network, plan), time.process_time()
    for order in network.orders[:_QUOTES]:
        book.quote(replace(order, order="new", pieces=max(order.pieces, 100)))
    quote_ms = (time.process_time() - begun) / _QUOTES * 1_000
    within_memory = size.rss_mb is None or rss_mb <= size.rss_mb
    return {
        "size": size.name,
        "orders": size.orders,
        "plants": size.plants,
        "seed": seed,
        "cost": round(plan.cost, 2),
        "bound": round(plan.bound, 2),
        "gap": round(plan.gap, 6),
        "gap_target": size.gap,
        "gap_rounded": round(plan.rounded / plan.bound - 1, 6),
        "divided_orders": plan.divided,
        "outside": len(plan.outside),
        "cpu_s": round(plan.cpu_s, 3),
        "cpu_s_target": size.cpu_s,
        "rss_mb": round(rss_mb, 1),
        "rss_mb_target": size.rss_mb,
        "promise_cpu_ms": round(quote_ms, 3),
        "ok": plan.gap <= size.gap and plan.cpu_s <= size.cpu_s and within_memory,
    }


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
