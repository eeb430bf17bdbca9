"""Panels declared in TOML: the door for a person who adds a chart without TypeScript.

A file `panels/<id>.toml` holds a title in two languages, what to show (a live topic or a SELECT)
and how to draw it::

    title = "Pieces today"
    title_zh = "今日件数"
    chart = "bar"               # line | bar | number | table
    topic = "lines"             # or: sql = "SELECT ..."
    fields = ["pieces_today"]
    labels = {key = "Line", pieces_today = "Pieces"}    # labels_zh likewise; both may be left out
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError

BUILT_IN: Final = Path(__file__).parent / "panels"
USER_FOLDER: Final = Path(".seamline") / "panels"
"""Panels of the person who runs Seamline, below the folder in which it was started."""

CHARTS: Final = ("line", "bar", "number", "table")
TOPICS: Final = (
    "clock", "floor", "lines", "kpi", "orders", "plan",
    "forecast", "devices", "log", "strip", "trace",
    "compare", "compare_days", "compare_marks", "board", "plan_bars", "plan_proposal",
)  # fmt: skip
_DEFAULTS: Final[Mapping[str, object]] = {
    "title": "",
    "title_zh": "",
    "chart": "",
    "topic": "",
    "sql": "",
    "fields": [],
    "labels": {},
    "labels_zh": {},
    "unit": "",
    "every_s": 10.0,
}
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SENSOR: Final = re.compile(r"sensor:[^/\s]+(/[^/\s]+){2,}")


@dataclass(frozen=True, slots=True)
class Panel:
    """One declared chart; `fields` are fields of the topic's payload or columns of the query.

    `labels` name columns for a reader; `key` is the column of a topic's keys.
    """

    id: str
    title: str
    title_zh: str
    chart: str
    topic: str
    sql: str
    fields: tuple[str, ...]
    labels: Mapping[str, str]
    labels_zh: Mapping[str, str]
    unit: str
    every_s: float

    def document(self) -> dict[str, object]:
        """Return plain data for JSON."""
        labels = {"labels": dict(self.labels), "labels_zh": dict(self.labels_zh)}
        return {**asdict(self), **labels, "fields": list(self.fields)}


def _fail(where: Path, key: str, value: object, allowed: str) -> ConfigError:
    return ConfigError(f"Panel {where}: {key} = {value!r}; expected {allowed}.")


def _check_types(where: Path, given: Mapping[str, Any]) -> None:
    for key in given:
        if key not in _DEFAULTS:
            raise _fail(where, key, given[key], f"one of the keys {', '.join(_DEFAULTS)}")
    for key in ("title", "title_zh", "chart", "topic", "sql", "unit"):
        if not isinstance(given.get(key, ""), str):
            raise _fail(where, key, given[key], "a text")
    every = given.get("every_s", 10.0)
    if isinstance(every, bool) or not isinstance(every, int | float) or not 1 <= every <= 3_600:
        raise _fail(where, "every_s", every, "seconds, 1 to 3600")
    fields = given.get("fields", [])
    if not isinstance(fields, list) or not fields or not all(isinstance(f, str) for f in fields):
        raise _fail(where, "fields", fields, "a list with at least one name")
    for key in ("labels", "labels_zh"):
        labels = given.get(key, {})
        if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
            raise _fail(where, key, labels, 'a table of names, such as { key = "Line" }')


def _check_meaning(where: Path, values: Mapping[str, Any]) -> None:
    if not values["title"]:
        raise _fail(where, "title", "", "a title")
    if values["chart"] not in CHARTS:
        raise _fail(where, "chart", values["chart"], f"one of {', '.join(CHARTS)}")
    topic, sql = values["topic"], values["sql"]
    if bool(topic) == bool(sql):
        raise _fail(where, "topic, sql", (topic, sql), "exactly one of the two")
    if topic and topic not in TOPICS and not _SENSOR.fullmatch(topic):
        topics = f"one of {', '.join(TOPICS)}, or sensor:<site>/<node>/<device>/<metric>"
        raise _fail(where, "topic", topic, topics)
    if sql and not re.match(r"\s*(select|with|from)\b", sql, re.IGNORECASE):
        raise _fail(where, "sql", sql[:60], "one SELECT statement")


def read_panel(path: Path) -> Panel:
    """Read one panel; its id is the name of the file.

    Raises:
        ConfigError: if the file is not TOML or a key is unknown, missing or has a wrong value.
    """
    if not _ID.fullmatch(path.stem):
        raise _fail(path, "file name", path.stem, "lower-case letters, digits, '-' and '_'")
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"Panel {path} is not readable TOML: {exc}.") from exc
    except OSError as exc:
        raise ConfigError(f"Panel {path} cannot be read: {exc.strerror}.") from exc
    _check_types(path, given)
    values = {**_DEFAULTS, **given}
    _check_meaning(path, values)
    return Panel(
        id=path.stem,
        title=values["title"],
        title_zh=values["title_zh"] or values["title"],
        chart=values["chart"],
        topic=values["topic"],
        sql=values["sql"],
        fields=tuple(values["fields"]),
        labels=values["labels"],
        labels_zh=values["labels_zh"],
        unit=values["unit"],
        every_s=float(values["every_s"]),
    )


def panels(folders: Iterable[Path] = (BUILT_IN, USER_FOLDER)) -> list[Panel]:
    """Return the panels of all folders, by id; a later folder replaces a panel of an earlier one.

    A folder that does not exist holds none.

    Raises:
        ConfigError: if a file is wrong; the message names file, key, value and what is allowed.
    """
    found: dict[str, Panel] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            found[path.stem] = read_panel(path)
    return [found[name] for name in sorted(found)]
