"""The twin: the state of every order, line, station and stock, rebuilt from what was reported."""

from seamline_platform.twin.projection import Changes, Projection
from seamline_platform.twin.stations import StationNow

__all__ = ["Changes", "Projection", "StationNow"]
