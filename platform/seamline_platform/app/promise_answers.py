"""Promises from the live state: the network of the moment, dispatched, and one order priced."""

import threading
import time
from collections.abc import Callable
from typing import Final

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.view import View
from seamline_platform.api.problems import RequestError
from seamline_platform.api.promise_models import PromiseLot, PromiseOption, PromiseQuote
from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.live import DAY_MS, Ask, demand_of_ask, network_of_view
from seamline_platform.planning.network.promise import (
    Book,
    Option,
    PromiseTerms,
    Quote,
    in_words,
)
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.shop.annealing import Timer

_FRESH_MS: Final = 15 * 60_000
"""Plant time for which a book is asked again before the orders are dispatched anew."""
_CPU_S: Final = 1.0
"""Exchanges end after this; the demo's orders need some hundredths."""


class PromiseAnswers:
    """Answers promises from the newest book: orders dispatched, hours priced."""

    def __init__(
        self,
        view: Callable[[], View],
        params: Callable[[], DispatchParams],
        cpu: Timer = time.thread_time,
    ) -> None:
        self._view, self._params, self._cpu = view, params, cpu
        self._lock = threading.Lock()
        self._made_ms = 0
        self._book: Book | None = None

    def quote(self, style: str, pieces: int, region: str, days: int) -> PromiseQuote:
        """Return a quote; nothing is booked.

        Raises:
            RequestError: 404 if style or region is unknown, 503 before master data have come.
        """
        view = self._view()
        catalogue = view.catalogue
        _check(catalogue, style, region)
        book = self._newest(view)
        begun = self._cpu()
        demand = demand_of_ask(catalogue, Ask(style, pieces, region, days))
        today_ms = view.now_ms // DAY_MS * DAY_MS
        lots = [_lot(quote, today_ms) for quote in book.quote_lots(demand)]
        return PromiseQuote(
            style=style,
            pieces=pieces,
            region=region,
            due_ms=today_ms + days * DAY_MS,
            lots=lots,
            orders=len(book.network.orders),
            moq_pieces=catalogue.moq_pieces,
            ms=round((self._cpu() - begun) * 1_000, 2),
        )

    def _newest(self, view: View) -> Book:
        """Return the book of the moment, made anew when it is old."""
        with self._lock:
            fresh = 0 <= view.now_ms - self._made_ms < _FRESH_MS
            if self._book is None or not fresh:
                network = network_of_view(view, self._params(), view.now_ms)
                terms = PromiseTerms(moq_pieces=view.catalogue.moq_pieces)
                self._book = Book.of(network, dispatch(network, self._cpu, _CPU_S), terms)
                self._made_ms = view.now_ms
            return self._book


def _check(catalogue: Catalogue, style: str, region: str) -> None:
    if not catalogue.lines:
        raise RequestError(503, "Plants and styles are not known yet.", "ask again in a moment")
    if style not in catalogue.styles:
        raise RequestError(404, f"Style {style!r} is unknown.", "a style", list(catalogue.styles))
    if region not in catalogue.regions:
        raise RequestError(404, f"Region {region!r} is unknown.", "a region", catalogue.regions)


def _lot(quote: Quote, today_ms: int) -> PromiseLot:
    best = quote.best
    return PromiseLot(
        pieces=quote.order.pieces,
        best=None if best is None else _option(quote, best, today_ms),
        alternatives=[_option(quote, o, today_ms) for o in quote.alternatives],
        in_time=quote.in_time,
        refused=quote.refused,
        refused_zh=quote.refused_zh,
    )


def _option(quote: Quote, option: Option, today_ms: int) -> PromiseOption:
    text, text_zh = in_words(quote, option)
    return PromiseOption(
        site=option.plant,
        region=option.region,
        sewn_ms=today_ms + option.day * DAY_MS,
        arrives_ms=today_ms + option.arrives * DAY_MS,
        cost_yuan=round(option.cost, 2),
        price_yuan=round(option.price, 2),
        price_per_piece_yuan=round(option.price / quote.order.pieces, 4),
        moves=option.moves,
        text=text,
        text_zh=text_zh,
    )
