"""A whole run with its decisions: the grid on longer forecasts, and when the factory is driven."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from rich.console import Console

from seamline_platform.cli.forecast_bench_print import print_result
from seamline_platform.experiments.forecasting.contract import DecisionRow, OtherTerms, Result
from seamline_platform.experiments.forecasting.decisions import factory
from seamline_platform.experiments.forecasting.decisions.factory import FactoryRuns
from seamline_platform.experiments.forecasting.decisions.factory_money import Money
from seamline_platform.experiments.forecasting.decisions.factory_world import FactorySettings
from seamline_platform.experiments.forecasting.document import document_of
from seamline_platform.experiments.forecasting.leaderboard import page_of
from seamline_platform.experiments.forecasting.study import Options, run

TASK = """name: corner
title: A corner shop
dataset: file
file: sales.parquet
horizon: 2
season_length: 7
metric: mase
levels: [0.1, 0.5, 0.9]
terms: {lead_time: 1, review: 1, underage: 4, overage: 1, order_cost: 0.5,
        carry_over: true}
decision_origins: 4
decision_horizon: 5
"""


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    y = np.random.default_rng(3).poisson(6, (5, 40)).astype(float)
    table = pa.table(
        {
            "unique_id": np.repeat([f"s{i}" for i in range(5)], 40),
            "ds": np.tile(np.arange(40), 5),
            "y": y.reshape(-1),
        }
    )
    pa.parquet.write_table(table, tmp_path / "sales.parquet")
    (tmp_path / "corner.yaml").write_text(TASK)
    return tmp_path


def test_the_grid_is_run_on_forecasts_that_reach_its_longest_lead_time(corner: Path) -> None:
    options = Options(
        tasks=(f"{corner}/corner.yaml",), models=("SES",), out=corner / "out", jobs=1,
    )  # fmt: skip
    result = run(options)
    found = document_of(result)["sensitivity"]
    played = {(row["parameter"], row["value"]) for row in found if row["cost"] is not None}
    assert {("lead_time", "4"), ("cost_ratio", "19"), ("moq", "100")} <= played
    models = {row["model"] for row in found}
    assert models == {row.model for row in result.decisions} == {"SES", "SeasonalNaive", "Naive2"}
    assert sorted(r["rank"] for r in found if r["parameter"] == "base") == [1, 2, 3]


def test_a_factory_is_driven_when_nothing_was_named_or_when_asked_for() -> None:
    assert Options().drives_factory
    assert not Options(models=("SES",)).drives_factory
    assert not Options(tasks=("carparts",)).drives_factory
    assert not Options(quick=True).drives_factory
    assert not Options(decide=False).drives_factory
    assert not Options(factory=False).drives_factory
    assert Options(models=("SES",), factory=True).drives_factory


def driven(model: str, cost: float | None) -> DecisionRow:
    if cost is None:
        return DecisionRow(
            "factory_pi", model, None, None, None, None, None, status="failed", note="out of paper"
        )
    parts = {"holding": 0.3, "late": cost - 0.3, "profit_k": 650.0, "lateness": 1.5, "stock": 26.0}
    return DecisionRow("factory_pi", model, cost, cost - 1, cost + 1, 0.99, 0.5, parts)


def test_factory_and_grid_are_told_on_the_page_and_in_the_terminal() -> None:
    grid = (
        OtherTerms("corner", "base", "", "SES", 1.0, 0.9, 1),
        OtherTerms("corner", "lead_time", "4", "Naive2", 2.0, 0.9, 1, cheapest_changes=True),
    )
    rows = (driven("SES", 3.4), driven("Mine", None))
    result = Result((), rows, (), 1, grid)
    out = StringIO()
    print_result(result, Console(file=out))
    told = " ".join(out.getvalue().split())
    assert "factory_pi: the whole factory" in told
    assert "SES: profit 650 thousand yuan" in told
    assert "failed: out of paper" in told
    assert "corner: cheapest SES; lead_time 4: Naive2" in told
    page = page_of(result)
    assert "factory_pi" in page
    assert "整座工厂" in page
    assert "out of paper" in page


def test_a_run_that_drives_the_factory_has_its_rows(
    corner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    money = Money(
        days=7, skus=2, profit=1e6, lost_margin=7.0, holding=7.0, write_down=0.0, late=0.0,
        wanted=10, sold=9, stock=3.0, stock_end=3, on_time=1.0, late_days=0.0, bullwhip=1.0,
    )  # fmt: skip
    asked: list[str] = []

    def driven_here(models: Sequence[str], forecast: object, **more: object) -> FactoryRuns:
        asked.extend(models)
        more["progress"]("factory_pi", 0.5)
        worse = replace(money, lost_margin=14.0)
        runs = {"SES": (money, worse), "SeasonalNaive": (worse, worse)}
        return FactoryRuns(FactorySettings(), (1, 2), (money, money), runs, {}, "0" * 64)

    monkeypatch.setattr(factory, "run_all", driven_here)
    heard: list[str] = []
    options = Options(
        tasks=(f"{corner}/corner.yaml",), models=("SES",), out=corner / "out", jobs=1,
        decide=False, factory=True,
    )  # fmt: skip
    result = run(options, lambda done, total, text: heard.append(text))
    assert asked == ["SES", "SeasonalNaive"]
    assert heard[-1] == "factory_pi"
    assert [(row.task, row.model, row.cost) for row in result.decisions] == [
        ("factory_pi", "SES", 1.25), ("factory_pi", "SeasonalNaive", 1.5),
    ]  # fmt: skip
