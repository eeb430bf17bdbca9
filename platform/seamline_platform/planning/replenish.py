"""Replenishment: demand over the lead time, stock and work in progress become orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from seamline_broker.contracts.catalogue import Catalogue, Style
from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.view import OPEN_STATES, OrderView, View
from seamline_platform.planning.calendar import DAY_MS

KIND: Final = "replenishment"


@dataclass(frozen=True, slots=True)
class ReplenishParams:
    """How stock is kept. An order-up-to policy, reviewed once per plant night."""

    service: float = 0.9
    """Quantile of demand that stock must cover: the newsvendor ratio cu / (cu + co)."""
    lead_days: int = 5
    """Days from the order to goods in stock."""
    review_days: int = 1
    due_days: int = 5
    """Due date of a replenishment order, days from now."""
    min_share_of_moq: float = 0.2
    """A need below this share of the minimum order waits, unless a size is about to run out."""
    max_pieces: int | None = None
    """Cap of one night, most urgent orders first; None = no cap."""

    def __post_init__(self) -> None:
        if not 0.0 < self.service < 1.0:
            raise ValueError(f"A service level of {self.service} is not inside 0 to 1.")
        if self.lead_days < 1 or self.review_days < 1:
            raise ValueError("Lead time and review period are at least one day.")

    @property
    def cover_days(self) -> int:
        """Days of demand that an order-up-to level covers: lead time plus review period."""
        return self.lead_days + self.review_days

    @classmethod
    def newsvendor(
        cls, price_fen: float, unit_cost_fen: float, salvage_fen: float, lead_days: int = 5
    ) -> "ReplenishParams":
        """Return parameters with the service level (p - c) / (p - s) of the newsvendor.

        Raises:
            ValueError: if not salvage < cost < price.
        """
        if not salvage_fen < unit_cost_fen < price_fen:
            raise ValueError("A newsvendor needs salvage value < unit cost < price.")
        ratio = (price_fen - unit_cost_fen) / (price_fen - salvage_fen)
        return cls(service=ratio, lead_days=lead_days)


def stock_position(view: View) -> dict[tuple[str, str], float]:
    """Return pieces on hand plus pieces of open replenishment orders, by (region, SKU)."""
    position: dict[tuple[str, str], float] = {key: float(n) for key, n in view.stock.items()}
    for order in view.orders.values():
        if order.kind != KIND or order.state not in OPEN_STATES or order.pieces <= 0:
            continue
        left = max(order.pieces - order.delivered - order.scrapped, 0) / order.pieces
        for size, pieces in order.sizes.items():
            key = (order.region, f"{order.style}-{order.colour}-{size}")
            position[key] = position.get(key, 0.0) + pieces * left
    return position


def replenish(
    view: View,
    order_up_to: Mapping[str, float],
    expected: Mapping[str, float],
    params: ReplenishParams | None = None,
    now_ms: int | None = None,
) -> list[OrderView]:
    """Return the replenishment orders of this night, most urgent first.

    `order_up_to` and `expected` are the service quantile and the mean of demand over
    `params.cover_days`, by `SKU@region`. Per style, colour and region: need of a size = order-up-to
    level - stock - open orders. A group is ordered if its need reaches `min_share_of_moq` of the
    minimum order, or if a size has less than its expected demand left; an order below the
    minimum is filled up to it in the proportion of expected demand. One order per group and day.
    """
    chosen = params or ReplenishParams()
    now = view.now_ms if now_ms is None else now_ms
    position = stock_position(view)
    found: list[tuple[float, OrderView]] = []
    for style in view.catalogue.styles.values():
        for colour in style.colours:
            for region in view.catalogue.regions:
                name = f"RO-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d}"
                name = f"{name}-{style.style}-{colour}-{region}"
                if name in view.orders:
                    continue
                group = _Group(style, colour, region, position, order_up_to, expected)
                sizes = group.order(view.catalogue.moq_pieces, chosen)
                if sizes:
                    found.append((group.cover(), _order(name, group, sizes, now, chosen)))
    found.sort(key=lambda item: (item[0], item[1].order))
    return _capped([order for _, order in found], chosen.max_pieces)


class _Group:
    """The sizes of one style and colour in one region."""

    def __init__(
        self,
        style: Style,
        colour: str,
        region: str,
        position: Mapping[tuple[str, str], float],
        order_up_to: Mapping[str, float],
        expected: Mapping[str, float],
    ) -> None:
        self.style, self.colour, self.region = style, colour, region
        skus = {size: f"{style.style}-{colour}-{size}" for size in style.sizes}
        self.have = {s: position.get((region, sku), 0.0) for s, sku in skus.items()}
        self.level = {s: order_up_to.get(f"{sku}@{region}", 0.0) for s, sku in skus.items()}
        self.mean = {s: expected.get(f"{sku}@{region}", 0.0) for s, sku in skus.items()}

    def order(self, moq: int, params: ReplenishParams) -> dict[str, int]:
        """Return pieces per size, empty if nothing is to be ordered."""
        need = {s: max(self.level[s] - self.have[s], 0.0) for s in self.have}
        total = sum(need.values())
        short = any(self.have[s] < self.mean[s] and need[s] >= 1.0 for s in self.have)
        if total < 1.0 or (total < params.min_share_of_moq * moq and not short):
            return {}
        if total < moq:
            # Filling up follows expected demand, so that all sizes last equally long.
            weight = self.mean if sum(self.mean.values()) > 0 else need
            whole = sum(weight.values())
            need = {s: need[s] + (moq - total) * weight[s] / whole for s in need}
        return _rounded(need, max(round(sum(need.values())), moq))

    def cover(self) -> float:
        """Return what is there over what is expected to be asked for: small = urgent."""
        return sum(self.have.values()) / max(sum(self.mean.values()), 1e-9)


def _rounded(need: Mapping[str, float], total: int) -> dict[str, int]:
    """Return whole pieces that add up to `total`, by largest remainder."""
    result = {s: int(n) for s, n in need.items()}
    rest = sorted(need, key=lambda s: (result[s] - need[s], s))
    for s in rest[: max(total - sum(result.values()), 0)]:
        result[s] += 1
    return {s: n for s, n in result.items() if n > 0}


def _order(
    name: str, group: _Group, sizes: Mapping[str, int], now_ms: int, params: ReplenishParams
) -> OrderView:
    return OrderView(
        order=name,
        kind=KIND,
        seller="",
        style=group.style.style,
        colour=group.colour,
        sizes=dict(sizes),
        region=group.region,
        placed_ms=now_ms,
        due_ms=now_ms + params.due_days * DAY_MS,
        weight=1,
        state="received",
    )


def _capped(orders: Sequence[OrderView], max_pieces: int | None) -> list[OrderView]:
    if max_pieces is None:
        return list(orders)
    result, total = [], 0
    for order in orders:
        if total + order.pieces <= max_pieces:
            result.append(order)
            total += order.pieces
    return result


def reserve_cloth(orders: Sequence[OrderView], catalogue: Catalogue) -> list[Command]:
    """Return one reservation per order at the warehouse of the region that it is for."""
    result = []
    for order in orders:
        style = catalogue.styles[order.style]
        metres = order.pieces * style.fabric_cm / 100
        result.append(
            Command(
                node=f"{order.region}/warehouse",
                name="reserve_cloth",
                args={
                    "order": order.order,
                    "fabric": style.fabric,
                    "colour": order.colour,
                    "length_cm": order.pieces * style.fabric_cm,
                },
                order=order.order,
                reason=f"{metres:.0f} m of {style.fabric} {order.colour} for {order.pieces} pieces",
                reason_zh=f"为 {order.pieces} 件预留 {style.fabric} {order.colour} {metres:.0f} 米",
            )
        )
    return result
