"""The market: what customers want, as pure functions of seed and day; real sales can replace it."""

from seamline_sim.market.model import CHANNELS, SEASON_DAYS, Market
from seamline_sim.market.wishes import Frame, FrameRow, OrderWish, Wish, spread

__all__ = [
    "CHANNELS",
    "SEASON_DAYS",
    "Frame",
    "FrameRow",
    "Market",
    "OrderWish",
    "Wish",
    "spread",
]
