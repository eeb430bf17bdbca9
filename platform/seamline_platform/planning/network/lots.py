"""Orders too large for one bucket, as lots."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from seamline_broker.errors import ConfigError
from seamline_platform.planning.network.problem import Demand, Network


@dataclass(frozen=True, slots=True)
class LotRule:
    """A lot takes at most `share` of the largest day of any plant that can sew it."""

    share: float = 0.5
    least_pieces: int = 20
    """No lot is smaller than this unless the order is."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or self.least_pieces < 1:
            raise ConfigError(
                f"A lot rule of share {self.share} and at least {self.least_pieces} pieces; "
                "allowed: a share above 0 and up to 1, at least 1 piece."
            )


def lots_of(network: Network, order: Demand, rule: LotRule) -> tuple[Demand, ...]:
    """Return an order as lots that fit: `name/1`, `name/2`, ..; the order itself if it fits.

    Pieces are divided as evenly as whole pieces allow; pieces and hours sum to those of the order.
    """
    able = network.able(order)
    largest = max((h * p.efficiency[order.family] for p in able for h in p.capacity_h), default=0.0)
    limit = rule.share * largest
    if limit <= 0 or order.hours <= limit:
        return (order,)
    count = min(math.ceil(order.hours / limit), max(order.pieces // rule.least_pieces, 1))
    if count < 2:
        return (order,)
    whole, more = divmod(order.pieces, count)
    sizes = [whole + (n < more) for n in range(count)]
    per_piece = order.hours / order.pieces
    return tuple(
        replace(order, order=f"{order.order}/{n + 1}", pieces=size, hours=size * per_piece)
        for n, size in enumerate(sizes)
    )


def split_lots(network: Network, rule: LotRule | None = None) -> Network:
    """Return the network with every order that is too large replaced by its lots."""
    chosen = rule or LotRule()
    lots: Iterable[Demand] = (
        lot for order in network.orders for lot in lots_of(network, order, chosen)
    )
    return replace(network, orders=tuple(lots))
