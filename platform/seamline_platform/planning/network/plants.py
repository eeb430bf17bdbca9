"""Which plant sews which order, chosen over all plants and days at once: for the live hub."""

from collections.abc import Mapping
from typing import Final

from seamline_broker.contracts.view import View
from seamline_platform.planning.network.live import network_of_view
from seamline_platform.planning.network.prices import UPPER, find_prices
from seamline_platform.planning.network.rounding import improve, round_prices
from seamline_platform.planning.network.tables import compile_network
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.shop.annealing import Timer

_CPU_S: Final = 0.5
"""Exchanges end after this; some hundred orders need some hundredths of a second."""


class PlantDispatch:
    """Chooses plants by the prices of hours, rounding and exchanges, as `dispatch` does.

    The linear programme itself is left out: it would gain some thousandths on some hundred orders,
    and cost 50 MB of a process that runs all day.
    """

    def __init__(self, cpu: Timer) -> None:
        self._cpu = cpu

    def __call__(self, view: View, params: DispatchParams, now_ms: int) -> Mapping[str, str]:
        """Return the site of every order that no line has yet and that has a place."""
        network = network_of_view(view, params, now_ms)
        if not network.orders or not network.plants:
            return {}
        t = compile_network(network)
        a = round_prices(t, find_prices(t, UPPER * float(t.cost.min(axis=1).sum())))
        begun = self._cpu()
        improve(a, lambda: self._cpu() - begun > _CPU_S)
        names = [p.plant for p in network.plants for _ in range(network.days)]
        return {
            order.order: names[bucket]
            for order, bucket in zip(network.orders, a.bucket.tolist(), strict=True)
            if bucket < t.buckets
        }
