"""Causes of stops: which of them need a mechanic and an answer by the plan."""

from typing import Final

MINOR_CAUSES: Final = frozenset({"thread", "needle", "bobbin", "style_change"})
"""Stops of a minute or two that the operator ends; no plan should answer them."""
