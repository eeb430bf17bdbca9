"""The example of docs/plan-explained.md is explained as it stands there."""

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from seamline_platform.cli.main import app
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.document import problem_of
from seamline_platform.planning.shop.explained import explained
from seamline_platform.planning.shop.solve import solve

PAGE = (Path(__file__).parents[2] / "docs" / "plan-explained.md").read_text(encoding="utf-8")


def _block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_page_shows_what_the_example_says(tmp_path: Path) -> None:
    file = tmp_path / "late.json"
    file.write_text(_block("json late.json"), encoding="utf-8")
    options = ["C", "--zone", "Asia/Shanghai", "--mtbf", "40", "--moves", "500", "--budget", "60"]
    ran = CliRunner().invoke(app, ["explain", str(file), *options], catch_exceptions=False)
    assert ran.stdout == _block("text")


def test_the_example_is_told_in_chinese() -> None:
    problem = problem_of(json.loads(_block("json late.json")))
    schedule = solve(problem, Budget(moves=500), lambda: 0.0).schedule
    told = explained(problem, schedule, "C", ZoneInfo("Asia/Shanghai"))
    said = [sentence["text_zh"] for sentence in told["sentences"]]
    assert said[0].startswith(
        "C 在 east-2 排第 1 位（共 1 单）；首单，换款 2.0 小时；若改到 east-1，早 3.1"
    )
    assert said[-1] == "C 晚 1.9 小时：面料或裁片晚到 1.9 小时"
    assert told["late_by_cause"]["material"] == told["row"]["late"] == 112
