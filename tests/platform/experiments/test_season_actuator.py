"""What a maker may do: commands are filtered by reach and delayed by contracts."""

import pytest

from seamline_broker.contracts.catalogue import LineInfo
from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season import Links, Practices
from seamline_platform.experiments.season.abilities import Abilities, of_links, of_practices
from seamline_platform.experiments.season.actuator import HOUR_MS, Actuator


def line(site: str, name: str, region: str) -> LineInfo:
    return LineInfo(site, name, region, 21, 21, 480, 1080, 60)


LINES = {
    f"{at.site}/{at.line}": at
    for at in (
        line("hangzhou", "line-1", "east"), line("hangzhou", "line-2", "east"),
        line("suzhou", "line-1", "east"), line("dongguan", "line-1", "south"),
    )
}  # fmt: skip


def kit(site: str, name: str) -> Command:
    args = {"order": "P1", "style": "TS101", "site": site, "line": name}
    return Command("east/warehouse", "kit", args)


def actuator() -> Actuator:
    return Actuator(LINES, {"TS101": "hangzhou/line-1"})


@pytest.mark.parametrize(
    ("scope", "reached"), [("line", 1), ("plant", 2), ("region", 3), ("platform", 4)]
)
def test_scope_is_how_far_an_order_may_go(scope, reached):
    able = Abilities(scope=scope)
    made = actuator()
    made.give([kit(at.site, at.line) for at in LINES.values()], able, 0)
    assert len(made.due(0)) == reached
    assert made.dropped == ({"kit": 4 - reached} if reached < 4 else {})


def test_a_called_line_sews_for_its_own_plant_at_every_scope():
    made = Actuator(
        LINES, {"TS101": "hangzhou/line-1"}, frozenset({"hangzhou/line-2", "suzhou/line-1"})
    )
    made.give([kit(at.site, at.line) for at in LINES.values()], Abilities(scope="line"), 0)
    assert [c.args["line"] for c in made.due(0)] == ["line-1", "line-2"]
    assert made.dropped == {"kit": 2}


def test_only_a_closed_loop_acts_every_day():
    commands = [
        Command("hangzhou/line-1", "rebalance", {}),
        Command("hangzhou/plant", "maintain", {"station": "line-1/st-01"}),
        Command("hangzhou/line-1", "sequence", {"orders": []}),
    ]
    made = actuator()
    made.give(commands, Abilities(), 0)
    assert made.due(10**15) == []
    made.give(commands, Abilities(closed_loop=True), 0)
    assert made.due(0) == commands


def test_goods_and_cloth_move_between_regions_on_a_platform_only():
    command = Command("east/warehouse", "transfer_stock", {"to": "south", "sku": "a", "qty": 9})
    made = actuator()
    made.give([command], of_links(Links(scope="region"), 8, 672), 0)
    assert made.due(0) == []
    made.give([command], of_links(Links(scope="platform"), 8, 672), 0)
    assert made.due(0) == [command]


def test_cloth_comes_in_the_forms_that_a_maker_can_handle():
    def asked(form: str) -> Command:
        return Command("east/warehouse", "order_cloth", {"form": form})

    manual, central = (
        of_practices(practices, 8, 672) for practices in (Practices(), Practices(warehouse=True))
    )
    made = actuator()
    made.give([asked(form) for form in ("roll", "quick", "greige")], manual, 0)
    assert [c.args["form"] for c in made.due(0)] == ["roll"]
    made.give([asked(form) for form in ("roll", "quick", "greige")], central, 0)
    assert len(made.due(0)) == 3


def test_a_line_joins_in_hours_or_in_weeks():
    command = Command("suzhou/line-1", "join", {})
    slow, quick = actuator(), actuator()
    slow.give([command], of_links(Links(), 8, 672), 0)
    quick.give([command], of_links(Links(elastic=True), 8, 672), 0)
    assert quick.due(8 * HOUR_MS - 1) == []
    assert quick.due(8 * HOUR_MS) == [command]
    assert slow.due(672 * HOUR_MS - 1) == []
    assert slow.due(672 * HOUR_MS) == [command]
