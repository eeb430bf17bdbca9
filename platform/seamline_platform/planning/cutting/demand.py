"""What is to be cut, and the rules of the cutting room. Lengths in centimetres of cloth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

from seamline_broker.errors import ConfigError


@dataclass(frozen=True, slots=True)
class CutOrder:
    """Pieces by size of one style in one colour; only orders of one cloth lie in one lay."""

    order: str
    style: str
    colour: str
    sizes: Mapping[str, int]

    def __post_init__(self) -> None:
        if not self.order:
            raise ConfigError("An order to cut has no name.")
        for size, pieces in self.sizes.items():
            if type(pieces) is not int or pieces < 0:
                raise ConfigError(
                    f"Order {self.order}: {pieces!r} pieces of size {size}; expected a whole "
                    "number >= 0."
                )
        if not sum(self.sizes.values()):
            raise ConfigError(f"Order {self.order} has no pieces to cut.")

    @property
    def cloth(self) -> tuple[str, str]:
        """Return style and colour: what may be cut together."""
        return self.style, self.colour


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of a lay, and what it costs besides the cloth of its garments.

    `lay_cost_cm` is what setting up and cutting one more lay costs, in centimetres of cloth.
    """

    max_plies: int = 60
    max_garments: int = 6
    """In one marker."""
    table_cm: float = 1200.0
    overcut: float = 0.03
    """Pieces above the order as a share of all its pieces; of a size, rounded up."""
    end_loss_cm: float = 3.0
    """Both ends of a ply together."""
    lay_cost_cm: float = 600.0
    cloth_over: float = 0.02
    """Cloth above the garments' own that is allowed, as a share, wherever a plan keeps to it."""

    def __post_init__(self) -> None:
        for name in ("max_plies", "max_garments"):
            came = getattr(self, name)
            if type(came) is not int or not 1 <= came <= 500:
                raise ConfigError(f"{name} is {came!r}; expected a whole number, 1 to 500.")
        for name, most in (
            ("overcut", 1.0),
            ("cloth_over", 10.0),
            ("end_loss_cm", 1e4),
            ("lay_cost_cm", 1e6),
        ):
            came = getattr(self, name)
            if not 0 <= came <= most:
                raise ConfigError(f"{name} is {came!r}; expected 0 to {most:g}.")
        if not self.table_cm > 0:
            raise ConfigError(f"table_cm is {self.table_cm!r}; expected a length above 0.")


@dataclass(frozen=True)
class Demand:
    """Pieces by size that are cut together, and the length of cloth that a garment takes."""

    sizes: tuple[str, ...]
    pieces: tuple[int, ...]
    length_cm: tuple[float, ...]

    def __post_init__(self) -> None:
        for size, length in zip(self.sizes, self.length_cm, strict=True):
            if not (isfinite(length) and length > 0):
                raise ConfigError(
                    f"A garment of size {size} takes {length!r} cm of cloth; expected above 0."
                )

    @property
    def total(self) -> int:
        """Return all pieces."""
        return sum(self.pieces)

    @property
    def net_cm(self) -> float:
        """Return the cloth of exactly these garments, without ends and overcut."""
        return sum(n * length for n, length in zip(self.pieces, self.length_cm, strict=True))

    def caps(self, rules: Rules) -> tuple[int, ...]:
        """Return by size how many pieces may be cut at the most."""
        return tuple(n + ceil(n * rules.overcut - 1e-9) for n in self.pieces)

    def cap(self, rules: Rules) -> int:
        """Return how many pieces may be cut in all."""
        return self.total + floor(self.total * rules.overcut + 1e-9)


def together(orders: Iterable[CutOrder]) -> Mapping[tuple[str, str], tuple[CutOrder, ...]]:
    """Return orders by what may be cut together.

    Raises:
        ConfigError: if an order is there twice.
    """
    groups: dict[tuple[str, str], list[CutOrder]] = {}
    seen: set[str] = set()
    for order in orders:
        if order.order in seen:
            raise ConfigError(f"The order {order.order!r} is there twice.")
        seen.add(order.order)
        groups.setdefault(order.cloth, []).append(order)
    return {cloth: tuple(members) for cloth, members in groups.items()}


def demand_of(orders: Sequence[CutOrder], length_cm: Mapping[str, float]) -> Demand:
    """Return the summed demand of orders.

    Raises:
        ConfigError: if the length of a size is not known.
    """
    pieces: dict[str, int] = {}
    for order in orders:
        for size, count in order.sizes.items():
            if size not in length_cm:
                known = ", ".join(length_cm) or "none"
                raise ConfigError(
                    f"Order {order.order}: there is no length for size {size!r}; known: {known}."
                )
            if count:
                pieces[size] = pieces.get(size, 0) + count
    sizes = tuple(size for size in length_cm if size in pieces)
    return Demand(sizes, tuple(pieces[s] for s in sizes), tuple(float(length_cm[s]) for s in sizes))
