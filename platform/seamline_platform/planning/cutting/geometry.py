"""Simple polygons: area, turning, and the area in which two of them overlap.

Overlap is exact up to rounding: both polygons are cut into triangles, and triangles are clipped
against each other. Pieces that only touch overlap by nothing.
"""

from collections.abc import Sequence
from math import cos, isfinite, radians, sin
from typing import Final

from seamline_broker.errors import ConfigError

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Box = tuple[float, float, float, float]
_FLAT: Final = 1e-12
"""Twice the area, as a share of the squared size, below which three points lie in a line."""


def polygon(points: Sequence[Sequence[float]], what: str = "polygon") -> Polygon:
    """Return a polygon with its corners counter-clockwise and its last point not the first.

    Raises:
        ConfigError: fewer than three corners, no area, or edges that cross.
    """
    corners: list[Point] = []
    for x, y in points:
        if not (isfinite(x) and isfinite(y)):
            raise ConfigError(f"{what} has the corner ({x}, {y}); expected finite numbers.")
        if not corners or (x, y) != corners[-1]:
            corners.append((float(x), float(y)))
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3 or not area(corners):
        raise ConfigError(f"{what} has {len(corners)} different corners and no area.")
    made = tuple(corners) if area(corners) > 0 else tuple(reversed(corners))
    triangles(made, what)
    return made


def area(points: Sequence[Point]) -> float:
    """Return the area, positive if the corners run counter-clockwise (shoelace formula)."""
    ends = [*points[1:], points[0]]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, ends, strict=True)) / 2


def turned(points: Polygon, degrees: float, dx: float, dy: float) -> Polygon:
    """Return a polygon turned about the origin, then moved."""
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    turn = degrees % 360.0
    c, s = quarter.get(turn, (cos(radians(turn)), sin(radians(turn))))
    return tuple((x * c - y * s + dx, x * s + y * c + dy) for x, y in points)


def box(points: Sequence[Point]) -> Box:
    """Return the least and greatest coordinates: x, y, x, y."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def triangles(points: Polygon, what: str = "polygon") -> tuple[Polygon, ...]:
    """Return triangles that cover a counter-clockwise simple polygon, by cutting off ears.

    Raises:
        ConfigError: if its edges cross.
    """
    rest, found = list(points), []
    flat = _FLAT * max(x1 - x0 for x0, x1 in _spans(points)) ** 2
    while len(rest) > 3:
        for i in range(len(rest)):
            a, b, c = rest[i - 1], rest[i], rest[(i + 1) % len(rest)]
            size = _cross(a, b, c)
            if abs(size) <= flat:
                del rest[i]
                break
            others = (p for p in rest if p not in (a, b, c))
            if size > 0 and not any(_inside(p, a, b, c) for p in others):
                found.append((a, b, c))
                del rest[i]
                break
        else:
            raise ConfigError(f"{what} has edges that cross.")
    if _cross(*rest) > flat:
        found.append((rest[0], rest[1], rest[2]))
    covered = sum(area(t) for t in found)
    if abs(covered - area(points)) > 1e-6 * area(points):
        raise ConfigError(f"{what} has edges that cross.")
    return tuple(found)


def overlap(one: Sequence[Polygon], other: Sequence[Polygon]) -> float:
    """Return the area that two sets of triangles have in common."""
    mine = [(t, box(t)) for t in one]
    theirs = [(t, box(t)) for t in other]
    return sum(_common(t, u) for t, a in mine for u, b in theirs if boxes_meet(a, b))


def boxes_meet(a: Box, b: Box) -> bool:
    """Return True if two boxes have more than their edges in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _spans(points: Polygon) -> tuple[tuple[float, float], tuple[float, float]]:
    x0, y0, x1, y1 = box(points)
    return (x0, x1), (y0, y1)


def _cross(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _inside(p: Point, a: Point, b: Point, c: Point) -> bool:
    return _cross(a, b, p) >= 0 and _cross(b, c, p) >= 0 and _cross(c, a, p) >= 0


def _common(one: Polygon, other: Polygon) -> float:
    """Return the common area of two counter-clockwise triangles (Sutherland and Hodgman 1974)."""
    left: list[Point] = list(one)
    for k in range(3):
        a, b = other[k], other[(k + 1) % 3]
        clipped: list[Point] = []
        for i, q in enumerate(left):
            p = left[i - 1]
            side_p, side_q = _cross(a, b, p), _cross(a, b, q)
            if (side_p > 0) != (side_q > 0) and side_p != side_q:
                t = side_p / (side_p - side_q)
                clipped.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
            if side_q > 0:
                clipped.append(q)
        left = clipped
        if len(left) < 3:
            return 0.0
    return max(area(left), 0.0)
