"""The master data of a maker: styles, their process maps (operation bulletins), its lines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from seamline_broker.errors import UNREADABLE, ContractError


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a bulletin: what has to be done before it, on what machine, how long."""

    op: str
    name: str
    after: tuple[str, ...]
    machine: str
    smv_ms: int


@dataclass(frozen=True, slots=True)
class Style:
    """A style that sellers can order. Money in fen, lengths in centimetres.

    `fabric_cm` is the planned use of cloth per garment as a technical sheet states it: the pattern
    of the middle size with the ordinary waste of marker, ends, splices and roll ends. What a lay
    really takes follows from its sizes and plies, a few per cent more or less.
    """

    style: str
    name: str
    name_zh: str
    category: str
    bulletin: str
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    price_fen: int
    fabric: str
    fabric_cm: int

    def skus(self) -> list[str]:
        """Return all `style-colour-size` of the style."""
        return [f"{self.style}-{c}-{s}" for c in self.colours for s in self.sizes]


@dataclass(frozen=True, slots=True)
class LineInfo:
    """What is fixed about a line. Shift times are minutes after local midnight (here: UTC)."""

    site: str
    line: str
    region: str
    stations: int
    operators: int
    shift_start_min: int
    shift_end_min: int
    cost_fen_per_smv_min: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known before the first order: styles, bulletins, lines, transport, set-ups.

    `setup_min` maps `same_style` (other colour), `same_bulletin`, `other` to minutes;
    `transport_min` maps `same_region` and `other_region` to minutes between warehouse and plant,
    and `express` to those of a rush order's kit within a region.
    """

    styles: Mapping[str, Style]
    bulletins: Mapping[str, tuple[Operation, ...]]
    lines: tuple[LineInfo, ...]
    regions: tuple[str, ...]
    setup_min: Mapping[str, int]
    transport_min: Mapping[str, int]
    moq_pieces: int
    workdays: tuple[int, ...]
    """Days of the week on which lines sew: 0 = Monday."""

    def smv_ms(self, style: str) -> int:
        """Return the standard time of one garment of `style` in milliseconds."""
        return sum(op.smv_ms for op in self.bulletins[self.styles[style].bulletin])

    def to_document(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return {
            "styles": [asdict(s) for s in self.styles.values()],
            "bulletins": {k: [asdict(op) for op in ops] for k, ops in self.bulletins.items()},
            "lines": [asdict(line) for line in self.lines],
            "regions": list(self.regions),
            "setup_min": dict(self.setup_min),
            "transport_min": dict(self.transport_min),
            "moq_pieces": self.moq_pieces,
            "workdays": list(self.workdays),
        }

    @classmethod
    def from_document(cls, d: Mapping[str, object]) -> "Catalogue":
        """Read what `to_document` wrote.

        Raises:
            ContractError: if a part is missing or has the wrong shape.
        """
        try:
            return cls._from_document(d)
        except (*UNREADABLE, AttributeError) as exc:
            raise ContractError(f"The catalogue is not readable: {exc!r}.") from exc

    @classmethod
    def _from_document(cls, document: Mapping[str, object]) -> "Catalogue":
        d: Mapping[str, object] = document
        styles = [
            Style(**{**s, "colours": tuple(s["colours"]), "sizes": tuple(s["sizes"])})
            for s in d["styles"]  # type: ignore[attr-defined]  # wrong shapes raise above
        ]
        bulletins = {
            name: tuple(Operation(**{**op, "after": tuple(op["after"])}) for op in ops)
            for name, ops in d["bulletins"].items()  # type: ignore[attr-defined]
        }
        return cls(
            styles={s.style: s for s in styles},
            bulletins=bulletins,
            lines=tuple(LineInfo(**line) for line in d["lines"]),  # type: ignore[attr-defined]
            regions=tuple(d["regions"]),  # type: ignore[arg-type]
            setup_min=dict(d["setup_min"]),  # type: ignore[call-overload]
            transport_min=dict(d["transport_min"]),  # type: ignore[call-overload]
            moq_pieces=int(d["moq_pieces"]),  # type: ignore[call-overload]
            workdays=tuple(d["workdays"]),  # type: ignore[arg-type]
        )
