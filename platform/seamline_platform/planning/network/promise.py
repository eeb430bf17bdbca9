"""A promise for the next order, in milliseconds: where, when, and what other days would cost.

Capable to promise: every (plant, day) that could take the order is priced at what the order itself
costs there plus what its hours are worth to the others, the capacity's dual price. Where a bucket
is full, one order that can move elsewhere may make room; its extra cost is part of the price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.network.dispatch import Dispatched
from seamline_platform.planning.network.lots import LotRule, lots_of
from seamline_platform.planning.network.problem import (
    MOQ_PIECES,
    PROMISE_DAYS,
    Demand,
    Network,
)

_EPS: Final = 1e-9
_NOTICED: Final = 0.005
"""Share of the price below which two prices count as the same."""
_TRIES: Final = 6
"""Full buckets in which an order is asked to make room: those that would be cheapest."""


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """What is promised by default: orders of `moq_pieces` and more, within `promise_days`."""

    moq_pieces: int = MOQ_PIECES
    promise_days: int = PROMISE_DAYS
    alternatives: int = 4

    def __post_init__(self) -> None:
        for name in ("moq_pieces", "promise_days", "alternatives"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 0:
                raise ConfigError(f"PromiseTerms.{name} is {getattr(self, name)!r}; allowed: >= 0.")


@dataclass(frozen=True, slots=True)
class Option:
    """One way to make the order; money in yuan.

    `cost` is sewing and way, `price` adds what its hours are worth to others. Being late costs
    nothing here: whoever asks chooses the day.
    """

    plant: str
    region: str
    day: int
    arrives: int
    cost: float
    price: float
    moves: str = ""
    """Order that makes room by moving to `moves_to`; empty: there is room."""
    moves_to: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Quote:
    """The answer to one order: the best option, and the cheapest of other days.

    The best is the cheapest that arrives by the due day, or else the one that arrives first.

    `refused` says why there is none, and what would have to change.
    """

    order: Demand
    best: Option | None
    alternatives: tuple[Option, ...] = ()
    refused: str = ""
    refused_zh: str = ""

    @property
    def in_time(self) -> bool:
        """True if the goods arrive by the day they are due."""
        return self.best is not None and self.best.arrives <= self.order.due


@dataclass(frozen=True)
class Book:
    """What is promised so far: where every order lies, the room left, what hours are worth."""

    network: Network
    placed: Mapping[str, tuple[str, int]]
    room: Mapping[tuple[str, int], float]
    prices: Mapping[tuple[str, int], float]
    terms: PromiseTerms = field(default_factory=PromiseTerms)

    @classmethod
    def of(cls, network: Network, plan: Dispatched, terms: PromiseTerms | None = None) -> "Book":
        """Return the book of a dispatched network."""
        room = {(p.plant, d): h for p in network.plants for d, h in enumerate(p.capacity_h)}
        for place in plan.places:
            order = network.order_of[place.order]
            room[place.plant, place.day] -= network.hours(order, network.plant_of[place.plant])
        placed = {p.order: (p.plant, p.day) for p in plan.places}
        return cls(network, placed, room, plan.prices, terms or PromiseTerms())

    def quote(self, order: Demand) -> Quote:
        """Return where and when an order can be made; nothing is booked."""
        refusal = self._refusal(order)
        if refusal is not None:
            return Quote(order, None, (), *refusal)
        options, full = self._options(order)
        options += [made for option in full[:_TRIES] if (made := self._make_room(order, option))]
        if not options:
            return Quote(order, None, (), *_full(self.network, order))
        best = _best(options, order.due)
        others = _worth_saying(options, best)[: self.terms.alternatives]
        return Quote(order, best, others)

    def quote_lots(self, order: Demand, rule: LotRule | None = None) -> tuple[Quote, ...]:
        """Return a quote for every lot of an order, each after those before it are booked.

        Lots are part of an order that was accepted, so the least order does not count for them.
        """
        lots = lots_of(self.network, order, rule or LotRule())
        if len(lots) == 1:
            return (self.quote(order),)
        book, quotes = replace(self, terms=replace(self.terms, moq_pieces=0)), []
        if (refusal := self._refusal(order)) is not None:
            return (Quote(order, None, (), *refusal),)
        for lot in lots:
            quote = book.quote(lot)
            quotes.append(quote)
            if quote.best is not None:
                book = book.accept(quote)
        return tuple(quotes)

    def accept(self, quote: Quote, option: Option | None = None) -> "Book":
        """Return the book with an order in it: in the best option, or in one of the others.

        Raises:
            ConfigError: if the quote has no option, or the order is there already.
        """
        chosen = option or quote.best
        order = quote.order
        if chosen is None:
            raise ConfigError(f"Order {order.order} has no option to accept: {quote.refused}")
        if order.order in self.network.order_of:
            raise ConfigError(f"Order {order.order} is in the book already.")
        network = replace(self.network, orders=(*self.network.orders, order))
        room, placed = dict(self.room), dict(self.placed)
        if chosen.moves:
            self._move(room, placed, chosen.moves, chosen.moves_to)
        room[chosen.plant, chosen.day] -= network.hours(order, network.plant_of[chosen.plant])
        placed[order.order] = (chosen.plant, chosen.day)
        return Book(network, placed, room, self.prices, self.terms)

    def _move(
        self,
        room: dict[tuple[str, int], float],
        placed: dict[str, tuple[str, int]],
        name: str,
        to: tuple[str, int],
    ) -> None:
        order, network = self.network.order_of[name], self.network
        here = placed[name]
        room[here] += network.hours(order, network.plant_of[here[0]])
        room[to] -= network.hours(order, network.plant_of[to[0]])
        placed[name] = to

    def _refusal(self, order: Demand) -> tuple[str, str] | None:
        if order.pieces < self.terms.moq_pieces:
            return (
                f"{order.pieces} pieces; the least order is {self.terms.moq_pieces}. Order "
                f"{self.terms.moq_pieces - order.pieces} more, or join it with another of its "
                "style and colour.",
                f"{order.pieces} 件，起订量 {self.terms.moq_pieces} 件。请加 "
                f"{self.terms.moq_pieces - order.pieces} 件，或与同款同色订单合并。",
            )
        if not self.network.able(order):
            return (
                f"No plant sews {order.family}; there is: {_families(self.network)}.",
                f"没有工厂能做 {order.family}；现有：{_families(self.network)}。",
            )
        return None

    def _options(self, order: Demand) -> tuple[list[Option], list[Option]]:
        """Return the options with room, and those without by what they would cost at least."""
        free: list[Option] = []
        full: list[Option] = []
        network = self.network
        for plant in network.able(order):
            hours = network.hours(order, plant)
            way = network.terms.way_days(plant.region, order.region)
            for day in range(order.release, network.days):
                if hours > plant.capacity_h[day] + _EPS:
                    continue
                cost = network.making(order, plant)
                price = cost + self.prices.get((plant.plant, day), 0.0) * hours
                option = Option(plant.plant, plant.region, day, day + way, cost, price)
                there = hours <= self.room[plant.plant, day] + _EPS
                (free if there else full).append(option)
        return free, sorted(full, key=lambda o: o.price)

    def _make_room(self, order: Demand, option: Option) -> Option | None:
        """Return a full option with the cheapest order that makes room by moving elsewhere."""
        network, bucket = self.network, (option.plant, option.day)
        plant = network.plant_of[option.plant]
        missing = network.hours(order, plant) - self.room[bucket]
        best: Option | None = None
        for name in self._members.get(bucket, ()):
            other = network.order_of[name]
            if network.hours(other, plant) < missing - _EPS or _same_order(name, order.order):
                continue
            away = self._away(other, bucket)
            if away is not None and (best is None or option.cost + away[0] < best.price):
                best = replace(option, price=option.cost + away[0], moves=name, moves_to=away[1])
        return best

    def _away(self, order: Demand, here: tuple[str, int]) -> tuple[float, tuple[str, int]] | None:
        network = self.network
        stays = network.cost(order, network.plant_of[here[0]], here[1])
        best: tuple[float, tuple[str, int]] | None = None
        for plant in network.able(order):
            hours = network.hours(order, plant)
            for day in range(order.release, network.days):
                bucket = (plant.plant, day)
                if bucket == here or hours > self.room[bucket] + _EPS:
                    continue
                extra = network.cost(order, plant, day) - stays
                extra += self.prices.get(bucket, 0.0) * hours
                if best is None or extra < best[0]:
                    best = (extra, bucket)
        return best

    @cached_property
    def _members(self) -> Mapping[tuple[str, int], Sequence[str]]:
        members: dict[tuple[str, int], list[str]] = {}
        for name, bucket in self.placed.items():
            members.setdefault(bucket, []).append(name)
        return members


def _same_order(a: str, b: str) -> bool:
    """Return True for two lots of one order: they do not make room for each other."""
    return "/" in a and a.rpartition("/")[0] == b.rpartition("/")[0]


def _families(network: Network) -> str:
    known = sorted({f for p in network.plants for f in p.efficiency})
    return ", ".join(known[:8]) or "none"


def _full(network: Network, order: Demand) -> tuple[str, str]:
    last = network.days - 1
    return (
        f"No plant that sews {order.family} has room up to day {last}. Split the order, plan more "
        "days, or add hours.",
        f"到第 {last} 天为止，能做 {order.family} 的工厂都已排满。请拆单、延长计划或增加工时。",
    )


def _best(options: Sequence[Option], due: int) -> Option:
    in_time = [o for o in options if o.arrives <= due]
    if in_time:
        return min(in_time, key=lambda o: (round(o.price, 2), o.arrives, o.plant))
    return min(options, key=lambda o: (o.arrives, o.price, o.plant))


def _worth_saying(options: Sequence[Option], best: Option) -> tuple[Option, ...]:
    """Return options that are earlier than the best, or cheaper than everything that is earlier.

    Of each day of arrival the cheapest; the first day first.
    """
    cheapest: dict[int, Option] = {}
    for option in options:
        known = cheapest.get(option.arrives)
        if known is None or (option.price, option.plant) < (known.price, known.plant):
            cheapest[option.arrives] = option
    told: list[Option] = []
    least = float("inf")
    for day in sorted(cheapest):
        option = cheapest[day]
        if option.price < least * (1 - _NOTICED):
            least = option.price
            told.append(option)
    return tuple(o for o in told if o.arrives != best.arrives)


def in_words(quote: Quote, option: Option) -> tuple[str, str]:
    """Say how another option compares with the best one: "3 days later is 6 % cheaper"."""
    if quote.best is None:
        return quote.refused, quote.refused_zh
    days = option.arrives - quote.best.arrives
    share = option.price / quote.best.price - 1 if quote.best.price else 0.0
    when = (
        "on the same day"
        if not days
        else f"{abs(days)} day{'s' * (abs(days) > 1)} " + ("later" if days > 0 else "earlier")
    )
    when_zh = "同一天" if not days else f"{'晚' if days > 0 else '早'} {abs(days)} 天"
    if abs(share) < _NOTICED:
        return f"{when} costs the same ({option.plant})", f"{when_zh}，费用相同（{option.plant}）"
    word, word_zh = ("dearer", "贵") if share > 0 else ("cheaper", "便宜")
    return (
        f"{when} is {abs(share):.0%} {word} ({option.plant})",
        f"{when_zh}，{word_zh} {abs(share):.0%}（{option.plant}）",
    )
