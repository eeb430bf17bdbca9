"""Drawn networks: equal seed, equal network. The benchmark's dispatch instances are made here.

Plants lie in a square and cost according to their size; every order is for a place in it and may be
sewn in six plants over ten days, or given outside; no order is above a quarter of a mean bucket.
"""

import math
from dataclasses import dataclass
from random import Random

from seamline_broker.errors import ConfigError
from seamline_platform.planning.network.problem import Demand, Network, Plant, Terms

FAMILIES = 8
CANDIDATES = 6


@dataclass(frozen=True, slots=True)
class NetworkRecipe:
    """Size and load of a drawn network."""

    orders: int = 1_000
    plants: int = 10
    days: int = 10
    load: float = 0.85
    seed: int = 1

    def __post_init__(self) -> None:
        for name, most in (("orders", 1_000_000), ("plants", 10_000), ("days", 400)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ConfigError(f"A network with {value!r} {name}; allowed: 1 to {most}.")
        if not 0.05 <= self.load <= 3:
            raise ConfigError(f"A load of {self.load}; allowed: 0.05 to 3.")


def draw_network(recipe: NetworkRecipe) -> Network:
    """Return the network of a recipe."""
    rng = Random(f"network {recipe.orders} {recipe.plants} {recipe.days} {recipe.seed}")
    places = {f"P{k + 1}": (rng.random(), rng.random()) for k in range(recipe.plants)}
    families = [f"F{k + 1}" for k in range(FAMILIES)]
    skills = [
        {f: round(rng.uniform(0.85, 1.15), 3) for f in families if rng.random() < 0.75}
        for _ in places
    ]
    for k, family in enumerate(families):  # nothing that nobody can sew
        if not any(family in s for s in skills):
            skills[k % len(skills)][family] = 1.0
    hours = [rng.uniform(4, 40) for _ in range(recipe.orders)]
    mean_bucket = sum(hours) / (recipe.load * recipe.plants * recipe.days)
    # an order above a quarter of a mean bucket would be split into lots before
    hours = [min(h, 0.25 * mean_bucket) for h in hours]
    mean_bucket = sum(hours) / (recipe.load * recipe.plants * recipe.days)
    plants = tuple(
        _plant(rng, name, skill, mean_bucket, recipe.days)
        for name, skill in zip(places, skills, strict=True)
    )
    orders = tuple(
        _order(rng, number, h, plants, places, recipe.days) for number, h in enumerate(hours)
    )
    cost, days = {}, {}
    for a, (xa, ya) in places.items():
        for b, (xb, yb) in places.items():
            way = math.hypot(xa - xb, ya - yb)
            cost[f"R{a}", f"R{b}"] = round(0.1 + 1.2 * way, 3)
            days[f"R{a}", f"R{b}"] = 0
    terms = Terms(transport_per_piece=cost, transport_days=days)
    return Network(f"network {recipe.orders}x{recipe.plants} #{recipe.seed}", plants, orders, terms)


def _plant(rng: Random, name: str, skill: dict[str, float], mean_bucket: float, days: int) -> Plant:
    size = mean_bucket * rng.uniform(0.7, 1.3)
    capacity = tuple(round(size * rng.uniform(0.9, 1.1), 2) for _ in range(days))
    return Plant(name, f"R{name}", capacity, skill, round(rng.uniform(45, 75), 2))


def _order(
    rng: Random,
    number: int,
    hours: float,
    plants: tuple[Plant, ...],
    places: dict[str, tuple[float, float]],
    days: int,
) -> Demand:
    home = rng.choice(list(places))
    family = rng.choice(sorted({f for p in plants for f in p.efficiency}))
    x, y = places[home]
    able = [p for p in plants if family in p.efficiency]
    able.sort(key=lambda p: math.hypot(places[p.plant][0] - x, places[p.plant][1] - y))
    return Demand(
        order=f"O{number + 1}",
        family=family,
        pieces=max(round(hours * 12), 1),
        hours=round(hours, 3),
        region=f"R{home}",
        due=rng.randint(1, days - 1),
        weight=rng.choice((1.0, 1.0, 1.0, 2.0, 4.0)),
        plants=tuple(p.plant for p in able[:CANDIDATES]),
    )
