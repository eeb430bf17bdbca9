"""The dispatch desk: lots get a line, their cloth is ordered, their kits are released in time."""

from collections.abc import Mapping

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.demandbook import DemandBook
from seamline_platform.experiments.season.material import ClothBook, Key
from seamline_platform.experiments.season.newsvendor import lot_size
from seamline_platform.experiments.season.pipeline import DAY_MS, Pipeline
from seamline_platform.experiments.season.plan import Floats, StylePlan
from seamline_platform.experiments.season.replenish import Need, whole_pieces
from seamline_platform.experiments.season.sight import SellerOrder, Sight
from seamline_platform.experiments.season.work import LineBook, LineState, Lot

_AHEAD_DAYS = 3
"""Days of work, above those to the next plan, whose kits may wait at a line."""
_SELLER_DAYS = 60
"""Days by which a seller's order goes before one for the shops of the same date."""
_COST_DAYS = 2.0
"""Days that a lot may finish later for a line that is a tenth cheaper."""


def _urgency(lot: Lot) -> tuple[int, int, str]:
    """Sort lots: rush first, then by date; a seller's date has a penalty, a shop's is a guess."""
    return (-lot.weight, lot.due - _SELLER_DAYS * (lot.kind == "seller"), lot.id)


class Desk:
    """Holds lots until their kits are commanded."""

    def __init__(
        self, catalogue: Catalogue, lines: LineBook, cloth: ClothBook, goods: Pipeline,
        homes: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.catalogue, self.lines, self.cloth, self.goods = catalogue, lines, cloth, goods
        self.homes = homes
        self.inbox: list[Lot] = []
        self.ordered = 0
        """Pieces decided on for the shops so far."""
        self.decided: dict[str, int] = {}
        """Order id of a kit -> day of the decision."""
        self._fresh: list[Lot] = []
        self._count = 0

    def take_seller(self, order: SellerOrder, due: int, day: int) -> None:
        """Take in an order of a seller; the next plan gives it a line."""
        lot = Lot(
            order.order, order.style, order.colour, {order.region: order.sizes}, day, due,
            "seller", order.weight, order.due_ms, smv_ms=self.catalogue.smv_ms(order.style),
        )  # fmt: skip
        self.inbox.append(lot)

    def assign_sellers(self, able: Abilities, day: int) -> None:
        """Give the sellers' orders their lines."""
        for lot in sorted(self.inbox, key=lambda lot: (-lot.weight, lot.due_ms, lot.id)):
            self._place(lot, self.best_line(lot.style, lot.work_ms, able))
        self.inbox.clear()

    def best_line(self, style: str, work_ms: int, able: Abilities) -> LineState:
        """Return the line that will be done first, a cheaper one if it is not much later."""

        def rank(line: LineState) -> tuple[float, str]:
            cost = line.info.cost_fen_per_smv_min
            far = line.info.region != self.lines.lines[self.homes[style]].info.region
            finish = self.lines.wait_days(line, style, work_ms) + far
            return (finish + _COST_DAYS * 10 * cost / 60 / 10, line.node)

        return min(self.lines.within(self.homes[style], able.scope), key=rank)

    def key_of(self, style: str, colour: str, region: str) -> Key:
        """Return the cloth that a style and colour is cut from."""
        return (region, self.catalogue.styles[style].fabric, colour)

    def cloth_days(self, sight: Sight, style: str, line: LineState, able: Abilities) -> int:
        """Return days until cloth for all colours of a style could be there."""
        region = line.info.region
        return max(
            self.cloth.ready_in(sight, self.key_of(style, colour, region), able)
            for colour in self.catalogue.styles[style].colours
        )

    def decide(
        self, need: Need, style: StylePlan, line: LineState, useful: float, able: Abilities,
        day: int,
    ) -> None:  # fmt: skip
        """Turn a need into lots, one per colour that is worth its minimum order."""
        record = self.catalogue.styles[style.style]
        total = float(need.pieces.sum())
        sizes = len(record.sizes)
        for c, colour in enumerate(record.colours):
            part = need.pieces[:, c * sizes : (c + 1) * sizes]
            wanted = float(part.sum())
            pieces = lot_size(wanted, able.moq_pieces, useful * wanted / total) if total else 0
            if not pieces:
                continue
            self._count += 1
            lot = Lot(
                f"P{self._count:05d}", style.style, colour, {}, day, need.due,
                smv_ms=style.smv_ms,
            )  # fmt: skip
            lot.fill(self._split(part, pieces, record.sizes))
            self.ordered += pieces
            self.goods.expect_lot(lot)
            self._place(lot, line)

    def _split(
        self, weights: Floats, pieces: int, sizes: tuple[str, ...]
    ) -> dict[str, dict[str, int]]:
        whole = whole_pieces(weights, pieces)
        needs = {}
        for r, region in enumerate(self.goods.plan.regions):
            cells = {size: int(n) for size, n in zip(sizes, whole[r], strict=True) if n}
            if cells:
                needs[region] = cells
        return needs

    def _place(self, lot: Lot, line: LineState) -> None:
        lot.house = line.info.region
        line.hold(lot)
        line.style = lot.style
        self._fresh.append(lot)
        self.cloth.commit(self.key_of(lot.style, lot.colour, lot.house), self._length(lot))

    def _length(self, lot: Lot) -> int:
        return lot.pieces * self.catalogue.styles[lot.style].fabric_cm

    def order_cloth(self, sight: Sight, able: Abilities, day: int) -> list[Command]:
        """Order the cloth that lots lack."""
        waiting: dict[Key, list[Lot]] = {}
        for line in self.lines.lines.values():
            for lot in line.held:
                key = self.key_of(lot.style, lot.colour, lot.house)
                waiting.setdefault(key, []).append(lot)
        commands: list[Command] = []
        for key, lots in waiting.items():
            within = min(lot.due for lot in lots) - day
            asked, days = self.cloth.fill(sight, key, within, able)
            commands += asked
            for lot in lots:
                if lot in self._fresh or (asked and lot.ready < day):
                    lot.ready = day + days
        self._fresh.clear()
        return commands

    def release(self, sight: Sight, able: Abilities, day: int, book: DemandBook) -> list[Command]:
        """Command the kits of lots whose cloth is there (or comes before the next plan)."""
        commands: list[Command] = []
        self._even_out(able)
        taken: dict[Key, int] = {}
        for line in self.lines.lines.values():
            room = (able.pace_days + _AHEAD_DAYS) * self.lines.day_ms(line)
            load = line.load_ms(False)
            for lot in sorted(line.held, key=_urgency):
                if load > room:
                    break
                key = self.key_of(lot.style, lot.colour, lot.house)
                length = self._length(lot)
                there = self.cloth.there(sight, key) - taken.get(key, 0) >= length
                if not there and lot.ready > day + able.pace_days - 1:
                    continue
                taken[key] = taken.get(key, 0) + length
                commands += self._kits(lot, line, able, day, book)
                if there:
                    load += lot.work_ms
        return commands

    def _even_out(self, able: Abilities) -> None:
        """Move lots that are still held to lines that will be done earlier."""
        for line in self.lines.lines.values():
            for lot in reversed(list(line.held)):
                here = self.lines.wait_days(line, lot.style)
                other = self.best_line(lot.style, lot.work_ms, able)
                far = other.info.region != lot.house
                if other is line or (far and not able.move_stock):
                    continue
                if self.lines.wait_days(other, lot.style, lot.work_ms) + 1 + far < here:
                    line.unhold(lot)
                    other.hold(lot)

    def _kits(
        self, lot: Lot, line: LineState, able: Abilities, day: int, book: DemandBook
    ) -> list[Command]:
        if able.late_split and lot.kind != "seller":
            self._split_again(lot, day, book)
        line.unhold(lot)
        line.release(lot)
        self.cloth.commit(self.key_of(lot.style, lot.colour, lot.house), -self._length(lot))
        commands = []
        for region, sizes in lot.needs.items():
            order = lot.id if lot.kind == "seller" else f"{lot.id}-{region}"
            lot.orders.append(order)
            self.decided[order] = lot.day
            args: dict[str, object] = {
                "order": order, "order_kind": lot.kind, "style": lot.style, "colour": lot.colour,
                "sizes": sizes, "region": region, "site": line.info.site, "line": line.info.line,
                "due_ms": lot.due_ms or self._ms(lot.due), "weight": lot.weight,
            }  # fmt: skip
            if able.move_stock:
                args["cluster"] = True
            if able.late_split:
                args["merge"] = True
            commands.append(Command(f"{lot.house}/warehouse", "kit", args, order=order))
        return commands

    def _ms(self, day: int) -> int:
        return self.goods.start_ms + day * DAY_MS

    def _split_again(self, lot: Lot, day: int, book: DemandBook) -> None:
        """Settle regions and sizes of a lot by what is known now, its pieces unchanged."""
        self.goods.drop_lot(lot)
        i = book.plan.index()[lot.style]
        record = self.catalogue.styles[lot.style]
        begin = record.colours.index(lot.colour) * len(record.sizes)
        cells = slice(begin, begin + len(record.sizes))
        mean, _ = book.between(day, day + 30)
        wanted = mean[i][:, None] * book.share[i][None, cells]
        there = self.goods.position(book, day)[i, :, cells]
        total = lot.pieces
        scale = (total + there.sum()) / max(wanted.sum(), 1e-9)
        gap = (wanted * scale - there).clip(min=0.0)
        if gap.sum() > 0:
            lot.fill(self._split(gap, total, record.sizes))
        self.goods.expect_lot(lot)
