"""Reasons in one sentence, English and Chinese."""

from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_HOUR = 3_600_000

Text = tuple[str, str]
"""A sentence in English and in Chinese."""


def when(t_ms: int, now_ms: int) -> Text:
    """Return a time as people say it: weekday and hour, with the date if it is a week away."""
    t = datetime.fromtimestamp(t_ms / 1000, UTC)
    clock = f"{t:%H:%M}"
    if abs(t_ms - now_ms) >= 6 * 24 * _HOUR:
        return f"{t.day} {t:%b} {clock}", f"{t.month}月{t.day}日 {clock}"
    return f"{_DAYS[t.weekday()]} {clock}", f"{_DAYS_ZH[t.weekday()]} {clock}"


def span(ms: int) -> Text:
    """Return a length of time: minutes, hours or days."""
    size = abs(ms)
    if size < 1.5 * _HOUR:
        minutes = round(size / 60_000)
        return f"{minutes} min", f"{minutes} 分钟"
    if size < 36 * _HOUR:
        return f"{size / _HOUR:.1f} hours", f"{size / _HOUR:.1f} 小时"
    return f"{size / _HOUR / 24:.1f} days", f"{size / _HOUR / 24:.1f} 天"


def choice(
    line: str,
    other: str | None,
    earlier_ms: int,
    dearer_fen: float,
) -> Text:
    """Say what the chosen line has over the next best: time and cost per piece."""
    if other is None:
        return f"{line}: the only line that can take it", f"{line}：唯一可接单的产线"
    en, zh = span(earlier_ms)
    if abs(earlier_ms) < 15 * 60_000:
        time_en, time_zh = f"as early as {other}", f"与 {other} 同时完工"
    elif earlier_ms > 0:
        time_en, time_zh = f"{en} earlier than {other}", f"比 {other} 早 {zh}"
    else:
        time_en, time_zh = f"{en} later than {other}", f"比 {other} 晚 {zh}"
    yuan = f"{abs(dearer_fen) / 100:.2f}"
    if abs(dearer_fen) < 0.5:
        cost_en, cost_zh = "at the same cost", "成本相同"
    elif dearer_fen > 0:
        cost_en, cost_zh = f"{yuan} yuan per piece dearer", f"每件贵 {yuan} 元"
    else:
        cost_en, cost_zh = f"{yuan} yuan per piece cheaper", f"每件便宜 {yuan} 元"
    return f"{line}: {time_en}, {cost_en}", f"{line}：{time_zh}，{cost_zh}"


def planned(version: int, line: str, place: int) -> Text:
    """Say that a line was chosen by an accepted plan."""
    return (
        f"plan {version} has it on {line}, place {place}",
        f"计划 {version} 排在 {line} 第 {place} 位",
    )


def finish(delivery_ms: int, due_ms: int, now_ms: int) -> Text:
    """Say when the goods arrive and whether that is in time."""
    at_en, at_zh = when(delivery_ms, now_ms)
    due_en, due_zh = when(due_ms, now_ms)
    if delivery_ms <= due_ms:
        return f"arrives {at_en}, due {due_en}", f"{at_zh} 到货，交期 {due_zh}"
    late_en, late_zh = span(delivery_ms - due_ms)
    return (
        f"arrives {at_en}, {late_en} after its due date {due_en}",
        f"{at_zh} 到货，比交期 {due_zh} 晚 {late_zh}",
    )


def join(*texts: Text) -> Text:
    """Join clauses into one sentence."""
    return "; ".join(t[0] for t in texts), "；".join(t[1] for t in texts)


def redirect(order: str, line: str, other: str, station: str, gain_ms: int) -> Text:
    """Say why an order leaves a broken line."""
    en, zh = span(gain_ms)
    return (
        f"{station} of {line} is down: {order} arrives {en} earlier by way of {other}",
        f"{line} 的 {station} 故障：{order} 改走 {other}，早到 {zh}",
    )


def resequence(line: str, rule: str, first: str, gain_h: float) -> Text:
    """Say why a queue is changed."""
    return (
        f"{line}: {rule} puts {first} first and saves {gain_h:.1f} weighted hours",
        f"{line}：按 {rule} 规则先做 {first}，节省 {gain_h:.1f} 加权小时",
    )


def expedite(line: str, station: str, waiting_pieces: int, orders: int) -> Text:
    """Say why a station is repaired first."""
    return (
        f"{line}/{station} is down and holds up {waiting_pieces} pieces of {orders} orders",
        f"{line}/{station} 故障，影响 {orders} 个订单共 {waiting_pieces} 件",
    )


def cloth_short(region: str) -> Text:
    """Say that an order waits for cloth."""
    return f"waits for cloth in {region}", f"等待 {region} 面料"
