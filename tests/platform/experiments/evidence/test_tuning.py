"""The tuner without processes: where it walks, what it costs, what policies give each other."""

import pytest

from seamline_platform.experiments.evidence.designs import table2
from seamline_platform.experiments.evidence.jobs import Job
from seamline_platform.experiments.evidence.runner import next_job
from seamline_platform.experiments.evidence.tuning import (
    FIRST_TRAINING_SEED,
    Budget,
    Search,
    Tuner,
    distance,
    exchanged,
    neighbours,
)
from seamline_platform.experiments.evidence.workers import market_key
from seamline_platform.experiments.season import (
    KNOB_GRID,
    KPI_NAMES,
    Accounts,
    Knobs,
    Links,
    Outcome,
    Setting,
)

SETTING = Setting(days=90, scenario="demo")


def outcome(profit: float) -> Outcome:
    return Outcome(
        dict.fromkeys(KPI_NAMES, 0.0) | {"profit_k": profit}, Accounts({}, {}), "same", "w", 0.0
    )


def test_neighbours_are_one_grid_step_away() -> None:
    assert [k.cover_days for k in neighbours(Knobs(cover_days=14), "cover_days")] == [7, 21]
    lowest = KNOB_GRID["cover_days"][0]
    assert len(neighbours(Knobs(cover_days=lowest), "cover_days")) == 1


def test_a_walk_ends_at_the_best_knobs_and_tries_none_twice() -> None:
    best = Knobs(initial_permille=1200, cover_days=42, markdown_days=7)
    search, tried = Search(), []
    while wanted := search.next(100):
        tried += wanted
        search.take({
            k: -abs(k.initial_permille - best.initial_permille) / 100
            - abs(k.cover_days - best.cover_days)
            - abs(k.markdown_days - best.markdown_days) for k in wanted
        })  # fmt: skip
    assert search.knobs == best
    assert len(tried) == len(set(tried)) < 25


def test_every_policy_gets_the_same_budget_and_the_same_training_seeds() -> None:
    asked: list[Job] = []

    def run(jobs: list[Job]) -> dict[str, Outcome]:
        asked.extend(jobs)
        return {job.key("w"): outcome(job.knobs.cover_days + job.seed % 7) for job in jobs}

    budget = Budget(start_trials=3, trials=6, exchanged=2, seeds=3)
    policies = dict(list(table2().policies.items())[:4])
    found = Tuner(SETTING, "w", run, budget).tune(policies)
    assert {job.seed for job in asked} == {FIRST_TRAINING_SEED + n for n in range(3)}
    for name, search in found.items():
        runs = [job for job in asked if job.name == name]
        common = 3 * 3 if name in ("baseline", "market+floor+integrate") else 0
        assert len(runs) == 3 * len(search.tried) + common
        assert len(search.tried) <= 6
        assert search.knobs.cover_days == max(k.cover_days for k in search.tried)


def test_ties_keep_the_knobs_that_a_policy_has() -> None:
    search = Search()
    while wanted := search.next(100):
        search.take(dict.fromkeys(wanted, 5.0))
    assert search.knobs == Knobs()


def test_policies_try_first_what_did_best_for_the_one_most_like_them() -> None:
    policies = {"a": Links(), "b": Links(elastic=True), "c": Links(True, True, True)}
    assert distance(policies["a"], policies["c"]) == 3
    near, far = Knobs(cover_days=28), Knobs(cover_days=42)
    searches = {
        "a": Search(Knobs(), {Knobs(): 1.0}),
        "b": Search(near, {near: 1.0}),
        "c": Search(far, {far: 1.0}),
    }
    assert exchanged(policies, searches, 1)["a"] == [near]
    assert exchanged(policies, searches, 4)["a"] == [near, far]


@pytest.mark.parametrize(
    ("holds", "others", "seed"),
    [
        ((3,), (1, 2), 3),  # the market that it has
        ((9,), (1, 2), 3),  # one that nobody has
        ((9,), (1, 2, 3), 2),  # the one with most left
    ],
)
def test_which_job_is_next(holds: tuple, others: tuple, seed: int) -> None:
    def job(n: int) -> Job:
        return Job("p", SETTING, Links(), Knobs(), n)

    missing = [job(1), job(2), job(2), job(3)]

    def keys(numbers: tuple) -> set[str]:
        return {market_key(job(n)) for n in numbers}

    assert missing[next_job(missing, keys(holds), keys(others))].seed == seed
