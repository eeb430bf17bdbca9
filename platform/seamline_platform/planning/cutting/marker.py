"""A marker: pieces laid on a strip of cloth. x runs along the cloth (its grain), y across."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting.geometry import (
    Polygon,
    area,
    box,
    boxes_meet,
    overlap,
    polygon,
    triangles,
    turned,
)

TOLERANCE: Final = 1e-6
"""Of the smaller piece's area that two pieces may overlap, and of lengths."""
GRAIN: Final = (0.0, 180.0)
"""Orientations of cloth without a nap: along the grain, either way."""
NAP: Final = (0.0,)


@dataclass(frozen=True)
class Piece:
    """A pattern piece, how many of it a marker holds, and how it may be turned, in degrees."""

    piece: str
    shape: Polygon
    count: int = 1
    orientations: tuple[float, ...] = GRAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", polygon(self.shape, f"Piece {self.piece}"))
        if type(self.count) is not int or self.count < 1:
            raise ConfigError(f"Piece {self.piece}: count is {self.count!r}; expected 1 or more.")
        if not self.orientations:
            raise ConfigError(f"Piece {self.piece} has no orientation; give 0 at the least.")


@dataclass(frozen=True)
class Pattern:
    """The pieces of a marker, and the usable width of its cloth (unit of the pieces)."""

    name: str
    width: float
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        if not self.pieces or not self.width > 0:
            raise ConfigError(
                f"Pattern {self.name!r}: {len(self.pieces)} pieces on a width of {self.width!r}; "
                "expected at least one piece and a width above 0."
            )
        names = [p.piece for p in self.pieces]
        if len(set(names)) != len(names):
            raise ConfigError(f"Pattern {self.name!r} has two pieces of one name.")
        for piece in self.pieces:
            if not any(self._fits(piece, turn) for turn in piece.orientations):
                raise ConfigError(
                    f"Piece {piece.piece} does not fit a width of {self.width:g} in any allowed "
                    "orientation."
                )

    @property
    def area(self) -> float:
        """Return the area of all pieces."""
        return sum(area(p.shape) * p.count for p in self.pieces)

    def _fits(self, piece: Piece, turn: float) -> bool:
        _, y0, _, y1 = box(turned(piece.shape, turn, 0, 0))
        return y1 - y0 <= self.width * (1 + TOLERANCE)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a piece lies: turned about its own origin, then moved."""

    piece: str
    degrees: float
    x: float
    y: float


@dataclass(frozen=True)
class Marker:
    """All pieces of a pattern on a strip of its width and this length."""

    pattern: Pattern
    length: float
    placed: tuple[Placed, ...]
    cpu_s: float = field(default=0.0, compare=False)

    @property
    def density(self) -> float:
        """Return marker efficiency: area of the pieces per area of the strip."""
        return self.pattern.area / (self.length * self.pattern.width)

    def shapes(self) -> tuple[Polygon, ...]:
        """Return the placed pieces as polygons."""
        shape = {p.piece: p.shape for p in self.pattern.pieces}
        return tuple(turned(shape[p.piece], p.degrees, p.x, p.y) for p in self.placed)


def check_marker(marker: Marker) -> list[str]:
    """Return what is wrong, one sentence each: counts, orientations, strip, overlaps."""
    pieces = {p.piece: p for p in marker.pattern.pieces}
    wrong = [f"Piece {p.piece} does not exist." for p in marker.placed if p.piece not in pieces]
    if wrong:
        return wrong
    for name, piece in pieces.items():
        there = sum(p.piece == name for p in marker.placed)
        if there != piece.count:
            wrong.append(f"Piece {name} lies {there} times; expected {piece.count}.")
    for p in marker.placed:
        if p.degrees % 360 not in {turn % 360 for turn in pieces[p.piece].orientations}:
            wrong.append(f"Piece {p.piece} is turned by {p.degrees:g} degrees.")
    slack = TOLERANCE * max(marker.length, marker.pattern.width)
    shapes = marker.shapes()
    boxes = [box(s) for s in shapes]
    for p, (x0, y0, x1, y1) in zip(marker.placed, boxes, strict=True):
        if min(x0, y0, marker.length - x1, marker.pattern.width - y1) < -slack:
            wrong.append(f"Piece {p.piece} lies outside the strip.")
    return wrong + _overlaps(marker, shapes)


def _overlaps(marker: Marker, shapes: Sequence[Polygon]) -> list[str]:
    wrong = []
    boxes = [box(s) for s in shapes]
    parts = [triangles(s, p.piece) for s, p in zip(shapes, marker.placed, strict=True)]
    for i in range(len(shapes)):
        for j in range(i):
            if not boxes_meet(boxes[i], boxes[j]):
                continue
            common = overlap(parts[i], parts[j])
            if common > TOLERANCE * min(area(shapes[i]), area(shapes[j])):
                names = f"{marker.placed[i].piece} and {marker.placed[j].piece}"
                wrong.append(f"Pieces {names} overlap by {common:g}.")
    return wrong


def pattern_of(document: object) -> Pattern:
    """Return the pattern of a nesting instance in the JSON of jagua-rs (the ESICUP collection).

    Raises:
        ConfigError: naming what is missing or wrong.
    """
    try:
        d: Any = document
        pieces = tuple(
            Piece(
                str(item["id"]),
                tuple((float(x), float(y)) for x, y in item["shape"]["data"]),
                int(item["demand"]),
                tuple(float(a) for a in item.get("allowed_orientations") or NAP),
            )
            for item in d["items"]
        )
        return Pattern(str(d["name"]), float(d["strip_height"]), pieces)
    except (KeyError, TypeError, ValueError) as exc:
        raise ConfigError(
            f"The nesting instance cannot be read: {exc!r}; expected name, strip_height and items "
            "with id, demand, allowed_orientations and shape.data."
        ) from exc


def svg_of(marker: Marker, colours: Mapping[str, str] | None = None) -> str:
    """Return the marker as an SVG picture, the cloth's length from left to right."""
    width, height = marker.length, marker.pattern.width
    line = 0.002 * max(width, height)
    kinds = {p.piece.split("/")[0]: k for k, p in enumerate(marker.pattern.pieces)}
    drawn = []
    for p, shape in zip(marker.placed, marker.shapes(), strict=True):
        kind = p.piece.split("/")[0]
        fill = (colours or {}).get(kind, f"hsl({kinds[kind] * 67 % 360} 45% 72%)")
        points = " ".join(f"{x:.3f},{height - y:.3f}" for x, y in shape)
        drawn.append(
            f'<polygon points="{points}" fill="{fill}"><title>{_escaped(p.piece)}</title></polygon>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.3f} {height:.3f}" '
        f'width="1200" stroke="#333" stroke-width="{line:.4f}">'
        f"<title>{_escaped(marker.pattern.name)}: {marker.density:.1%}</title>"
        f'<rect width="{width:.3f}" height="{height:.3f}" fill="#f6f3ea"/>'
        + "".join(drawn)
        + "</svg>\n"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
