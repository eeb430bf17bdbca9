"""Explanations of a plan in sentences, English and Chinese."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from seamline_platform.planning.explain import Text, join, span, when
from seamline_platform.planning.shop.chain import ROOTS
from seamline_platform.planning.shop.explanation import (
    Displaced,
    Elsewhere,
    Explanation,
    Link,
    Sentence,
    Topic,
)
from seamline_platform.planning.shop.levers import Lever
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.schedule import Row

_SHOWN: Final = 3


class Words:
    """Says what an explanation holds, with the clock of the plant."""

    def __init__(self, problem: Problem, zone: tzinfo) -> None:
        self.problem, self.zone = problem, zone

    def told(self, x: Explanation) -> Explanation:
        """Return the explanation of an order that has a place, with its sentences."""
        row = x.row
        if row is None:
            return x
        said: list[tuple[Topic, Text]] = [
            *(("where", text) for text in self.where(x, row)),
            *(("when", text) for text in self.why_then(x, row)),
            ("late", self.late(row)),
            *(("earlier", text) for text in self.earlier(x)),
            *(("displaced", text) for text in self.displaced(x)),
        ]
        return replace(x, sentences=tuple(Sentence(topic, *text) for topic, text in said))

    def at(self, tick: int) -> Text:
        """Return a tick as a time of day in the plant."""
        start = self._local(0)
        return when(self._local(tick), start)

    def _local(self, tick: int) -> int:
        ms = self.problem.start_ms + tick * self.problem.tick_ms
        offset = datetime.fromtimestamp(ms / 1000, UTC).astimezone(self.zone).utcoffset()
        return ms + (round(offset.total_seconds() * 1000) if offset else 0)

    def length(self, ticks: int) -> Text:
        """Return a number of ticks as minutes, hours or days."""
        return span(ticks * self.problem.tick_ms)

    def where(self, x: Explanation, row: Row) -> list[Text]:
        """Say on which line it is, and what the others would mean."""
        line = row.line
        if self.problem.order_of[x.order].sewn is not None:
            return [
                (f"{x.order} is being sewn or was sewn on {line}", f"{x.order} 已在 {line} 上缝制")
            ]
        place = (
            f"{x.order} is number {x.position + 1} of {x.queue} on {line}",
            f"{x.order} 在 {line} 排第 {x.position + 1} 位（共 {x.queue} 单）",
        )
        place = join(place, self._after(x, row))
        if x.order in self.problem.fixed.get(line, ()):
            return [join(place, ("its place is fixed", "位置已锁定"))]
        if not x.elsewhere:
            only = ("no other line may sew it", "没有其他产线可以承接")
            return [join(place, only)]
        return [join(place, *(self._elsewhere(e) for e in x.elsewhere[:_SHOWN]))]

    def _after(self, x: Explanation, row: Row) -> Text:
        """Say what its place costs in set-up."""
        after, after_zh = (
            (f"after {x.follows} it needs", f"接在 {x.follows} 之后，") if x.follows else
            ("as the first it needs", "首单，")
        )  # fmt: skip
        if not row.setup:
            return f"{after} no set-up", f"{after_zh}无需换款"
        en, zh = self.length(row.setup)
        return f"{after} {en} of set-up", f"{after_zh}换款 {zh}"

    def _elsewhere(self, e: Elsewhere) -> Text:
        en, zh = self.length(e.later)
        if e.later > 0:
            own = (f"it would be done {en} later", f"晚 {zh}完工")
        elif e.later < 0:
            own = (f"it would be done {en} earlier", f"早 {zh}完工")
        else:
            own = ("it would be done at the same time", "完工时间不变")
        if e.dearer > 0:
            cost = (f"the plan would cost {e.dearer:,} more", f"计划成本增加 {e.dearer:,}")
        elif e.dearer < 0:
            cost = (f"the plan would cost {-e.dearer:,} less", f"计划成本减少 {-e.dearer:,}")
        else:
            cost = ("the plan would cost the same", "计划成本不变")
        return (f"on {e.line} {own[0]} and {cost[0]}", f"若改到 {e.line}，{own[1]}，{cost[1]}")

    def why_then(self, x: Explanation, row: Row) -> list[Text]:
        """Say what it waits for, and the chain back to its root."""
        mine = [link for link in x.chain if link.order == x.order]
        said = [self._step(link) for link in mine]
        if not any(link.kind in ("sew", "runs") for link in mine):
            sewn = Link("sew", x.order, row.line, row.sew_start, row.sew_end, 0)
            said = [self._step(sewn), *said]
        before = [link for link in x.chain if link.order != x.order]
        texts = [join(*said)]
        if before:
            texts.append(self._back(x, before))
        closed = sum(link.closed for link in x.chain if link.kind not in ROOTS)
        if closed:
            en, zh = self.length(closed)
            texts.append((f"{en} on this way nobody works: it is closed", f"其中 {zh}为非工作时间"))
        return texts

    def _step(self, link: Link) -> Text:
        start, end = self.at(link.start), self.at(link.end)
        line = link.line
        match link.kind:
            case "cloth":
                return (f"its cloth comes {end[0]}", f"面料 {end[1]} 到")
            case "kit":
                return (f"its kit comes {end[0]}", f"裁片 {end[1]} 到线")
            case "busy table":
                return (f"the cutting tables are busy until {end[0]}", f"裁床占用到 {end[1]}")
            case "busy line":
                return (f"{line} sews what runs until {end[0]}", f"{line} 在制品做到 {end[1]}")
            case "busy place":
                return (f"finishing is busy until {end[0]}", f"后整占用到 {end[1]}")
            case "runs":
                return (f"it is sewn {end[0]}", f"{end[1]} 缝完")
            case "start":
                return (f"everything is there {end[0]}", f"{end[1]} 已齐备")
            case "cut":
                return (f"cut {start[0]} to {end[0]}", f"{start[1]} 至{end[1]} 裁剪")
            case "way":
                return (f"its kit is at the line {end[0]}", f"裁片 {end[1]} 送到产线")
            case "setup":
                return (f"{line} is set up from {start[0]}", f"{line} 从 {start[1]} 开始换款")
            case "sew":
                return (
                    f"sewn on {line} {start[0]} to {end[0]}",
                    f"{start[1]} 至{end[1]} 在 {line} 缝制",
                )
            case "finish":
                return (f"finished {start[0]} to {end[0]}", f"{start[1]} 至{end[1]} 后整")
        return (f"there {end[0]}", f"{end[1]} 送达")

    def _back(self, x: Explanation, before: list[Link]) -> Text:
        """Say whom it waits for, from the nearest order back to the root."""
        nearest = before[-1]
        names = list(dict.fromkeys(link.order for link in reversed(before)))
        shown = ", ".join(names[:_SHOWN]) + (" .." if len(names) > _SHOWN else "")
        shown_zh = "、".join(names[:_SHOWN]) + (" 等" if len(names) > _SHOWN else " ")
        come = "comes" if len(names) == 1 else "come"
        if nearest.order in self.problem.order_of[x.order].after:
            text = (f"it has to follow {shown}", f"须排在 {shown_zh}之后")
        elif nearest.kind == "cut":
            text = (
                f"it waits for a cutting table, where {shown} {come} first",
                f"等待裁床：{shown_zh}先裁",
            )
        elif nearest.kind == "finish":
            text = (
                f"it waits for finishing, where {shown} {come} first",
                f"等待后整：{shown_zh}先做",
            )
        else:
            text = (
                f"it waits for {nearest.line}, where {shown} {come} first",
                f"等待 {nearest.line}：{shown_zh}先做",
            )
        root = x.chain[0]
        if root.kind == "start" or root.order == x.order:
            return text
        en, zh = self._step(root)
        return join(text, (f"it all begins with {root.order}: {en}", f"源头是 {root.order}：{zh}"))

    def late(self, row: Row) -> Text:
        """Say when it is done and whether that is in time."""
        done, due = self.at(row.done), self.at(self.problem.order_of[row.order].due)
        if not row.late:
            return (f"done {done[0]}, due {due[0]}", f"{done[1]} 完工，交期 {due[1]}")
        en, zh = self.length(row.late)
        return (
            f"done {done[0]}, {en} after its due date {due[0]}",
            f"{done[1]} 完工，比交期 {due[1]} 晚 {zh}",
        )

    def earlier(self, x: Explanation) -> list[Text]:
        """Say what would make it earlier, the greatest gain first."""
        if not x.levers:
            return [("nothing that was tried makes it earlier", "所试办法都不能提前")]
        return [self._lever(lever) for lever in x.levers]

    def _lever(self, lever: Lever) -> Text:
        gain, gain_zh = self.length(lever.gain)
        amount, amount_zh = self.length(lever.amount)
        line = lever.line
        match lever.kind:
            case "cloth":
                how = (f"with its cloth {amount} earlier", f"面料提前 {amount_zh}到")
            case "kit":
                how = (f"with its kit {amount} earlier", f"裁片提前 {amount_zh}到线")
            case "cut first":
                how = ("cut before all others", "最先裁剪")
            case "forward":
                how = (f"before {lever.order} on {line}", f"在 {line} 排到 {lever.order} 之前")
            case "overtime":
                at, at_zh = self.at(lever.at)
                how = (
                    f"with {amount} of overtime on {line} from {at}",
                    f"{line} 从 {at_zh} 起加班 {amount_zh}",
                )
            case "other line":
                how = (f"on {line}", f"改到 {line}")
            case "weight":
                how = (
                    f"with weight {lever.amount}, which would pay for an earlier place on {line}",
                    f"权重提高到 {lever.amount}（才值得在 {line} 提前）",
                )
            case "split":
                how = (
                    f"with {lever.amount} pieces of it on {line}",
                    f"分 {lever.amount} 件到 {line} 同时做",
                )
            case "skill":
                how = (f"if {line} could sew it", f"{line} 若能做该款")
            case "allow":
                how = (f"if it were allowed on {line}", f"若允许排到 {line}")
        if lever.cheaper == 0:
            cost = ("the plan would cost the same", "计划成本不变")
        elif lever.cheaper > 0:
            cost = (
                f"the plan would cost {lever.cheaper:,} less",
                f"计划成本减少 {lever.cheaper:,}",
            )
        else:
            cost = (
                f"the plan would cost {-lever.cheaper:,} more",
                f"计划成本增加 {-lever.cheaper:,}",
            )
        return (f"{how[0]}: {gain} earlier, {cost[0]}", f"{how[1]}：提前 {gain_zh}，{cost[1]}")

    def displaced(self, x: Explanation) -> list[Text]:
        """Say who waits for it, and for whom it waits."""
        texts = []
        if x.displaces:
            en, zh = self._rivals(x.displaces)
            texts.append((f"without it others would be earlier: {en}", f"若没有本单，{zh}可提前"))
        if x.displaced_by:
            en, zh = self._rivals(x.displaced_by)
            texts.append((f"it would be earlier without: {en}", f"若没有 {zh}，本单可提前"))
        return texts or [("it displaces nobody", "没有挤占其他订单")]

    def _rivals(self, rows: Sequence[Displaced]) -> Text:
        """Name orders and what time is lost between them and the other one."""
        lengths = [self.length(d.by) for d in rows[:_SHOWN]]
        pairs = [f"{d.order} ({n[0]})" for d, n in zip(rows, lengths, strict=False)]
        pairs_zh = [f"{d.order}（{n[1]}）" for d, n in zip(rows, lengths, strict=False)]
        more = len(rows) - _SHOWN
        return (
            ", ".join(pairs) + (f" and {more} more" if more > 0 else ""),
            "、".join(pairs_zh) + (f"等 {len(rows)} 单" if more > 0 else ""),
        )

    def unplanned(self, order: Order, without_place: Mapping[str, str]) -> Text:
        """Say why an order has no place; `without_place` are all such orders with reasons."""
        style = self.problem.style_of[order.style]
        able = [x for x in self.problem.lines if style.family in x.efficiency]
        if not able:
            return (
                f"{order.order} has no place: no line sews {style.family}",
                f"{order.order} 无法排产：没有产线会做 {style.family}",
            )
        skilled = [x for x in able if style.skills <= x.skills]
        if not skilled:
            wanted = ", ".join(sorted(style.skills))
            return (
                f"{order.order} has no place: no line that sews {style.family} has {wanted}",
                f"{order.order} 无法排产：会做 {style.family} 的产线都不具备 {wanted}",
            )
        if order.lines and not any(x.line in order.lines for x in skilled):
            return (
                f"{order.order} has no place: it is allowed on {', '.join(order.lines)} only, "
                "which cannot sew it",
                f"{order.order} 无法排产：只允许排到 {'、'.join(order.lines)}，而这些产线不能做",
            )
        waits = [name for name in order.after if name in without_place]
        if waits:
            return (
                f"{order.order} has no place: it has to follow {', '.join(waits)}, which have none",
                f"{order.order} 无法排产：须排在 {'、'.join(waits)} 之后，而它们也未排产",
            )
        reason = without_place.get(order.order) or "the plan leaves it out"
        return (f"{order.order} has no place: {reason}", f"{order.order} 未排入计划")
