"""What the platform does again and again: decide, forecast, feed the page, publish state."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Final

from seamline_broker.contracts.commands import Command
from seamline_broker.errors import SeamlineError
from seamline_platform.app import forecast_answers
from seamline_platform.app.diary import Note
from seamline_platform.app.runtime import Runtime
from seamline_platform.app.training import train_if_due
from seamline_platform.app.triggers import TIMER, Trigger, most_urgent
from seamline_platform.app.words import TRIGGERS, say
from seamline_platform.planning.plan import Bar

log = logging.getLogger(__name__)

_QUIET_S: Final = 2.5
"""So long without a backlog before the first decision: nobody decides on half a view."""
_TIMER_PLANT_MS: Final = 15 * 60_000
_PAGE_S: Final = 0.2
_NAMESPACE_KPIS: Final = ("oee", "line_efficiency", "throughput_per_h", "throughput")


async def settled(runtime: Runtime) -> None:
    """Wait until master data, clock and backlog have arrived."""
    await runtime.heard_clock.wait()
    while True:
        if runtime.projection.view(0).catalogue.lines and runtime.quiet_s >= _QUIET_S:
            return
        await asyncio.sleep(max(0.1, _QUIET_S - runtime.quiet_s))


async def decide(runtime: Runtime) -> None:
    """Answer triggers; without any, look at the plan every quarter of a plant hour."""
    await settled(runtime)
    if runtime.fresh_run:
        give(runtime, Command("field/field", "rush_order", {"pieces": 120}))
    last_ms = 0
    while True:
        try:
            async with asyncio.timeout(0.5):
                await runtime.wake.wait()
        except TimeoutError:
            if runtime.now_ms - last_ms < _TIMER_PLANT_MS:
                continue
        await asyncio.sleep(0.05)  # reasons that come together are answered together
        runtime.wake.clear()
        triggers, runtime.triggers = runtime.triggers, []
        trigger = most_urgent(triggers) or Trigger(TIMER, runtime.clock.wall_ms())
        last_ms = runtime.now_ms
        if trigger.is_disturbance:
            await runtime.plans.disturbed(trigger)
        else:
            await runtime.plans.looked(last_ms)
        await _decide_once(runtime, trigger)


async def _decide_once(runtime: Runtime, trigger: Trigger) -> None:
    try:
        outcome = await asyncio.to_thread(runtime.planner.decide, trigger)
    except SeamlineError:
        log.exception("The dispatch hub could not decide. trigger=%s", trigger.kind)
        return
    runtime.stories.decided(outcome)
    runtime.hub.put("plan", plan_payload(runtime))
    if trigger.is_disturbance:
        what = trigger.station or trigger.order
        count = len(outcome.commands)
        kind, kind_zh = say(TRIGGERS, trigger.kind)
        text = f"{what}, {kind}: planned again in {outcome.latency_ms} ms, commands: {count}"
        zh = f"{what} {kind_zh}：{outcome.latency_ms} 毫秒内重排，{count} 条指令"
        note = Note(outcome.plant_ms, "info", "decision", text, zh, trigger.order, trigger.station)
        runtime.publisher.note(note, outcome.wall_ms)


def plan_payload(runtime: Runtime) -> dict[str, object]:
    """Return the payload of topic `plan`."""
    plan = runtime.policy.plan
    return {"now_ms": plan.now_ms, "bars": [_bar(bar) for bar in plan.bars]}


def _bar(bar: Bar) -> dict[str, object]:
    document = asdict(bar)
    del document["pieces"], document["delivery_ms"]
    return document


def give(runtime: Runtime, command: Command) -> str | None:
    """Send one command of a person; return its id, None if the broker is away."""
    trigger = Trigger("person", runtime.clock.wall_ms())
    sent = runtime.planner.give(command, trigger, runtime.now_ms)
    return sent.message.id if sent is not None else None


async def nights(runtime: Runtime) -> None:
    """Forecast and replenish once per plant night, and at the start."""
    await settled(runtime)
    origin_ms, _ = await asyncio.to_thread(forecast_answers.newest, runtime.store)
    summary = await asyncio.to_thread(forecast_answers.summary, runtime.store, 0.0, "", "")
    runtime.hub.put("forecast", summary.model_dump(mode="json"))
    while True:
        now_ms = runtime.now_ms
        if await asyncio.to_thread(runtime.brain.is_due, now_ms, origin_ms):
            origin_ms = await _night(runtime, now_ms)
        await asyncio.sleep(0.5)


async def _night(runtime: Runtime, now_ms: int) -> int:
    night = await runtime.brain.night(now_ms)
    for order in night.orders:
        runtime.projection.replenishment(order)
        runtime.kpis.placed(order.order, order.placed_ms)
    trigger = Trigger("forecast", runtime.clock.wall_ms())
    await asyncio.to_thread(runtime.planner.carry_out, night.reservations, trigger)
    runtime.ask(trigger)
    note = Note(runtime.now_ms, "info", "forecast", night.note, night.note_zh)
    runtime.publisher.note(note, runtime.clock.wall_ms())
    await asyncio.to_thread(runtime.store.flush)
    summary = await asyncio.to_thread(
        forecast_answers.summary, runtime.store, night.seconds, night.note, night.note_zh
    )
    await _tell_trends(runtime)  # before the page is told of the night, and asks for them
    runtime.hub.put("forecast", summary.model_dump(mode="json"))
    runtime.night_over.set()
    return night.origin_ms


async def _tell_trends(runtime: Runtime) -> None:
    """Write the trend alarms of the days that were closed since the last night into the log."""
    try:
        found = await asyncio.to_thread(runtime.insight.new_alarms)
        await asyncio.to_thread(runtime.insight.quality)
    except SeamlineError:
        log.exception("Trend alarms and quality could not be counted.")
        return
    for alarm in found:
        note = Note(runtime.now_ms, "P3", "trend", alarm.reason, alarm.reason_zh)
        runtime.publisher.note(note, runtime.clock.wall_ms())


async def trainings(runtime: Runtime) -> None:
    """Train between the nights: after each night what is due, and what people have imported."""
    await settled(runtime)
    while True:
        try:
            async with asyncio.timeout(2.0):
                await runtime.night_over.wait()
        except TimeoutError:
            if not runtime.trainer.waiting():
                continue
        runtime.night_over.clear()
        said = await train_if_due(runtime.trainer, runtime.now_ms)
        if said is not None:
            note = Note(runtime.now_ms, "info", "forecast", *said)
            runtime.publisher.note(note, runtime.clock.wall_ms())


async def plans(runtime: Runtime) -> None:
    """Serve the search for better plans."""
    await runtime.plans.run()


async def page(runtime: Runtime) -> None:
    """Feed the live page."""
    beats = 0
    while True:
        runtime.publisher.changes()
        if beats % 5 == 0:
            runtime.publisher.figures()
        beats += 1
        asleep_s = runtime.clock.steady_s()
        await asyncio.sleep(_PAGE_S)
        runtime.late.add(runtime.clock.steady_s() - asleep_s - _PAGE_S)


async def keep(runtime: Runtime) -> None:
    """Store closed KPI windows and publish the Unified Namespace, once a second."""
    connected = False
    while True:
        rows = runtime.kpis.take_rows()
        if rows:
            runtime.store.insert("kpis", [_kpi_row(asdict(row)) for row in rows])
        if runtime.ingest.client.connected and not connected:
            runtime.namespace.forget()
        connected = runtime.ingest.client.connected
        if connected:
            for topic, payload in runtime.namespace.changes(
                runtime.view(), _figures(runtime)
            ).items():
                runtime.ingest.client.publish(topic, payload, 0, True)
        await asyncio.sleep(1.0)


def _kpi_row(row: dict[str, object]) -> dict[str, object]:
    start, end = row.pop("window_start_ms"), row.pop("window_end_ms")
    return {"window_start": start, "window_end": end, **row}


def _figures(runtime: Runtime) -> dict[str, dict[str, object]]:
    return {
        node: {
            name: round(value, 3)
            for name, value in kpis.items()
            if name in _NAMESPACE_KPIS and value is not None
        }
        for node, kpis in runtime.kpis.today().items()
    }


async def for_ever(name: str, task: Callable[[Runtime], Awaitable[None]], runtime: Runtime) -> None:
    """Run a task; one that fails is logged and begins again."""
    while True:
        try:
            await task(runtime)
        except Exception:
            log.exception("A task of the platform failed and begins again. task=%s", name)
            await asyncio.sleep(2.0)
