"""The network file of docs/promise.md is dispatched as it stands there."""

import json
import re
import time
from pathlib import Path

from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.document import network_of
from seamline_platform.planning.network.lots import split_lots

PAGE = Path(__file__).parents[2] / "docs" / "promise.md"


def test_the_page_holds_a_whole_network() -> None:
    block = re.search(r"```json network.json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert block is not None
    network = network_of(json.loads(block[1]))
    plan = dispatch(network, time.process_time)
    # only suzhou sews polo; C takes 152 h in chengdu and 138 in suzhou, more than any day has
    places = {p.order: p.plant for p in plan.places}
    assert places["B"] == "suzhou"
    assert set(plan.outside) == {"C"}
    lots = split_lots(network)
    assert not dispatch(lots, time.process_time).outside
