"""Keeps the two stories of the first minute up to date, and puts them on the page."""

from collections.abc import Callable, Sequence
from typing import Final

from seamline_broker.contracts.commands import CommandResult
from seamline_broker.contracts.messages import SellerOrder
from seamline_broker.contracts.view import RUSH_WEIGHT
from seamline_platform.app import story
from seamline_platform.app.desk import Sent
from seamline_platform.app.planner import Outcome
from seamline_platform.app.story import Moment, Strip, Trace
from seamline_platform.app.words import ANSWERS, CAUSES, COMMANDS, say
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.domain.causes import MINOR_CAUSES

_REPLACE_AFTER_MS: Final = 30_000
"""A trace that is not complete gives way to a new breakdown only after so long (wall)."""


class Stories:
    """Fed on the loop's thread with what happens; `show(topic, payload)` puts it on the page."""

    def __init__(self, show: Callable[[str, object], None]) -> None:
        self._show = show
        self.strip: Strip | None = None
        self.trace: Trace | None = None
        self._commands: dict[str, str] = {}

    # ---- a rush order ----------------------------------------------------------------------------

    def placed(self, order: SellerOrder, moment: Moment) -> None:
        """Begin the strip of a rush order."""
        if order.weight < RUSH_WEIGHT:
            return
        self.strip = Strip(order.order)
        pieces = sum(order.sizes.values())
        self.strip.note(
            "order",
            moment,
            f"{order.seller} orders {pieces} x {order.style}-{order.colour}, rush",
            f"{order.seller} 加急下单 {order.style}-{order.colour} {pieces} 件",
            story.row_of_order(order.order),
        )
        self._show_strip()

    def sewn(self, batch: DecodedBatch) -> bool:
        """Note the strip's first station visit; return True if it is the one."""
        strip = self.strip
        columns = batch.events.get("piece")
        if strip is None or columns is None or "piece" in strip.stages:
            return False
        if strip.order not in columns["order"]:
            return False
        at = columns["order"].index(strip.order)
        station, op = columns["station"][at], columns["op"][at]
        place = f"{batch.site}/{batch.node}/{station}"
        strip.note(
            "piece",
            Moment(int(columns["ts_ms"][at]), batch.wall_ms),
            f"{place} finished '{op}' on the first garment",
            f"{place} 完成首件工序 {op}",
            story.row_of_pieces(strip.order),
        )
        self._show_strip()
        return True

    def row(self, batch: DecodedBatch, moment: Moment) -> None:
        """Note that the first station visit stands in the store."""
        if self.strip is None:
            return
        self.strip.note(
            "row",
            moment,
            f"row of batch {batch.batch_id} in table pieces",
            f"已写入 pieces 表（批次 {batch.batch_id}）",
            story.row_of_pieces(self.strip.order),
        )
        self._show_strip()

    # ---- a breakdown -----------------------------------------------------------------------------

    def breakdown(
        self, batch: DecodedBatch, broken: Callable[[int], Moment], heard: Moment
    ) -> Trace | None:
        """Begin a trace if the batch reports a breakdown worth one.

        `broken` gives the moment of a plant time by the same clock as `heard`, the moment now.
        """
        columns = batch.events.get("station")
        if columns is None:
            return None
        for seq, ts_ms, name, state, cause in zip(
            *(columns[c] for c in ("seq", "ts_ms", "station", "state", "cause")), strict=True
        ):
            if state != "down" or cause in MINOR_CAUSES:
                continue
            if not self._gives_way(str(cause), batch.wall_ms):
                continue
            station = f"{batch.site}/{batch.node}/{name}"
            self.trace = Trace(f"T-{batch.site}-{batch.node}-{seq}", station, broken(int(ts_ms)))
            self.trace.note(
                "sensed",
                heard,
                f"{station} reports: down ({say(CAUSES, cause)[0]})",
                f"{station} 上报停机（{say(CAUSES, cause)[1]}）",
                story.row_of_breakdown(batch.site, batch.node, str(name), int(seq)),
            )
            self._show_trace()
            return self.trace
        return None

    def _gives_way(self, cause: str, wall_ms: int) -> bool:
        trace = self.trace
        if trace is None or cause == "injected":
            return True
        return wall_ms - trace.start.wall_ms > _REPLACE_AFTER_MS

    def stored(self, trace: Trace, batch_id: int, moment: Moment) -> None:
        """Note that the breakdown stands in the store."""
        trace.note(
            "stored",
            moment,
            f"batch {batch_id} committed",
            f"批次 {batch_id} 已提交",
            story.row_of_batch(batch_id),
        )
        self._show_trace()

    # ---- what the hub does -----------------------------------------------------------------------

    def decided(self, outcome: Outcome) -> None:
        """Note a decision and its commands in both stories."""
        moment = Moment(outcome.plant_ms, outcome.wall_ms)
        self._decided_strip(outcome, moment)
        trace = self.trace
        if trace is None or outcome.trigger.station != trace.station:
            return
        trace.note(
            "replanned",
            moment,
            *story.plan_text(
                [s.command.name for s in outcome.sent if s.command.name != "kit"],
                outcome.latency_ms,
            ),
            story.rows_of_decision(outcome.decision),
        )
        answer = _answer(outcome.sent, trace.station)
        if answer is not None:
            self._commanded(trace, answer, moment)
        elif "commanded" not in trace.stages:
            self._nothing_to_do(trace, outcome, moment)
        self._show_trace()

    @staticmethod
    def _nothing_to_do(trace: Trace, outcome: Outcome, moment: Moment) -> None:
        """Note that waiting is the best answer: the last stages have no command then."""
        sql = story.rows_of_decision(outcome.decision)
        trace.note("commanded", moment, "no command: no order gains by moving",
                   "无需指令：改派不会更早", sql)  # fmt: skip
        trace.note("executed", moment, "nothing to carry out", "无需执行", sql)

    def _commanded(self, trace: Trace, sent: Sent, moment: Moment) -> None:
        command = sent.command
        name, name_zh = say(COMMANDS, command.name)
        if trace.note(
            "commanded",
            moment,
            f"{command.node}, {name}: {command.reason}",
            f"向 {command.node} 下发“{name_zh}”：{command.reason_zh}",
            story.row_of_command(sent.message.id),
        ):
            self._commands[sent.message.id] = "trace"

    def _decided_strip(self, outcome: Outcome, moment: Moment) -> None:
        strip = self.strip
        if strip is None:
            return
        for command in outcome.commands:
            if command.order != strip.order or "site" not in command.args:
                continue
            site, line = command.args["site"], command.args["line"]
            sql = story.row_of_decision(strip.order)
            strip.note("plant", moment, command.reason, command.reason_zh, sql)
            strip.note("line", moment, f"{site}/{line}", f"{site}/{line}", sql)
        for sent in outcome.sent:
            if sent.command.order == strip.order and sent.command.name == "kit":
                self._commands[sent.message.id] = "strip"
        self._show_strip()

    def executed(self, sent: Sent, result: CommandResult) -> None:
        """Note the result of a command that one of the stories waits for."""
        which = self._commands.pop(sent.message.id, "")
        moment = Moment(result.plant_ms, result.wall_ms)
        name, name_zh = say(COMMANDS, sent.message.name)
        answer, answer_zh = say(ANSWERS, result.status)
        # What was done needs no explanation; what was not does.
        well = result.status in ("done", "seen") or not result.reason
        more = "" if well else f" ({result.reason})"
        text = f"{sent.command.node}, {name}: {answer}{more}"
        text_zh = f"{sent.command.node}“{name_zh}”：{answer_zh}{more}"
        sql = story.row_of_command(sent.message.id)
        if which == "strip" and self.strip is not None:
            self.strip.note("command", moment, text, text_zh, sql)
            self._show_strip()
        elif which == "trace" and self.trace is not None:
            self.trace.note("executed", moment, text, text_zh, sql)
            self._show_trace()

    def _show_strip(self) -> None:
        if self.strip is not None:
            self._show("strip", self.strip.payload())

    def _show_trace(self) -> None:
        if self.trace is not None:
            self._show("trace", self.trace.payload())


def _answer(sent: Sequence[Sent], station: str) -> Sent | None:
    """Return the command that answers a breakdown best: one about this station, else any move."""
    site, _, place = station.partition("/")
    about = [s for s in sent if s.command.args.get("station") == place]
    near = [s for s in about if s.command.node.startswith(f"{site}/")]
    moves = [s for s in sent if s.command.name in ("redirect", "sequence", "expedite_repair")]
    return next(iter([*near, *moves]), None)
