"""Which series belong to which style: from static columns, else from the names of the series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, IntArray, Panel

PARTS: Final = ("style", "colour", "size", "region", "category")
_NOT_ATTRIBUTES: Final = (*PARTS[:4], "launch", "last", "sku", "name")
_EPOCH: Final = date(1970, 1, 1).toordinal()
LONGEST_LIFE_DAYS: Final = 182
"""A style planned for longer than half a year goes on: its sales follow no curve of a life."""


@dataclass(frozen=True, slots=True)
class StyleMap:
    """Styles of a panel, sorted by name; arrays of series point to them.

    `launch` is the first day of sale (ordinal of the panel's frequency), `life` the planned number
    of days on sale; NaN where nobody said, or where the style goes on. `attributes` holds what is
    said of whole styles, by column, one value per style.
    """

    names: tuple[str, ...]
    of: IntArray
    """(series,) index of each series' style."""
    colour: tuple[str, ...]
    size: tuple[str, ...]
    region: tuple[str, ...]
    category: tuple[str, ...]
    """(styles,)"""
    launch: FloatArray
    life: FloatArray
    attributes: Mapping[str, tuple[str, ...]]

    def total(self, values: FloatArray) -> FloatArray:
        """Return sums over the series of each style; NaN counts as 0."""
        shape = (len(self.names), *values.shape[1:])
        result = np.zeros(shape)
        np.add.at(result, self.of, np.nan_to_num(values, nan=0.0))
        return result


def style_map(panel: Panel) -> StyleMap:
    """Return the styles of a panel.

    Columns `style, colour, size, region, category` are taken where the frame has them; else a name
    `style-colour-size@region` is taken apart. A name of another form is a style of its own.
    """
    static = panel.static
    parts = {name: list(static[name]) if name in static else [] for name in PARTS}
    split = [_split(name) for name in panel.ids]
    for column, name in enumerate(PARTS[:4]):
        parts[name] = parts[name] or [pieces[column] for pieces in split]
    names = tuple(sorted(set(parts["style"])))
    place = {name: i for i, name in enumerate(names)}
    of = np.array([place[name] for name in parts["style"]], dtype=np.int64)
    first = {int(style): series for series, style in reversed(list(enumerate(of)))}
    head = [first[i] for i in range(len(names))]
    dated = static if panel.freq.name == "D" else {}
    launch = np.array([_day(dated, "launch", i) for i in head])
    last = np.array([_day(dated, "last", i) for i in head])
    life = last - launch + 1
    category = parts["category"]
    return StyleMap(
        names=names,
        of=of,
        colour=tuple(parts["colour"]),
        size=tuple(parts["size"]),
        region=tuple(parts["region"]),
        category=tuple(category[i] if category else "" for i in head),
        launch=launch,
        life=np.where((life >= 1) & (life <= LONGEST_LIFE_DAYS), life, np.nan),
        attributes=_attributes(static, of, head),
    )


def _split(name: str) -> tuple[str, str, str, str]:
    sku, _, region = name.partition("@")
    style, *rest = sku.split("-", 2)
    if len(rest) != 2:
        return name, "", "", ""
    return style, rest[0], rest[1], region


def _day(static: Mapping[str, Sequence[str]], column: str, series: int) -> float:
    if column not in static:
        return float("nan")
    try:
        return float(date.fromisoformat(static[column][series][:10]).toordinal() - _EPOCH)
    except (TypeError, ValueError):
        return float("nan")


def _attributes(
    static: Mapping[str, Sequence[str]], of: IntArray, head: Sequence[int]
) -> dict[str, tuple[str, ...]]:
    """Return the columns that say one thing of each style, and not another thing of every style."""
    found = {}
    for column, values in static.items():
        if column in _NOT_ATTRIBUTES:
            continue
        by_style = tuple(values[i] for i in head)
        whole = all(value == by_style[style] for value, style in zip(values, of, strict=True))
        if whole and 1 < len(set(by_style)) < max(len(head), 2):
            found[column] = by_style
    return found
