"""A hanger line as data: its operations, its operators and what each of them can do.

On a hanging conveyor garments are routed one by one, so several operators may share an operation,
and an operator may do several operations. Times are minutes.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from seamline_broker.contracts.catalogue import Operation as CatalogueOperation
from seamline_broker.errors import ConfigError

MAX_PACE: Final = 3.0
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Operation:
    """A sewing operation: its standard minute value (SMV) per piece, and its machine class."""

    op: str
    smv: float
    name: str = ""
    machine: str = ""
    """Empty: it is done by hand, anywhere."""

    def __post_init__(self) -> None:
        if not self.op:
            raise ConfigError("An operation has no name (`op`).")
        if not 0 < self.smv < 1000:
            raise ConfigError(
                f"Operation {self.op}: smv is {self.smv!r}; expected minutes above 0, below 1000."
            )

    @property
    def title(self) -> str:
        """Return its code and name for people."""
        return f"{self.op} ({self.name})" if self.name else self.op


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator's row of the skill matrix: efficiency by operation or by machine class.

    Efficiency is standard minutes earned per minute worked: 1.0 is the standard's pace. An
    operation's own entry goes before that of its machine class; 0 says that the operator cannot
    do it, and so does no entry at all.
    """

    operator: str
    efficiency: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.operator:
            raise ConfigError("An operator has no name.")
        for what, value in self.efficiency.items():
            if not 0 <= value <= MAX_PACE:
                raise ConfigError(
                    f"Operator {self.operator}: efficiency at {what} is {value!r}; expected 0 "
                    f"(cannot) to {MAX_PACE:g}, 1 is the standard's pace."
                )

    def pace(self, operation: Operation) -> float:
        """Return the efficiency at an operation; 0 if he or she cannot do it."""
        own = self.efficiency.get(operation.op)
        return self.efficiency.get(operation.machine, 0.0) if own is None else own


@dataclass(frozen=True)
class HangerLine:
    """A line to balance.

    `machines` holds how many stations of a machine class there are; an operator takes one of each
    class that his or her operations need. Classes that are not named are plentiful.

    Raises:
        ConfigError: names twice, nothing to do, nobody there, or skills for what does not exist.
    """

    name: str
    operations: tuple[Operation, ...]
    operators: tuple[Operator, ...]
    most: int = 3
    """Operations of one operator at the most."""
    machines: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.operations or not self.operators:
            raise ConfigError(
                f"Line {self.name!r} has {len(self.operations)} operations and "
                f"{len(self.operators)} operators; it needs at least one of each."
            )
        _unique("operation", (o.op for o in self.operations))
        _unique("operator", (w.operator for w in self.operators))
        if type(self.most) is not int or self.most < 1:
            raise ConfigError(f"most is {self.most!r}; expected a whole number of operations >= 1.")
        classes = {o.machine for o in self.operations}
        known = {o.op for o in self.operations} | classes
        for who in self.operators:
            _known(f"Operator {who.operator}: skill", who.efficiency, known | set(self.machines))
        for machine, count in self.machines.items():
            if type(count) is not int or count < 0:
                raise ConfigError(
                    f"machines.{machine} is {count!r}; expected a whole number of stations."
                )

    @cached_property
    def operation_of(self) -> Mapping[str, Operation]:
        """Operations by name."""
        return {o.op: o for o in self.operations}

    @cached_property
    def operator_of(self) -> Mapping[str, Operator]:
        """Operators by name."""
        return {w.operator: w for w in self.operators}

    @property
    def work(self) -> float:
        """Return the standard minutes of a whole garment."""
        return sum(o.smv for o in self.operations)

    @property
    def ideal_rate(self) -> float:
        """Return pieces per hour if everybody could do everything at the standard's pace."""
        return 60 * len(self.operators) / self.work

    @property
    def nobody_for(self) -> tuple[str, ...]:
        """Return the operations that nobody here can do."""
        return tuple(o.op for o in self.operations if not any(w.pace(o) for w in self.operators))

    def without(self, absent: Collection[str]) -> "HangerLine":
        """Return the line on a day on which these operators are away.

        Raises:
            ConfigError: if one of them does not exist, or if nobody is left.
        """
        _known("Absent operator", absent, self.operator_of)
        left = tuple(w for w in self.operators if w.operator not in absent)
        if not left:
            raise ConfigError(f"Line {self.name!r}: nobody is left of {len(self.operators)}.")
        return replace(self, operators=left)


def operations_of(bulletin: Iterable[CatalogueOperation]) -> tuple[Operation, ...]:
    """Return the operations of a bulletin of the catalogue."""
    return tuple(Operation(o.op, o.smv_ms / _MINUTE_MS, o.name, o.machine) for o in bulletin)


def _unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"The {kind} {name!r} is there twice.")
        seen.add(name)


def _known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            shown = ", ".join(sorted(k for k in known if k)[:12])
            raise ConfigError(f"{what} {name!r} is not known; there is: {shown or 'none'}.")
