"""The network file of docs/promise.md is dispatched as it stands there."""

import json
import re
import time
from pathlib import Path

from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.document import network_of

PAGE = Path(__file__).parents[2] / "docs" / "promise.md"


def test_the_page_holds_a_whole_network() -> None:
    block = re.search(r"```json network.json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert block is not None
    plan = dispatch(network_of(json.loads(block[1])), time.process_time)
    # only suzhou sews polo; C fits nowhere but in suzhou on one day (152 h of 80 in chengdu)
    places = {p.order: p.plant for p in plan.places}
    assert places["B"] == "suzhou"
    assert not plan.outside or set(plan.outside) == {"C"}
