"""The benchmark's parts for balancing and cutting: quick figures, targets beside them."""

import json
import time

import pytest

from seamline_platform.experiments.scheduling import balancing, cutting
from seamline_platform.experiments.scheduling.contract import PartSettings
from seamline_platform.experiments.scheduling.targets import part_lines

QUICK = PartSettings(time.process_time, None, 1, quick=True)


def test_balancing_reaches_its_bound_and_says_what_is_missing() -> None:
    said: list[float] = []
    found = json.loads(json.dumps(balancing.measure(QUICK, lambda share, what: said.append(share))))
    assert found["hanger_40x20"]["worst_gap"] <= 0.01
    (line,) = found["hanger_lines"]
    assert line["feasible"]
    assert line["two_absent"]["share_of_bound"] <= 1
    assert "no alwabp" in found["alwabp"]["not_measured"]
    assert said == sorted(said)
    assert [x.what for x in part_lines("balancing", found)] == [
        "balancing hanger 40x20", "balancing alwabp",
    ]  # fmt: skip


def test_cutting_is_near_net_cloth() -> None:
    pytest.importorskip("ortools")
    found = json.loads(json.dumps(cutting.measure(QUICK, lambda share, what: None)))
    assert found["pieces_100"]["ok"]
    assert found["pieces_300"]["ok"]
    assert all(row["feasible"] for row in found["plans"])
    assert found["kits"]["feasible"]
    assert (
        found["kits"]["waiting_piece_ticks_in_time"]
        < (found["kits"]["waiting_piece_ticks_at_once"])
    )
    assert found["orders_together"]["saved_against_one_order_one_lay"] > 0
    assert "shirts.json" in found["shirts"]["not_measured"]
