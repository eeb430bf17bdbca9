"""The problem file of docs/plan.md is planned as it stands there."""

import json
import re
from pathlib import Path

from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.document import problem_of
from seamline_platform.planning.shop.solve import solve

PAGE = Path(__file__).parents[2] / "docs" / "plan.md"


def test_the_page_holds_a_whole_problem() -> None:
    block = re.search(r"```json plant.json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert block is not None
    solved = solve(problem_of(json.loads(block[1])), Budget(moves=500), lambda: 0.0)
    assert {row.order for row in solved.schedule.rows} == {"A", "B", "C"}
    assert solved.schedule.on("east-1")[0].setup_start == 0
    assert solved.schedule.value.late == 0
