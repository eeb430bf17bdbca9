"""Markers: geometry by hand, the checker finds overlaps, the packer keeps the grain."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting import nest, tshirt
from seamline_platform.planning.cutting.geometry import (
    Polygon,
    area,
    overlap,
    polygon,
    triangles,
    turned,
)
from seamline_platform.planning.cutting.marker import (
    NAP,
    Marker,
    Pattern,
    Piece,
    Placed,
    check_marker,
    pattern_of,
    svg_of,
)

INSTANCES = Path(
    os.environ.get("SEAMLINE_INSTANCES", Path(__file__).parents[5] / "shared" / "instances")
)
SQUARE: Polygon = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
ELL: Polygon = ((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))


def common(one: Polygon, other: Polygon) -> float:
    return overlap(triangles(polygon(one)), triangles(polygon(other)))


def test_overlaps_are_what_paper_says() -> None:
    assert area(ELL) == 5
    assert common(SQUARE, turned(SQUARE, 0, 1, 1)) == pytest.approx(1)
    assert common(SQUARE, turned(SQUARE, 0, 2, 0)) == 0
    # a diamond about the middle of the square cuts off four corners with legs of 2 - 2**0.5
    corner = 2 - 2**0.5
    diamond = turned(SQUARE, 45, 1, 1 - 2**0.5)
    assert common(SQUARE, diamond) == pytest.approx(4 - 4 * corner**2 / 2)
    assert common(ELL, turned(SQUARE, 0, 1, 1)) == 0  # it lies in the corner of the L
    assert common(ELL, turned(SQUARE, 0, 0.5, 0.5)) == pytest.approx(0.5 * 2 + 0.5 * 1.5)
    assert common(SQUARE, SQUARE) == pytest.approx(4)


def test_overlap_agrees_with_counting_points() -> None:
    rng = Random(7)
    star = tuple(
        (r * c, r * s)
        for r, c, s in [(3, 1, 0), (1, 0.7, 0.7), (3, 0, 1), (1, -0.7, 0.7), (3, -1, 0),
                        (1, -0.7, -0.7), (3, 0, -1), (1, 0.7, -0.7)]
    )  # fmt: skip
    moved = turned(ELL, 90, 0.7, -0.4)
    hits = sum(
        _within(x, y, star) and _within(x, y, moved)
        for x, y in ((rng.uniform(-3, 3), rng.uniform(-3, 3)) for _ in range(20_000))
    )
    assert common(star, moved) == pytest.approx(hits / 20_000 * 36, abs=0.2)


def _within(x: float, y: float, shape: Polygon) -> bool:
    """Return True if a ray from the point crosses the edges an odd number of times."""
    odd = False
    for (x0, y0), (x1, y1) in zip(shape, (*shape[1:], shape[0]), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


def test_half_turns_are_exact_and_turn_back() -> None:
    assert turned(turned(ELL, 180, 0, 0), 180, 0, 0) == ELL
    assert turned(((1.0, 0.0),), 90, 0, 0) == ((0.0, 1.0),)


def two_squares(*placed: Placed, length: float = 4.0) -> Marker:
    pattern = Pattern("two", 2.0, (Piece("sq", SQUARE, 2, (0.0, 180.0)),))
    return Marker(pattern, length, placed)


def test_the_checker_finds_what_is_wrong() -> None:
    a, b = Placed("sq", 0, 0, 0), Placed("sq", 180, 4, 2)
    assert check_marker(two_squares(a, b)) == []
    assert two_squares(a, b).density == 1

    def told(*placed: Placed, length: float = 4.0) -> str:
        return " ".join(check_marker(two_squares(*placed, length=length)))

    assert "lies 1 times; expected 2" in told(a)
    assert "overlap by 0.2" in told(a, Placed("sq", 0, 1.9, 0))
    assert "overlap by 4" in told(a, a)
    assert "turned by 90" in told(a, Placed("sq", 90, 4, 0))
    assert "outside the strip" in told(a, b, length=3.9)
    assert "does not exist" in told(a, Placed("sleeve", 0, 2, 0))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: polygon([(0, 0), (1, 1)]), "2 different corners"),
        (lambda: polygon([(0, 0), (2, 2), (2, 0), (0, 2.5)]), "edges that cross"),
        (lambda: polygon([(0, 0), (float("nan"), 1), (1, 0)]), "finite"),
        (lambda: Piece("a", SQUARE, 0), "count is 0"),
        (lambda: Pattern("p", 1.0, (Piece("a", SQUARE),)), "does not fit a width of 1"),
        (lambda: Pattern("p", 1.0, ()), "0 pieces"),
        (lambda: pattern_of({"name": "x"}), "cannot be read"),
        (lambda: tshirt.Grade.of("44"), "no block of size '44'"),
        (lambda: nest.make_marker(tshirt.pattern({"M": 1}, 175), 0), "0 CPU seconds"),
    ],
)
def test_wrong_patterns_are_refused_with_a_reason(make: object, said: str) -> None:
    pytest.importorskip("spyrrow")
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]


def test_blocks_grow_with_the_size() -> None:
    cloth = [tshirt.garment_cm(size, 175) for size in tshirt.SIZES]
    assert cloth == sorted(cloth)
    assert 60 < tshirt.garment_cm("M", 175) < 70
    (front, back, sleeve, rib) = tshirt.pieces_of("M")
    assert area(back.shape) > area(front.shape) > area(sleeve.shape) > area(rib.shape)
    assert sleeve.count == 2


def test_a_marker_of_shirts_is_packed_along_the_grain() -> None:
    pytest.importorskip("spyrrow")
    asked = tshirt.pattern({"S": 1, "M": 1}, 175, NAP)
    seen: list[float] = []
    made = nest.make_marker(asked, 1.5, on_improve=lambda m: seen.append(m.length))
    assert check_marker(made) == []
    assert {p.degrees for p in made.placed} == {0.0}
    assert made.density > 0.6
    assert seen == sorted(seen, reverse=True)
    assert made.length == seen[-1]
    picture = ElementTree.fromstring(svg_of(made))
    assert len(picture.findall("{http://www.w3.org/2000/svg}polygon")) == len(made.placed) == 10


def test_a_packer_that_dies_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("spyrrow")
    asked = tshirt.pattern({"M": 1}, 175)
    dead = tmp_path / "python"
    dead.write_text("#!/bin/sh\ncat > /dev/null\necho out of memory >&2\nexit 1\n")
    dead.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dead))
    with pytest.raises(nest.MarkerError, match=r"made no marker\. out of memory"):
        nest.make_marker(asked, 1.0)


def test_the_last_marker_of_a_packer_that_dies_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("spyrrow")
    asked = Pattern("one", 2.0, (Piece("sq", SQUARE),))
    line = json.dumps({"length": 2.0, "placed": [["sq", 0.0, 0.0, 0.0]], "cpu_s": 0.5})
    dying = tmp_path / "python"
    dying.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{line}'\nkill -9 $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    assert nest.make_marker(asked, 1.0).density == 1


@pytest.mark.skipif(not (INSTANCES / "nesting").is_dir(), reason=f"no instances in {INSTANCES}")
def test_published_instances_are_read() -> None:
    shirts = pattern_of(json.loads((INSTANCES / "nesting" / "shirts.json").read_text()))
    assert (sum(p.count for p in shirts.pieces), len(shirts.pieces), shirts.width) == (99, 8, 40)
    # 59.393 long at a density of 90.92 % in the record of sparrow
    assert shirts.area == pytest.approx(0.9092 * 59.393 * 40, rel=1e-4)
    one = replace(shirts.pieces[0], count=1)
    assert area(one.shape) > 0
