"""Where accuracy and cost disagree."""

import pytest

from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    Task,
    TaskResult,
)
from seamline_platform.experiments.forecasting.decisions.flips import badness, rank_flips

TASK = Task(name="a", title="A", dataset="a", horizon=1, season_length=1, metric="mase")


def score(model: str, status: str = "ok", **metrics: float) -> ModelScore:
    return ModelScore(model, status, metrics, {}, 0.0, 0.0, 0.0, 0.0)


def paid(model: str, cost: float | None, task: str = "a") -> DecisionRow:
    return DecisionRow(task, model, cost, cost, cost, None, None)


def result(*models: ModelScore, name: str = "a") -> TaskResult:
    return TaskResult(Task(name, name, name, 1, 1, "mase"), models)


def test_tau_and_the_names_of_the_first() -> None:
    # Orders by MASE: A B C D; by cost: B A C D. One of six pairs differs: (5 - 1) / 6.
    scores = [score(m, mase=v) for m, v in zip("ABCD", (0.7, 0.8, 0.9, 1.0), strict=True)]
    rows = [paid(m, c) for m, c in zip("ABCD", (2.0, 1.0, 3.0, 4.0), strict=True)]
    (flip,) = rank_flips([result(*scores)], rows)
    assert flip.kendall_tau == pytest.approx(4 / 6)
    assert (flip.task, flip.metric, flip.models) == ("a", "mase", 4)
    assert (flip.cheapest, flip.most_accurate) == ("B", "A")


def test_the_measured_reversal_of_intermittent_demand() -> None:
    # Car parts, 1,956 series: MASE and cost at each one's best service.
    mase = (0.986, 1.165, 0.976, 1.006, 0.733, 1.119, 1.115, 1.049)
    cost = (2.886, 2.934, 2.942, 2.958, 3.016, 3.325, 3.508, 4.303)
    models = "ABCDEFGH"
    scores = [score(m, mase=v) for m, v in zip(models, mase, strict=True)]
    (flip,) = rank_flips([result(*scores)], [paid(m, c) for m, c in zip(models, cost, strict=True)])
    assert flip.cheapest == "A"
    assert flip.most_accurate == "E"
    # 15 pairs agree, 13 do not, counted by hand
    assert flip.kendall_tau == pytest.approx(2 / 28)


def test_failed_models_and_models_without_cost_take_no_part() -> None:
    scores = [score(m, mase=v) for m, v in zip("ABC", (1.0, 2.0, 3.0), strict=True)]
    failed = score("D", "failed", mase=0.1)
    costs = [paid("A", 1.0), paid("B", 2.0), paid("C", 3.0), paid("D", 0.5)]
    (flip,) = rank_flips([result(*scores, failed)], costs)
    assert (flip.models, flip.kendall_tau, flip.cheapest) == (3, 1.0, "A")
    assert rank_flips([result(*scores)], [*costs[:2], paid("C", None)]) == ()


def test_a_metric_that_tells_nothing_apart_has_no_row() -> None:
    scores = [score(m, mase=1.0, crps=float("nan")) for m in "ABC"]
    assert (
        rank_flips(
            [result(*scores)], [paid(m, c) for m, c in zip("ABC", (1.0, 2.0, 3.0), strict=True)]
        )
        == ()
    )


def test_over_all_tasks_ranks_are_averaged() -> None:
    first = result(*(score(m, mase=v) for m, v in zip("ABC", (1.0, 2.0, 3.0), strict=True)))
    second = result(
        *(score(m, mase=v) for m, v in zip("ABC", (2.0, 1.0, 3.0), strict=True)), name="b"
    )
    rows = [paid(m, c) for m, c in zip("ABC", (1.0, 2.0, 3.0), strict=True)]
    rows += [paid(m, c, "b") for m, c in zip("ABC", (10.0, 20.0, 30.0), strict=True)]
    flips = {flip.task: flip for flip in rank_flips([first, second], rows)}
    assert flips["a"].kendall_tau == 1
    assert flips["b"].kendall_tau == pytest.approx(1 / 3)
    # Mean ranks by MASE 1.5 1.5 3, by cost 1 2 3: tau-b = 2 / sqrt(2 * 3)
    assert flips["all"].kendall_tau == pytest.approx(2 / 6**0.5)


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("mase", 0.9, 0.9),
        ("bias", -0.2, 0.2),
        ("coverage_80", 0.7, 0.1),
        ("coverage_95", 1.0, 0.05),
    ],
)
def test_less_is_better_for_every_metric(metric: str, value: float, expected: float) -> None:
    assert badness(metric, value) == pytest.approx(expected)
