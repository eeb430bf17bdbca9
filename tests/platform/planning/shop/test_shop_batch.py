import time
from random import Random

from seamline_platform.experiments.scheduling.contract import PartSettings
from seamline_platform.experiments.scheduling.decoder import measure, walk
from seamline_platform.planning.shop.batch_kernel import evaluate_each, uncompiled
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import evaluate
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant


def test_compiled_and_plain_loops_cost_what_the_decoder_says() -> None:
    figures = measure(PartSettings(time.process_time, seed=3, quick=True), lambda share, what: None)
    assert figures["equal"] is True
    assert figures["plans"] == 500


def test_the_walk_visits_different_plans_of_the_same_orders() -> None:
    c = compile_problem(draw_plant(Recipe(12, 3, 5)))
    start = best_rule(c).plan
    plans = walk(c, start, 40, Random(2))
    assert len({p.sequences for p in plans}) == 40
    assert all(sorted(i for s in p.sequences for i in s) == list(range(12)) for p in plans)
    assert len({evaluate(c, p) for p in plans}) > 20


def test_what_is_uncompiled_calls_nothing_that_is_compiled() -> None:
    plain = uncompiled(evaluate_each)
    assert not hasattr(plain, "py_func")
    inner = plain.__globals__["evaluate_all"]
    assert not hasattr(inner, "py_func")
    assert not hasattr(inner.__globals__["sew_now"].__globals__["sew_line"], "py_func")
