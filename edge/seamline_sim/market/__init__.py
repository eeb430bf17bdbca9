"""The market: what customers want, as pure functions of seed and day; real sales can replace it."""

from seamline_sim.market.arrivals import person
from seamline_sim.market.life import SEASON_DAYS
from seamline_sim.market.livestream import livestream
from seamline_sim.market.model import Market
from seamline_sim.market.rhythm import CHANNELS
from seamline_sim.market.wishes import Frame, FrameRow, OrderWish, Person, Wish, spread

__all__ = [
    "CHANNELS",
    "SEASON_DAYS",
    "Frame",
    "FrameRow",
    "Market",
    "OrderWish",
    "Person",
    "Wish",
    "livestream",
    "person",
    "spread",
]
