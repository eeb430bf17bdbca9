"""Which plant sews which order, chosen over all plants and days at once: for the live hub."""

from collections.abc import Mapping
from typing import Final

from seamline_broker.contracts.view import View
from seamline_broker.errors import SeamlineError
from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.live import network_of_view
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.shop.annealing import Timer

_CPU_S: Final = 0.5
"""Exchanges end after this; some hundred orders need some hundredths of a second."""


class PlantDispatch:
    """Chooses plants by the linear programme, rounding and exchanges of `dispatch`."""

    def __init__(self, cpu: Timer) -> None:
        self._cpu = cpu
        self.failures = 0
        """Times that no choice could be made; orders then go where each alone is best."""

    def __call__(self, view: View, params: DispatchParams, now_ms: int) -> Mapping[str, str]:
        """Return the site of every order that no line has yet and that has a place."""
        network = network_of_view(view, params, now_ms)
        try:
            plan = dispatch(network, self._cpu, _CPU_S)
        except SeamlineError:
            self.failures += 1
            return {}
        return {place.order: place.plant for place in plan.places}
