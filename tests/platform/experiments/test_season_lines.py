"""Reserve lines: whom they relieve, and that one which has joined is given work."""

import pytest

from seamline_broker.contracts.catalogue import Catalogue, LineInfo
from seamline_platform.experiments.season.work import LineBook, Lot

PLACES = (
    ("suzhou", "line-1", "east"), ("suzhou", "line-2", "east"), ("hangzhou", "line-1", "east"),
    ("chengdu", "line-1", "west"), ("chengdu", "line-2", "west"),
)  # fmt: skip
RESERVE = ("suzhou/line-2", "chengdu/line-2")


@pytest.fixture
def book() -> LineBook:
    lines = tuple(LineInfo(at, name, region, 20, 20, 480, 1080, 60) for at, name, region in PLACES)
    catalogue = Catalogue({}, {}, lines, ("east", "west"), {}, {}, 100, (0, 1, 2, 3, 4, 5, 6))
    made = LineBook(catalogue, RESERVE, efficiency=500, capacity=1000)
    # 20 stations x 540 min x .5 = 5,400 standard minutes a day; 54,000 min wait at suzhou: 10 days
    lot = Lot("P1", "TS101", "white", {"east": {"M": 10_800}}, 0, 5, smv_ms=300_000)
    made.lines["suzhou/line-1"].hold(lot)
    return made


def test_a_line_that_has_joined_sews_for_its_plant_at_every_scope(book: LineBook) -> None:
    assert [at.node for at in book.within("suzhou/line-1", "line")] == ["suzhou/line-1"]
    book.lines["suzhou/line-2"].joined = True
    for scope in ("line", "plant"):
        reached = [at.node for at in book.within("suzhou/line-1", scope)]
        assert reached == ["suzhou/line-1", "suzhou/line-2"]
    assert [at.node for at in book.within("chengdu/line-1", "line")] == ["chengdu/line-1"]


@pytest.mark.parametrize(
    ("scope", "suzhou", "chengdu"),
    [("line", 10.0, 0.0), ("plant", 10.0, 0.0), ("region", 5.0, 0.0), ("platform", 10 / 3, 10 / 3)],
)
def test_a_line_is_called_by_the_load_that_it_may_relieve(
    book: LineBook, scope: str, suzhou: float, chengdu: float
) -> None:
    found = [book.load_days(14, book.lines[node], scope) for node in RESERVE]
    assert found == pytest.approx([suzhou, chengdu])
    assert book.load_days(4, book.lines["suzhou/line-2"], scope) == 0  # due later
