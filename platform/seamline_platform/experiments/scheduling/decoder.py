"""Figures of the decoder: whole plans evaluated per CPU second, compiled and in plain Python.

Both run the same source on the same plans of a drawn plant of 60 orders and 12 lines; a plan
differs from the one before by three moves, as in a search, but is evaluated from the start.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from seamline_platform.experiments.scheduling.contract import PartSettings, Progress
from seamline_platform.planning.shop.annealing import Timer
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, evaluate
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant

ORDERS: Final = 60
LINES: Final = 12
TARGET_COMPILED: Final = 100_000
TARGET_PLAIN: Final = 5_000
_MOVES: Final = 3
_COMPARED: Final = 100
"""Plans whose cost the plain decoder, which shares no code with the loops, computes too."""


def measure(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    """Return evaluations per CPU second, time to compile, and whether all costs are equal."""
    from seamline_platform.planning.shop.batch_kernel import evaluate_each, uncompiled
    from seamline_platform.planning.shop.kernels import HAVE_NUMBA

    c = compile_problem(draw_plant(Recipe(ORDERS, LINES, seed=settings.seed)))
    plans = walk(c, best_rule(c).plan, 500 if settings.quick else 2_000, Random(settings.seed))
    progress(0.2, "decoder in plain Python")
    plain, costs = _rate(c, plans, uncompiled(evaluate_each), False, 1, settings.cpu)
    decoded = [evaluate(c, plan) for plan in plans[:_COMPARED]]
    result: dict[str, object] = {
        "orders": ORDERS, "lines": LINES, "seed": settings.seed, "plans": len(plans),
        "plain_per_s": round(plain), "plain_target": TARGET_PLAIN, "numba": HAVE_NUMBA,
    }  # fmt: skip
    equal, fast = decoded == costs[:_COMPARED], True
    if HAVE_NUMBA:
        progress(0.6, "decoder compiled")
        began = settings.cpu()
        _rate(c, plans[:1], evaluate_each, True, 1, settings.cpu)
        compile_s = settings.cpu() - began
        rate, compiled_costs = _rate(c, plans, evaluate_each, True, 10, settings.cpu)
        equal, fast = equal and compiled_costs == costs, rate >= TARGET_COMPILED
        result |= {
            "numba_per_s": round(rate), "numba_target": TARGET_COMPILED,
            "compile_cpu_s": round(compile_s, 2), "ratio": round(rate / plain, 1),
        }  # fmt: skip
    progress(1.0, "decoder")
    return result | {"equal": equal, "ok": equal and fast and plain >= TARGET_PLAIN}


def walk(c: Compiled, plan: Plan, count: int, rng: Random) -> list[Plan]:
    """Return so many plans, each three moves from the one before; costs do not matter."""
    rows, ranks = [list(s) for s in plan.sequences], list(plan.cut_order)
    plans = []
    for _ in range(count):
        for _ in range(_MOVES):
            line = rng.choice([k for k, row in enumerate(rows) if row])
            order = rows[line].pop(rng.randrange(len(rows[line])))
            other = rng.choice([k for k, work in enumerate(c.work) if work[order] != CANNOT])
            rows[other].insert(rng.randint(0, len(rows[other])), order)
        ranks.insert(rng.randrange(len(ranks)), ranks.pop(rng.randrange(len(ranks))))
        plans.append(Plan(tuple(map(tuple, rows)), tuple(ranks)))
    return plans


def _rate(
    c: Compiled, plans: Sequence[Plan], loop: Any, arrays: bool, rounds: int, cpu: Timer
) -> tuple[float, list[int]]:
    """Return plans per CPU second in the best of `rounds` rounds, and their costs."""
    from seamline_platform.planning.shop.search import Search
    from seamline_platform.planning.shop.tables import as_array, as_list

    make = as_array if arrays else as_list
    search, width = Search(c, plans[0], arrays=arrays), len(c.cut)
    sequences = make([[[*s, *[0] * (width - len(s))] for s in p.sequences] for p in plans])
    lengths = make([[len(s) for s in p.sequences] for p in plans])
    cut_orders, costs = make([p.cut_order for p in plans]), make([0] * len(plans))
    best = 0.0
    for _ in range(rounds):
        began = cpu()
        loop(search.tables, search.state, sequences, lengths, cut_orders, costs)
        best = max(best, len(plans) / max(cpu() - began, 1e-9))
    return best, [int(cost) for cost in costs]
