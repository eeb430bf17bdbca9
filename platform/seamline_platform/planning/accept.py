"""Whether an order can be made at all: product and region have to be in the catalogue."""

from collections.abc import Iterable

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.view import OrderView
from seamline_platform.planning.explain import Text


def fault_of(order: OrderView, catalogue: Catalogue) -> Text | None:
    """Return why an order cannot be made: what came and what exists; None if it can."""
    style = catalogue.styles.get(order.style)
    if style is None:
        return _unknown("style", "款式", order.style, sorted(catalogue.styles))
    if order.colour not in style.colours:
        return _unknown(
            f"colour of {order.style}", f"{order.style} 颜色", order.colour, style.colours
        )
    for size in order.sizes:
        if size not in style.sizes:
            return _unknown(f"size of {order.style}", f"{order.style} 尺码", size, style.sizes)
    if order.region not in catalogue.regions:
        return _unknown("region", "区域", order.region, catalogue.regions)
    return None


def _unknown(what: str, what_zh: str, came: str, exist: Iterable[str]) -> Text:
    known = ", ".join(exist)
    return (
        f"{what} {came!r} is unknown; there are {known}",
        f"未知{what_zh} {came!r}；可选：{known}",
    )
