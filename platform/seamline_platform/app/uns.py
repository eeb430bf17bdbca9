"""The Unified Namespace branch: current state as readable JSON, by ISA-95 levels. Pure.

`seamline/v1/uns/{enterprise}/{site}/{area}/{line}[/{cell}]`; simulated lines have area `sewing`.
"""

import json
from collections.abc import Mapping

from seamline_broker.contracts.topics import uns_topic
from seamline_broker.contracts.view import View

ENTERPRISE = "seamline"
AREA = "sewing"


class Namespace:
    """Remembers what was published and gives only what changed."""

    def __init__(self) -> None:
        self._published: dict[str, bytes] = {}

    def changes(self, view: View, kpis: Mapping[str, Mapping[str, object]]) -> dict[str, bytes]:
        """Return topic -> payload of lines and plants whose state is not the published one.

        Args:
            view: what is known of the plants.
            kpis: KPI name -> value by `site/line`.
        """
        state = self._lines(view, kpis) | self._sites(view)
        changed = {t: p for t, p in state.items() if self._published.get(t) != p}
        self._published.update(changed)
        return changed

    def forget(self) -> None:
        """Publish everything again at the next call, as after a reconnect."""
        self._published.clear()

    @staticmethod
    def _lines(view: View, kpis: Mapping[str, Mapping[str, object]]) -> dict[str, bytes]:
        result = {}
        for node, line in view.lines.items():
            document = {
                "state": "running" if line.open else "closed",
                "style": line.style,
                "sewing": list(line.sewing),
                "queue": list(line.queue),
                "wip": line.wip,
                "down": list(line.down),
                **kpis.get(node, {}),
            }
            result[uns_topic(ENTERPRISE, line.site, AREA, line.line)] = _encode(document)
        return result

    @staticmethod
    def _sites(view: View) -> dict[str, bytes]:
        sites: dict[str, list[int]] = {}
        for line in view.lines.values():
            totals = sites.setdefault(line.site, [0, 0, 0])
            totals[0] += line.open
            totals[1] += line.wip
            totals[2] += len(line.down)
        return {
            uns_topic(ENTERPRISE, site): _encode({"lines_open": o, "wip": w, "stations_down": d})
            for site, (o, w, d) in sites.items()
        }


def raw_value_message(
    site: str, node: str, cell: str, values: Mapping[str, float | None], ts_ms: int
) -> tuple[str, bytes]:
    """Return topic and payload that mirror a raw device of `site/area/line/cell`."""
    area, _, line = node.partition("/")
    topic = uns_topic(ENTERPRISE, site, area, line, cell)
    return topic, _encode({**values, "ts": ts_ms})


def _encode(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
