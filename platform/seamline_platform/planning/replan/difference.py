"""What changes between two schedules of the same plant, in figures and in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from seamline_platform.planning.explain import Text, span
from seamline_platform.planning.shop.schedule import Row, Schedule

Kind = Literal["moved", "earlier", "later", "new", "gone", "same"]
KINDS: Final[tuple[Kind, ...]] = ("moved", "earlier", "later", "new", "gone", "same")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one order; ticks, `None` where it is not in that schedule.

    `kind` is the first that fits: `new`, `gone`, `moved` (to another line), `earlier` or `later`
    (when it is done), `same`.
    """

    order: str
    kind: Kind
    text: Text
    """A sentence in English and in Chinese."""
    line_before: str | None = None
    line_after: str | None = None
    start_before: int | None = None
    start_after: int | None = None
    done_before: int | None = None
    done_after: int | None = None
    late_before: int = 0
    late_after: int = 0

    @property
    def shift(self) -> int:
        """Ticks by which it is done later (negative: earlier); 0 where it is new or gone."""
        if self.done_before is None or self.done_after is None:
            return 0
        return self.done_after - self.done_before


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a schedule, side by side with those of another."""

    cost: int
    weighted_tardiness: int
    setup: int
    late_orders: int
    late_ticks: int
    makespan: int


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from one schedule to another, and their figures."""

    changes: tuple[Change, ...]
    before: Figures
    after: Figures
    summary: Text

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of a kind."""
        return tuple(x for x in self.changes if x.kind == kind)

    @property
    def moved(self) -> tuple[Change, ...]:
        """Orders that go to another line."""
        return self.of("moved")

    @property
    def earlier(self) -> tuple[Change, ...]:
        """Orders of the same line that are done earlier."""
        return self.of("earlier")

    @property
    def later(self) -> tuple[Change, ...]:
        """Orders of the same line that are done later."""
        return self.of("later")

    @property
    def new(self) -> tuple[Change, ...]:
        """Orders that only the schedule after it has."""
        return self.of("new")

    @property
    def gone(self) -> tuple[Change, ...]:
        """Orders that only the schedule before it has."""
        return self.of("gone")

    @property
    def gain(self) -> int:
        """Cost that the change saves (negative: that it adds)."""
        return self.before.cost - self.after.cost

    @property
    def empty(self) -> bool:
        """True if nothing changes for any order."""
        return all(x.kind == "same" for x in self.changes)


def difference(before: Schedule, after: Schedule, tick_ms: int = 60_000) -> Difference:
    """Return what changes from `before` to `after`, both in ticks from the same moment.

    The changes come in the sequence of `after`; what is gone comes last. `tick_ms` is the length
    of a tick, for the sentences.
    """
    old = {row.order: row for row in before.rows}
    changes = [_change(old.get(row.order), row, tick_ms) for row in after.rows]
    still = {row.order for row in after.rows}
    changes += [_gone(row, after.unplanned) for row in before.rows if row.order not in still]
    a, b = _figures(before), _figures(after)
    return Difference(tuple(changes), a, b, _summary(changes, a, b, tick_ms))


def _figures(schedule: Schedule) -> Figures:
    v = schedule.value
    late = sum(row.late for row in schedule.rows)
    return Figures(v.cost, v.weighted_tardiness, v.setup, v.late, late, v.makespan)


def _change(old: Row | None, row: Row, tick_ms: int) -> Change:
    if old is None:
        kind: Kind = "new"
    elif old.line != row.line:
        kind = "moved"
    elif row.done == old.done:
        kind = "same"
    else:
        kind = "earlier" if row.done < old.done else "later"
    return Change(
        order=row.order,
        kind=kind,
        text=_sentence(old, row, kind, tick_ms),
        line_before=old.line if old else None,
        line_after=row.line,
        start_before=old.sew_start if old else None,
        start_after=row.sew_start,
        done_before=old.done if old else None,
        done_after=row.done,
        late_before=old.late if old else 0,
        late_after=row.late,
    )


def _gone(row: Row, unplanned: Mapping[str, str]) -> Change:
    why = unplanned.get(row.order)
    if why is None:
        en, zh = f"{row.order} is not in the plan any more.", f"{row.order} 已不在计划中。"
    else:
        en, zh = (
            f"{row.order} leaves {row.line}: {why}",
            f"{row.order} 从 {row.line} 撤出，暂无排产位置。",
        )
    return Change(
        row.order, "gone", (en, zh), row.line, None, row.sew_start, None, row.done, None, row.late
    )


def _sentence(old: Row | None, row: Row, kind: Kind, tick_ms: int) -> Text:
    late = _lateness(old.late if old else 0, row.late, tick_ms)
    if old is None:
        en, zh = f"{row.order} is new on {row.line}", f"{row.order} 新排入 {row.line}"
    elif kind == "moved":
        shift_en, shift_zh = _shift(row.done - old.done, tick_ms)
        en = f"{row.order} goes from {old.line} to {row.line} and is done {shift_en}"
        zh = f"{row.order} 由 {old.line} 改到 {row.line}，{shift_zh}"
    else:
        shift_en, shift_zh = _shift(row.done - old.done, tick_ms)
        en = f"{row.order} stays on {row.line} and is done {shift_en}"
        zh = f"{row.order} 仍在 {row.line}，{shift_zh}"
    return f"{en}{late[0]}.", f"{zh}{late[1]}。"


def _shift(ticks: int, tick_ms: int) -> Text:
    if ticks == 0:
        return "at the same time", "完工时间不变"
    en, zh = span(ticks * tick_ms)
    return (f"{en} later", f"晚 {zh}完工") if ticks > 0 else (f"{en} earlier", f"早 {zh}完工")


def _lateness(before: int, after: int, tick_ms: int) -> Text:
    if not after:
        return (", now in time", "，改为准时") if before else ("", "")
    en, zh = span(after * tick_ms)
    if not before:
        return f", {en} after its due date", f"，超交期 {zh}"
    if before == after:
        return f", still {en} after its due date", f"，仍超交期 {zh}"
    was_en, was_zh = span(before * tick_ms)
    return f", {en} after its due date (was {was_en})", f"，超交期 {zh}（原 {was_zh}）"


def _summary(changes: Sequence[Change], a: Figures, b: Figures, tick_ms: int) -> Text:
    parts = [*_counts(changes), *_late(a, b, tick_ms), _cost(a, b)]
    return "; ".join(en for en, _ in parts) + ".", "；".join(zh for _, zh in parts) + "。"


def _counts(changes: Sequence[Change]) -> Iterator[Text]:
    words: Mapping[Kind, tuple[str, str]] = {
        "moved": ("to another line", "换线"),
        "earlier": ("earlier", "提前"),
        "later": ("later", "推迟"),
        "new": ("new", "新增"),
        "gone": ("without a place", "撤出"),
    }
    told = False
    for kind, (en, zh) in words.items():
        count = sum(x.kind == kind for x in changes)
        if count:
            told = True
            yield f"{count} {'order' if count == 1 else 'orders'} {en}", f"{count} 单{zh}"
    if not told:
        yield "no order changes its time", "没有订单变动"


def _late(a: Figures, b: Figures, tick_ms: int) -> Iterator[Text]:
    yield (
        f"late orders {a.late_orders} -> {b.late_orders}",
        f"延误订单 {a.late_orders} → {b.late_orders}",
    )
    if a.late_ticks != b.late_ticks:
        before, after = span(a.late_ticks * tick_ms), span(b.late_ticks * tick_ms)
        yield f"lateness {before[0]} -> {after[0]}", f"总延误 {before[1]} → {after[1]}"


def _cost(a: Figures, b: Figures) -> Text:
    share = f" ({(b.cost - a.cost) / a.cost:+.0%})" if a.cost else ""
    return f"cost {a.cost:,} -> {b.cost:,}{share}", f"成本 {a.cost:,} → {b.cost:,}{share}"
