"""Finished goods between regions, and prices at the end of a life."""

import numpy as np

from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season.demandbook import DemandBook
from seamline_platform.experiments.season.pipeline import Pipeline
from seamline_platform.experiments.season.plan import SeasonPlan

_COVER_DAYS = 10
_SHORT_PERMILLE = 400
"""A region is short if its stock is below this part of the demand of `_COVER_DAYS`."""
_LEAST = 6
"""Pieces of one SKU that a transfer is worth."""
FIRST_PERMILLE, LAST_PERMILLE = 800, 600
"""Price of a style that has too much left, in the first and in the second half of its last days."""


def transfers(plan: SeasonPlan, book: DemandBook, goods: Pipeline, day: int) -> list[Command]:
    """Send goods from regions with too much to regions that run out."""
    mean, _ = book.between(day, day + _COVER_DAYS)
    wanted = mean[:, :, None] * book.share[:, None, :]
    short = (goods.stock < wanted * _SHORT_PERMILLE / 1000) & (wanted > 1)
    spare = np.floor(np.maximum(goods.stock - 2 * wanted, 0.0))
    commands = []
    cells = np.argwhere(short & (spare.max(axis=1, keepdims=True) >= _LEAST))
    for i, r, k in cells.tolist():
        giver = int(spare[i, :, k].argmax())
        qty = int(min(spare[i, giver, k], round(wanted[i, r, k] - goods.stock[i, r, k])))
        if giver == r or qty < _LEAST:
            continue
        spare[i, giver, k] -= qty
        style, sku = plan.styles[i].style, plan.skus[i][k]
        origin, target = plan.regions[giver], plan.regions[r]
        goods.move(sku, style, origin, target, qty)
        args = {"to": target, "sku": sku, "qty": qty}
        commands.append(Command(f"{origin}/warehouse", "transfer_stock", args))
    return commands


def markdowns(
    plan: SeasonPlan,
    book: DemandBook,
    goods: Pipeline,
    day: int,
    markdown_days: int,
    marked: dict[str, int],
) -> list[Command]:
    """Lower the price of styles near their end that have more than will be sold at full price."""
    commands: list[Command] = []
    if not markdown_days:
        return commands
    position = goods.position(book, day).sum(axis=(1, 2))
    for i, style in enumerate(plan.styles):
        left = style.end - day
        if not 0 < left <= markdown_days or style.end > plan.days:
            continue
        mean, _ = book.between(day, style.end)
        if position[i] <= 1.1 * mean[i].sum():
            continue
        permille = FIRST_PERMILLE if 2 * left > markdown_days else LAST_PERMILLE
        if marked.get(style.style, 1000) > permille:
            marked[style.style] = permille
            args = {"style": style.style, "price_permille": permille}
            commands += [Command(f"{r}/warehouse", "set_price", args) for r in plan.regions]
    return commands
