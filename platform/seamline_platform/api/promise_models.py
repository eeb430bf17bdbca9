"""What a promise looks like on the wire: options for one more order, with their prices."""

from pydantic import Field

from seamline_platform.api.model_base import Model, PlantMs, Text, TextZh


class PromiseOption(Model):
    """One plant and day that could make the order."""

    site: str
    region: str
    sewn_ms: PlantMs = Field(description="day of sewing (its midnight), epoch ms UTC")
    arrives_ms: PlantMs = Field(description="day on which the goods are there (its midnight)")
    cost_yuan: float = Field(description="sewing and way")
    price_yuan: float = Field(description="cost, and what its hours are worth to other orders")
    price_per_piece_yuan: float
    moves: str = Field(description="order that makes room by moving; empty: there is room")
    text: Text
    text_zh: TextZh


class PromiseLot(Model):
    """The answer for a lot; most orders are one lot."""

    pieces: int
    best: PromiseOption | None
    alternatives: list[PromiseOption] = Field(description="earlier days, and later cheaper ones")
    in_time: bool
    refused: Text
    refused_zh: TextZh


class PromiseQuote(Model):
    """GET /api/promise: where and when one more order could be made, as things stand."""

    style: str
    pieces: int
    region: str
    due_ms: PlantMs = Field(description="day by which the goods are wanted (its midnight)")
    lots: list[PromiseLot]
    orders: int = Field(description="orders without a kit that hours are kept for")
    moq_pieces: int
    ms: float = Field(description="CPU milliseconds that the answer took, dispatch apart")
