"""Who wants to know what ingest takes in."""

from collections.abc import Callable
from dataclasses import dataclass

from seamline_broker.contracts.commands import CommandResult
from seamline_broker.contracts.messages import Birth, RunClock, SellerOrder
from seamline_broker.contracts.topics import NodeId
from seamline_platform.domain.batches import DecodedBatch


def nothing(*_: object) -> None:
    """Do nothing: for whoever does not want to know."""


@dataclass(slots=True)
class Handlers:
    """Who wants to know: all but `on_order` are called in the ingest thread, before the commit.

    `on_order` is called in the store's writer thread, once an order that was not known is
    committed. A handler must return quickly; what it raises is logged and counted.
    """

    on_batch: Callable[[DecodedBatch], None] = nothing
    on_raw: Callable[[DecodedBatch], None] = nothing
    on_birth: Callable[[Birth], None] = nothing
    on_result: Callable[[NodeId, CommandResult], None] = nothing
    on_order: Callable[[SellerOrder, int], None] = nothing
    on_order_again: Callable[[SellerOrder], None] = nothing
    """A known order came once more: its seller has not heard the answer."""
    on_clock: Callable[[RunClock], None] = nothing
