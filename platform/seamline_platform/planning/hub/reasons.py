"""Why there is a new plan, in a sentence, English and Chinese."""

from collections.abc import Callable, Mapping
from typing import Final

from seamline_platform.planning.explain import Text, when

Say = Callable[[str, str], Text]


def _plain(en: str, zh: str) -> Say:
    return lambda station, order: (
        en.format(station=station, order=order),
        zh.format(station=station, order=order),
    )


_REASONS: Final[Mapping[str, Say]] = {
    "start": _plain("The first plan of this run.", "本次运行的首个计划。"),
    "breakdown": _plain(
        "{station} is down: what waits there is shifted or goes elsewhere.",
        "{station} 故障：其后订单顺延或改派。",
    ),
    "repair": _plain("{station} works again.", "{station} 已修复。"),
    "rush_order": _plain(
        "Rush order {order} gets the place that costs least.", "急单 {order} 插入代价最小的位置。"
    ),
    "refused": _plain("{order} was refused: its place is free.", "{order} 被拒绝，位置空出。"),
    "orders": _plain("Orders that came since the last search.", "上次优化后有新订单。"),
    "person": _plain("A person asked for it.", "人工要求。"),
}


def reason_of(kind: str, station: str = "", order: str = "") -> Text:
    """Return why there is a new plan; a kind without words of its own is named."""
    say = _REASONS.get(kind)
    if say is None:
        plain = kind.replace("_", " ")
        return f"{plain.capitalize()}: {station or order}.", f"{plain}：{station or order}。"
    return say(station, order)


def until(reason: Text, until_ms: int, now_ms: int) -> Text:
    """Add when a repair is expected to end."""
    en, zh = when(until_ms, now_ms)
    return f"{reason[0]} Repair is expected to end {en}.", f"{reason[1]}预计 {zh} 修复。"


def sentence(news: Text) -> Text:
    """Return a clause as a sentence."""
    return news[0][:1].upper() + news[0][1:] + ".", news[1] + "。"


def kept(gain: float) -> Text:
    """Say that the twin keeps the plan in force."""
    return (
        f"The twin sees no clear gain in another plan ({gain:,.0f} on average): this one stays.",
        f"孪生仿真未见明显收益（平均 {gain:,.0f}）：维持现计划。",
    )


def better(cost: int, new: int, runs: int, low: float, high: float) -> Text:
    """Say what the twin expects of a better plan."""
    return (
        f"Cost {cost:,} -> {new:,}; in {runs} runs of the twin it saves {low:,.0f} to {high:,.0f} "
        "(95 % interval).",
        f"成本 {cost:,} → {new:,}；仿真 {runs} 次，节省 {low:,.0f} 至 {high:,.0f}（95%）。",
    )
