"""Drawn garment plants: equal seed, equal plant. The benchmark's families are made here.

The recipe: so many orders in eight style families with family set-ups from ten minutes to three
hours, cutting tables before and finishing stations behind unrelated lines that sew a family with
.7 to 1.15 of the standard output or not at all, release and due dates, load .9.
"""

from dataclasses import dataclass
from random import Random

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.problem import (
    Line,
    Objective,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)

FAMILIES = 8
TICK_MS = 600_000
"""Ten minutes."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Size and load of a drawn plant."""

    orders: int = 40
    lines: int = 8
    seed: int = 1
    load: float = 0.9
    ramp: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.orders <= 100_000 or not 1 <= self.lines <= 1_000:
            raise ConfigError(
                f"A plant of {self.orders} orders and {self.lines} lines; allowed: 1 to 100,000 "
                "orders, 1 to 1,000 lines."
            )
        if not 0.1 <= self.load <= 3:
            raise ConfigError(f"A load of {self.load}; allowed: 0.1 to 3.")


def draw_plant(recipe: Recipe) -> Problem:
    """Return the plant of a recipe."""
    rng = Random(f"garment {recipe.orders} {recipe.lines} {recipe.seed}")
    styles = tuple(
        Style(f"S{k + 1}", f"F{k + 1}", smv=1.0, cut=0.25, finish=0.15) for k in range(FAMILIES)
    )
    lines = tuple(
        Line(f"L{k + 1}", operators=1, efficiency=_skills(rng), style=f"S{1 + rng.randrange(8)}")
        for k in range(recipe.lines)
    )
    lines = _everything_can_be_sewn(lines, rng)
    pieces = [rng.randint(6, 40) for _ in range(recipe.orders)]
    mean_line = sum(pieces) / recipe.lines
    span = round(mean_line / recipe.load)
    orders = tuple(_order(rng, k, n, span) for k, n in enumerate(pieces))
    busy = recipe.lines * recipe.load
    return Problem(
        name=f"garment_{recipe.orders}x{recipe.lines}-{recipe.seed}",
        styles=styles,
        orders=orders,
        lines=lines,
        cutting=Stage(places=max(1, round(busy * 0.25 / 0.85)), transport=1),
        finishing=Stage(places=max(1, round(busy * 0.15 / 0.7))),
        setups=Setups(same_style=1, same_family=1, other=18, pairs=_pairs(rng)),
        ramp=Ramp(0.3, 0.3, 12) if recipe.ramp else Ramp(),
        objective=Objective(10, 1),
        tick_ms=TICK_MS,
    )


def _skills(rng: Random) -> dict[str, float]:
    able = {f"F{k + 1}": round(rng.uniform(0.7, 1.15), 3) for k in range(FAMILIES)}
    return {family: e for family, e in able.items() if rng.random() < 0.6} or able


def _everything_can_be_sewn(lines: tuple[Line, ...], rng: Random) -> tuple[Line, ...]:
    result = list(lines)
    for k in range(FAMILIES):
        family = f"F{k + 1}"
        if not any(family in line.efficiency for line in result):
            at = rng.randrange(len(result))
            old = result[at]
            skills = {**old.efficiency, family: 0.9}
            result[at] = Line(old.line, old.operators, skills, style=old.style)
    return tuple(result)


def _pairs(rng: Random) -> dict[tuple[str, str], int]:
    """Return set-ups of 1 to 18 ticks between families that lie on a plane: near ones are short."""
    place = [(rng.random(), rng.random()) for _ in range(FAMILIES)]
    result = {}
    for a in range(FAMILIES):
        for b in range(FAMILIES):
            far = abs(place[a][0] - place[b][0]) + abs(place[a][1] - place[b][1])
            ticks = 0 if a == b else min(18, max(1, round(14 * far * rng.uniform(0.8, 1.2))))
            result[f"S{a + 1}", f"S{b + 1}"] = ticks
    return result


def _order(rng: Random, number: int, pieces: int, span: int) -> Order:
    style = 1 + rng.randrange(FAMILIES)
    release = rng.randrange(max(round(span * 0.6), 1))
    through = pieces * (1 / 0.9 + 0.25 + 0.15)
    return Order(
        f"O{number + 1}",
        f"S{style}",
        "",
        pieces,
        due=release + round(through * rng.uniform(0.8, 2.0)),
        release=release,
        weight=rng.choice((1, 1, 1, 2, 2, 3, 5, 10)),
    )
