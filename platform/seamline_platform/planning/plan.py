"""The plan as bars of a Gantt chart."""

from dataclasses import dataclass

from seamline_broker.contracts.view import View
from seamline_platform.planning.floor import Floor


@dataclass(frozen=True, slots=True)
class Bar:
    """One order on one line: plant times of its set-up's start and its last stitch.

    `setup_ms` is the working time of the set-up at the start of the bar; `late` says that the goods
    arrive after their due date.
    """

    order: str
    site: str
    line: str
    start_ms: int
    end_ms: int
    setup_ms: int
    state: str
    late: bool
    style: str
    pieces: int
    delivery_ms: int


def bars_of(view: View, floor: Floor) -> tuple[Bar, ...]:
    """Return the bars of all lines, line by line in sequence."""
    result: list[Bar] = []
    for line in floor.lines.values():
        calendar = line.model.calendar
        for slot in line.slots():
            order = view.orders[slot.job.order]
            delivery = line.delivery_ms(slot, order.region)
            result.append(
                Bar(
                    order=order.order,
                    site=line.info.site,
                    line=line.info.line,
                    start_ms=calendar.start_at(slot.start_ms),
                    end_ms=calendar.end_at(slot.end_ms),
                    setup_ms=slot.setup_ms,
                    state=slot.job.state,
                    late=delivery > order.due_ms,
                    style=order.style,
                    pieces=slot.job.pieces,
                    delivery_ms=delivery,
                )
            )
    return tuple(result)
