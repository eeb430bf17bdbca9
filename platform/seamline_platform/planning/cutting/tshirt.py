"""Pattern pieces of a T-shirt, drawn and graded by size: front, back, two sleeves, neck rib.

A plain block in centimetres with seam allowances, x along the grain; curves are polylines. It is
good for the cloth that a lay takes, not for sewing a garment of fashion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting.geometry import Point, Polygon, area
from seamline_platform.planning.cutting.marker import GRAIN, Pattern, Piece

SIZES: Final = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL")
_STEPS: Final = 6
"""Points of a quarter curve."""


@dataclass(frozen=True, slots=True)
class Grade:
    """Finished measures of a size in centimetres."""

    length: float
    chest: float
    """Half: across the front."""
    neck: float
    sleeve: float

    @classmethod
    def of(cls, size: str) -> "Grade":
        """Return the measures of a size.

        Raises:
            ConfigError: if the size is not one of `SIZES`.
        """
        if size not in SIZES:
            raise ConfigError(f"There is no block of size {size!r}; sizes: {', '.join(SIZES)}.")
        step = SIZES.index(size) - SIZES.index("M")
        return cls(71 + 2.0 * step, 52 + 2.5 * step, 18 + 0.4 * step, 21 + 0.6 * step)


def pieces_of(size: str, orientations: Sequence[float] = GRAIN) -> tuple[Piece, ...]:
    """Return the pieces of one garment."""
    g = Grade.of(size)
    allowed = tuple(orientations)
    return (
        Piece(f"{size}/front", _body(g, drop=9.0), 1, allowed),
        Piece(f"{size}/back", _body(g, drop=2.5), 1, allowed),
        Piece(f"{size}/sleeve", _sleeve(g), 2, allowed),
        Piece(f"{size}/rib", _box(2 * pi * g.neck / 2 * 0.9 + 2, 5.0), 1, allowed),
    )


def pattern(
    ratio: Mapping[str, int], width_cm: float, orientations: Sequence[float] = GRAIN
) -> Pattern:
    """Return the pattern of a marker with so many garments of each size."""
    pieces = [
        Piece(p.piece, p.shape, p.count * garments, p.orientations)
        for size, garments in ratio.items()
        if garments
        for p in pieces_of(size, orientations)
    ]
    name = " ".join(f"{size}x{n}" for size, n in ratio.items() if n)
    return Pattern(name, width_cm, tuple(pieces))


def garment_cm(size: str, width_cm: float, efficiency: float = 0.8) -> float:
    """Return the length of cloth of a garment at a marker efficiency: what planning starts from."""
    if not 0 < efficiency <= 1 or not width_cm > 0:
        raise ConfigError(
            f"Width {width_cm!r} cm at a marker efficiency of {efficiency!r}; expected a width "
            "above 0 and an efficiency above 0, at most 1."
        )
    cloth = sum(area(p.shape) * p.count for p in pieces_of(size))
    return cloth / (width_cm * efficiency)


def _body(g: Grade, drop: float) -> Polygon:
    """Return a front or back lying along x: hem at 0, shoulders at the length."""
    length, half, neck = g.length + 4, g.chest / 2 + 1, g.neck / 2
    armhole, shoulder, slope = 0.46 * g.chest, half - 0.07 * g.chest, 3.5
    side: list[Point] = [(0.0, half), (length - armhole, half)]
    tip = (length - slope, shoulder)
    side += _curve(side[-1], (length - armhole * 0.45, shoulder - 1.5), tip)
    side += _curve((length, neck), (length - drop, neck), (length - drop, 0.0), first=True)
    # the middle of the neck is on the fold: the other half is its mirror image
    mirror = [(x, -y) for x, y in reversed(side[:-1])]
    return tuple((x, y + half) for x, y in [*side, *mirror])


def _sleeve(g: Grade) -> Polygon:
    """Return a sleeve lying along x: hem at 0, the top of its cap at the end."""
    half, hem = 0.40 * g.chest + 1, 0.33 * g.chest + 1
    under, cap = g.sleeve * 0.42 + 2, g.sleeve * 0.62
    turns = [pi * k / (2 * _STEPS) for k in range(1, _STEPS)]
    rise = [(under + cap * sin(turn), half * cos(turn)) for turn in turns]
    top: list[Point] = [(0.0, hem), (under, half), *rise]
    tip: Point = (under + cap, 0.0)
    mirror = [(x, -y) for x, y in reversed(top)]
    return tuple((x, y + half) for x, y in [*top, tip, *mirror])


def _box(x: float, y: float) -> Polygon:
    return ((0.0, 0.0), (x, 0.0), (x, y), (0.0, y))


def _curve(a: Point, b: Point, c: Point, *, first: bool = False) -> list[Point]:
    """Return points of the quadratic Bezier curve from a over b to c, without a unless `first`."""
    found = []
    for k in range(0 if first else 1, _STEPS + 1):
        t = k / _STEPS
        u, v, w = (1 - t) ** 2, 2 * t * (1 - t), t**2
        found.append((u * a[0] + v * b[0] + w * c[0], u * a[1] + v * b[1] + w * c[1]))
    return found
