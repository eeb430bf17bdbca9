"""A panel is a TOML file; a wrong one is refused with file, key, value and what is allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_dashboards.panels import BUILT_IN, panels, read_panel

GOOD = 'title = "Pieces"\nchart = "bar"\ntopic = "lines"\nfields = ["pieces_today"]\n'


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a panel and returns its path."""

    def write(text: str, name: str = "mine") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_panel_has_its_file_name_as_id_and_defaults(written: Callable[..., Path]) -> None:
    panel = read_panel(written(GOOD))
    assert (panel.id, panel.title_zh, panel.every_s, panel.unit) == ("mine", "Pieces", 10.0, "")
    assert panel.document()["fields"] == ["pieces_today"]
    assert panel.document()["labels"] == {}


def test_a_query_panel_keeps_its_labels(written: Callable[..., Path]) -> None:
    text = (
        'title = "T"\nchart = "table"\nsql = "SELECT 1 AS n"\nfields = ["n"]\nevery_s = 5\n'
        'labels = { n = "Number" }\nlabels_zh = { n = "数" }\n'
    )
    panel = read_panel(written(text))
    assert panel.labels == {"n": "Number"}
    assert panel.labels_zh == {"n": "数"}
    assert panel.every_s == 5.0


@pytest.mark.parametrize("topic", ["kpi", "sensor:hangzhou/line-1/line/power_kw"])
def test_live_topics_and_sensors_are_allowed(written: Callable[..., Path], topic: str) -> None:
    text = GOOD.replace('"lines"', f'"{topic}"').replace('"bar"', '"line"')
    assert read_panel(written(text)).topic == topic


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "colour = 1\n", "colour = 1; expected one of the keys title"),
        (GOOD.replace('"bar"', '"pie"'), "chart = 'pie'; expected one of line, bar, number, table"),
        (GOOD.replace('"lines"', '"line"'), "topic = 'line'; expected one of clock"),
        (GOOD.replace('["pieces_today"]', "[]"), "fields = []; expected a list"),
        (GOOD.replace('"Pieces"', '""'), "title = ''; expected a title"),
        (GOOD.replace('"Pieces"', "3"), "title = 3; expected a text"),
        (GOOD + 'sql = "SELECT 1"\n', "expected exactly one of the two"),
        (GOOD.replace('topic = "lines"', 'sql = "DROP TABLE orders"'), "expected one SELECT"),
        (GOOD + "every_s = 0\n", "every_s = 0; expected seconds, 1 to 3600"),
        (GOOD + 'labels = ["a"]\n', "labels = ['a']; expected a table of names"),
        ("title = \n", "is not readable TOML"),
    ],
)
def test_a_wrong_panel_says_what_came_and_what_is_allowed(
    written: Callable[..., Path], text: str, said: str
) -> None:
    path = written(text)
    with pytest.raises(ConfigError) as caught:
        read_panel(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_name_that_is_no_id_is_refused(written: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match="lower-case letters"):
        read_panel(written(GOOD, "My Panel"))


def test_a_later_folder_replaces_a_panel_and_a_missing_folder_holds_none(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    written(GOOD.replace("Pieces", "Mine"), "line_power")
    found = {panel.id: panel.title for panel in panels((BUILT_IN, tmp_path, tmp_path / "none"))}
    assert found["line_power"] == "Mine"
    assert set(found) == {"line_power", "order_states", "pieces_by_line"}


def test_the_readmes_panels_are_right(written: Callable[..., Path]) -> None:
    readme = Path(__file__).resolve().parents[2] / "dashboards" / "README.md"
    blocks = readme.read_text("utf-8").split("```toml\n")[1:]
    assert len(blocks) >= 3
    for number, block in enumerate(blocks):
        read_panel(written(block.split("```")[0], f"example-{number}"))
