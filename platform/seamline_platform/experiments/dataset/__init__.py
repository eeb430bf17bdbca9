"""Demand data sets in long form: written, described by a manifest, verified when they are read."""

from seamline_platform.experiments.dataset.frozen import load_market_v1, open_sealed_v1

__all__ = ["load_market_v1", "open_sealed_v1"]
