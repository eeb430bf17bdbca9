"""Causes of stops: which of them need a mechanic and an answer by the plan."""

from typing import Final

MINOR_CAUSES: Final = frozenset({"thread", "needle", "bobbin", "style_change", "maintenance"})
"""Short stops that the operator ends, or that were planned; no plan should answer them."""
