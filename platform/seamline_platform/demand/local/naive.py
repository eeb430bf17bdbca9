"""Naive: the next value is the last."""

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.local.series import Ask, LocalModel, naive_quantiles


class Naive(LocalModel):
    """The last known value, spread by past one-step errors times the root of the steps ahead."""

    def predict(self, ask: Ask) -> FloatArray:
        """Return (periods, quantiles)."""
        return naive_quantiles(ask)
