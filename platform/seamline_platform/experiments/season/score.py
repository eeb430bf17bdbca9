"""The scorer: follows a run with the truth open to it, for the ledger. No policy ever sees it."""

from dataclasses import dataclass, field

from seamline_broker.contracts.events import Event
from seamline_platform.experiments.season.ledger import Flow, SellerSums

DAY_MS = 86_400_000


@dataclass(slots=True)
class _Order:
    style: str
    due_ms: int
    placed_ms: int
    price_fen: int
    pieces: int
    delivered_ms: int = 0
    delivered: int = 0


@dataclass(slots=True)
class Scorer:
    """Sums of the counted days: what `Flow` holds."""

    start_ms: int
    from_day: int
    """First day that counts."""
    sellers: dict[str, _Order] = field(default_factory=dict)
    stock: list[int] = field(default_factory=list)
    stock_fen: list[int] = field(default_factory=list)
    daily_wanted: list[int] = field(default_factory=list)
    ordered: dict[int, int] = field(default_factory=dict)
    """Pieces ordered for the shops, by day of decision."""
    decided_ms: dict[str, int] = field(default_factory=dict)
    _delivered: dict[str, int] = field(default_factory=dict)
    _lead_ms: int = 0
    _lead_pieces: int = 0

    def take(self, events: list[Event]) -> None:
        """Follow orders of sellers and all deliveries."""
        for event in events:
            if event.kind == "seller_order":
                v = event.values
                self.sellers[str(v[0])] = _Order(
                    str(v[2]), int(v[7]), event.ts_ms, int(v[9]), int(v[5])
                )
            elif event.kind == "order" and event.values[1] == "delivered":
                self._deliver(event)

    def _deliver(self, event: Event) -> None:
        order, style, pieces = str(event.values[0]), str(event.values[3]), int(event.values[6])
        seller = self.sellers.get(order)
        since = self.decided_ms.get(order, event.ts_ms)
        if seller is not None:
            seller.delivered_ms, seller.delivered = event.ts_ms, pieces
            since = seller.placed_ms
        if event.ts_ms < self.start_ms + self.from_day * DAY_MS:
            return
        self._lead_ms += (event.ts_ms - since) * pieces
        self._lead_pieces += pieces
        self._delivered[style] = self._delivered.get(style, 0) + pieces

    def midnight(self, day: int, stock: int, stock_fen: int, wanted: int) -> None:
        """Note the end of a day: pieces and value in the house, pieces wanted since the start."""
        self.daily_wanted.append(wanted)
        if day >= self.from_day:
            self.stock.append(stock)
            self.stock_fen.append(stock_fen)

    def flow(self, end_ms: int, categories: dict[str, str]) -> Flow:
        """Return the sums; `categories` maps styles to them."""
        delivered: dict[str, int] = dict.fromkeys(sorted(set(categories.values())), 0)
        for style, pieces in self._delivered.items():
            delivered[categories[style]] += pieces
        weeks = range(self.from_day, len(self.daily_wanted) - 6, 7)
        wanted = [0, *self.daily_wanted]
        return Flow(
            stock=self.stock,
            stock_fen=self.stock_fen,
            weekly_orders=[
                sum(self.ordered.get(day, 0) for day in range(week, week + 7)) for week in weeks
            ],
            weekly_demand=[wanted[week + 7] - wanted[week] for week in weeks],
            lead_ms=self._lead_ms,
            lead_pieces=self._lead_pieces,
            sellers=self._seller_sums(end_ms),
            delivered=delivered,
        )

    def _seller_sums(self, end_ms: int) -> SellerSums:
        begin = self.start_ms + self.from_day * DAY_MS
        due = on_time = revenue = late = 0
        for order in self.sellers.values():
            if order.delivered_ms >= begin:
                revenue += order.delivered * order.price_fen
            if begin <= order.due_ms < end_ms:
                due += 1
                good = 0 < order.delivered_ms <= order.due_ms
                on_time += good
                late += 0 if good else order.pieces * order.price_fen
        return SellerSums(due, on_time, revenue, late)
