"""The event log in words: what happened, in English and Chinese, with an alarm priority.

Pure. Priorities follow ISA-18.2: P1 needs an answer now, P2 soon, P3 in the course of the shift;
everything else is information.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seamline_broker.contracts.events import Value
from seamline_platform.app.words import CAUSES, COMMANDS, say
from seamline_platform.domain.batches import DecodedBatch

Row = Mapping[str, Value]

_STATION_TEXT = {
    "down": ("P2", "{station} is down ({cause})", "{station} 停机（{cause}）"),
    "up": ("info", "{station} runs again", "{station} 恢复运行"),
}
_ORDER_TEXT = {
    "cutting": ("{order}: {pieces} pieces are being cut", "{order}：{pieces} 件开始裁剪"),
    "queued": ("{order}: kit waits at {place}", "{order}：裁片已到 {place}"),
    "sewing": ("{order}: sewing begins at {place}", "{order}：{place} 开始缝制"),
    "sewn": ("{order}: sewn at {place}", "{order}：{place} 缝制完成"),
    "delivered": (
        "{order}: {pieces} pieces delivered to {region}",
        "{order}：{pieces} 件送达 {region}",
    ),
    "refused": ("{order} was refused", "{order} 被拒绝"),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the log, before it has a number."""

    plant_ms: int
    level: str
    kind: str
    text: str
    text_zh: str
    order: str = ""
    station: str = ""


def notes(batch: DecodedBatch) -> Iterator[Note]:
    """Yield what a person would want to read of a batch."""
    node = f"{batch.site}/{batch.node}"
    for kind, write in _WRITERS.items():
        for row in rows(batch.events.get(kind)):
            yield from write(node, row)


def rows(columns: Mapping[str, list[Value]] | None) -> Iterator[Row]:
    """Yield columns as rows."""
    if not columns:
        return
    names = tuple(columns)
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(names, values, strict=True))


def _station(node: str, row: Row) -> Iterator[Note]:
    # Thread and needle stops last a minute or two: they would drown everything else.
    if row["state"] not in _STATION_TEXT or row["cause"] in ("thread", "needle", "bobbin"):
        return
    station = f"{node}/{row['station']}"
    level, text, text_zh = _STATION_TEXT[str(row["state"])]
    cause, cause_zh = say(CAUSES, row["cause"])
    yield Note(
        int(row["ts_ms"]),
        level,
        "station",
        text.format(station=station, cause=cause),
        text_zh.format(station=station, cause=cause_zh),
        station=station,
    )


def _order(_node: str, row: Row) -> Iterator[Note]:
    texts = _ORDER_TEXT.get(str(row["state"]))
    if texts is None:
        return
    words = {
        "order": row["order"],
        "pieces": row["pieces"],
        "place": f"{row['site']}/{row['line']}",
        "region": row["region"],
    }
    level = "P2" if row["state"] == "refused" else "info"
    yield Note(
        int(row["ts_ms"]),
        level,
        "order",
        texts[0].format(**words),
        texts[1].format(**words),
        order=str(row["order"]),
    )


def _stock(node: str, row: Row) -> Iterator[Note]:
    if row["reason"] != "out":
        return
    region = node.partition("/")[0]
    yield Note(
        int(row["ts_ms"]),
        "P3",
        "stock",
        f"{row['sku']} is sold out in {region}",
        f"{row['sku']} 在 {region} 售罄",
    )


def _control(_node: str, row: Row) -> Iterator[Note]:
    action, action_zh = say(COMMANDS, row["action"])
    yield Note(
        int(row["ts_ms"]),
        "info",
        "control",
        f"{action} {row['target']}".strip(),
        f"{action_zh} {row['target']}".strip(),
    )


_WRITERS = {"station": _station, "order": _order, "stock": _stock, "control": _control}
