"""`seamline explain`: tables, sentences, JSON, and plans that do not fit."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app
from seamline_platform.planning.shop.document import document_of
from seamline_platform.planning.shop.generate import Recipe, draw_plant


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "plant.json"
    made.write_text(json.dumps(document_of(draw_plant(Recipe(10, 3, 2)))), encoding="utf-8")
    return made


def _run(*options: object) -> Any:
    return CliRunner().invoke(app, ["explain", *map(str, options)], catch_exceptions=False)


def test_all_orders_in_a_table_and_as_json(file: Path) -> None:
    ran = _run(file, "--moves", 200, "--runs", 20)
    assert ran.exit_code == 0
    assert "mostly by" in ran.stdout
    assert "in 20 runs mean" in ran.stderr
    document = json.loads(_run(file, "--moves", 200, "--runs", 20, "--json").stdout)
    assert len(document["orders"]) == 10
    late = [o for o in document["orders"] if o["late"]]
    assert late
    for o in late:
        assert sum(o["late_by_cause"].values()) == o["late"] == o["planned"] - o["due"]
    total = sum(document["weighted_by_cause"].values())
    assert total == document["weighted_tardiness"]["planned"]
    assert all(o["promise"] == o["done"]["p90"] for o in document["orders"])


def test_one_order_of_a_plan_that_was_written(file: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    CliRunner().invoke(
        app, ["plan", str(file), "--moves", "300", "--out", str(plan)], catch_exceptions=False
    )
    written = json.loads(plan.read_text(encoding="utf-8"))
    name = written["rows"][0]["order"]
    ran = _run(file, name, "--plan", plan, "--mtbf", 40, "--json")
    document = json.loads(ran.stdout)
    assert document["cost"]["planned"] == written["cost"]
    assert document["explanation"]["row"] == written["rows"][0]
    said = _run(file, name, "--plan", plan, "--chinese").stdout
    assert document["explanation"]["sentences"][0]["text_zh"] in said


def test_what_cannot_be_is_refused(file: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    with pytest.raises(ConfigError, match="The order to explain is 'none'"):
        _run(file, "none", "--moves", 10)
    with pytest.raises(ConfigError, match="Time zone 'Mars' is not known"):
        _run(file, "O1", "--moves", 10, "--zone", "Mars")
    with pytest.raises(ConfigError, match="cannot be read"):
        _run(file, "--plan", plan)
    for text, said in (
        ("{", "is not JSON"),
        ("{}", "no list `rows`"),
        ('{"rows": [{"order": "O1"}]}', r"rows\[0\] of the plan needs order, line"),
    ):
        plan.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            _run(file, "--plan", plan)
    CliRunner().invoke(app, ["plan", str(file), "--moves", "50", "--out", str(plan)])
    other = json.loads(plan.read_text(encoding="utf-8"))
    other["rows"].pop()
    plan.write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"The plan does not fit the problem: .* neither planned"):
        _run(file, "--plan", plan)
