"""A planner's own list: encodings, columns, times, what is wrong; and the plan as a list."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from seamline_broker.errors import ConfigError
from seamline_platform.cli.main import app
from seamline_platform.planning.shop.orderlist import Clock, read_orders

START = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000)
CLOCK = Clock(START, 60_000, ZoneInfo("Asia/Shanghai"))


def test_a_chinese_list_in_gb18030_reads_as_one_in_utf8() -> None:
    text = "订单号,款式,颜色,件数,交期,权重\n甲-1,TS01,红,120,2026-11-05,3\n"
    plain = read_orders(text.encode("utf-8-sig"), CLOCK)
    assert plain == read_orders(text.encode("gb18030"), CLOCK)
    order = plain[0]
    assert (order.order, order.colour, order.pieces, order.weight) == ("甲-1", "红", 120, 3)
    # The day ends in Shanghai at 16:00 UTC: 3 days and 16 hours after the start.
    assert order.due == (3 * 24 + 16) * 60


def test_times_lists_and_parted_by_semicolon() -> None:
    text = (
        "order;style;pieces;due;release;lines;after\n"
        "A;TS01;50;2026-11-03 18:00;2026/11/2;;\n"
        "B;TS01;60;2026-11-03T10:00:00Z;90;a/line-1;A\n"
    )
    a, b = read_orders(text.encode(), CLOCK)
    assert (a.due, a.release) == (34 * 60, 0)
    assert (b.due, b.release, b.lines, b.after) == (34 * 60, 90, ("a/line-1",), ("A",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "orders is empty; expected a header such as order,style"),
        ("order,style,pieces\nA,T,1\n", r"no column 'due' \(or 交期\); found order, style, pieces"),
        ("order,style,pieces,due,size\n", "column 'size' is not known; there are: order or"),
        ("order,style,pieces,qty,due\n", "two columns for 'pieces'"),
        (
            "order,style,pieces,due\nA,T,many,5\n",
            "orders, row 2: pieces is 'many'; expected a whole",
        ),
        ("order,style,pieces,due\nA,T,0,5\n", "row 2: Order A: pieces is 0; allowed"),
        ("order,style,pieces,due\nA,T,5,soon\n", "row 2: due is 'soon'; expected a day such as"),
        ("order,style,pieces,due\n,T,5,9\n", "row 2: Order.order is ''; allowed: a name"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_orders(text.encode(), CLOCK)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="neither UTF-8 nor GB18030"):
        read_orders(b"\xff\xff\xff\x80", CLOCK)


def test_a_list_is_planned_on_the_lines_of_a_scenario(tmp_path: Path) -> None:
    orders, out = tmp_path / "orders.csv", tmp_path / "plan.csv"
    orders.write_bytes(
        "订单号,款式,颜色,件数,交期\n甲,TS01,BLK,200,2026-11-05\n乙,NO99,BLK,100,2026-11-05\n".encode(
            "gb18030"
        )
    )
    options = ["plan", "--orders", str(orders), "--scenario", "pi", "--zone", "Asia/Shanghai"]
    ran = CliRunner().invoke(app, [*options, "--start", "2026-11-02T00:00:00Z", "--moves", "50"])
    assert ran.exit_code != 0
    assert "style is 'NO99'; there is: TS01" in str(ran.exception or ran.output)
    orders.write_bytes("订单号,款式,颜色,件数,交期\n甲,TS01,BLK,200,2026-11-05\n".encode("gb18030"))
    ran = CliRunner().invoke(
        app,
        [*options, "--start", "2026-11-02T00:00:00Z", "--moves", "50", "--out", str(out), "--json"],
    )
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["late"] == 0
    row = next(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert (row["order"], row["due"], row["late_min"]) == ("甲", "2026-11-06 00:00", "0")
    # The shift begins at 08:00 by the scenario's clock (UTC), 16:00 in Shanghai.
    assert row["cut_start"] == "2026-11-02 16:00"
