"""Stock and cloth of the regions, as their warehouses report them."""

from collections.abc import Mapping

from seamline_broker.contracts.events import Columns
from seamline_platform.twin.rows import rows


class Warehouse:
    """Reduces the events of all warehouses; a region's warehouse is node `<region>/warehouse`."""

    def __init__(self) -> None:
        self._stock: dict[tuple[str, str], int] = {}
        self.cloth: dict[tuple[str, str, str], tuple[int, int]] = {}

    def apply(self, region: str, events: Mapping[str, Columns]) -> None:
        """Take events of one region, in the sequence in which they happened."""
        moves: list[tuple[int, str, int, bool]] = []
        if "stock" in events:
            moves += [
                (seq, sku, on_hand, True)
                for seq, sku, on_hand in rows(events["stock"], ("seq", "sku", "on_hand"))
            ]
        if "sale" in events:
            moves += [
                (seq, sku, qty, False)
                for seq, sku, qty in rows(events["sale"], ("seq", "sku", "qty"))
            ]
        moves.sort()
        for _, sku, number, counted in moves:
            key = (region, sku)
            left = number if counted else self._stock.get(key, 0) - number
            self._stock[key] = max(0, left)
        if "cloth" in events:
            names = ("fabric", "colour", "on_hand_cm", "reserved_cm")
            for fabric, colour, on_hand_cm, reserved_cm in rows(events["cloth"], names):
                self.cloth[region, fabric, colour] = (on_hand_cm, reserved_cm)

    def stock(self) -> dict[tuple[str, str], int]:
        """Return pieces on hand by (region, SKU)."""
        return dict(self._stock)
