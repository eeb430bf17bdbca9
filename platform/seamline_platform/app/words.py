"""Names of commands, triggers, causes and answers as a person says them, in English and Chinese."""

from collections.abc import Mapping
from typing import Final

Pair = tuple[str, str]

COMMANDS: Final[Mapping[str, Pair]] = {
    "kit": ("cut and send the kit", "裁剪并配送"),
    "redirect": ("send to another line", "改派产线"),
    "sequence": ("re-sequence the line", "重排队列"),
    "expedite_repair": ("repair first", "优先维修"),
    "reserve_cloth": ("reserve cloth", "预留面料"),
    "order_cloth": ("order cloth", "订购面料"),
    "dye_cloth": ("dye greige", "坯布染色"),
    "transfer_cloth": ("send cloth to another warehouse", "调拨面料"),
    "cut_ahead": ("cut ahead of orders", "预先裁剪"),
    "promise": ("promise a date", "承诺交期"),
    "break_machine": ("break a machine", "让机器故障"),
    "rush_order": ("rush order", "急单"),
    "burst": ("livestream burst", "直播爆单"),
    "next_morning": ("next morning", "次日早班"),
    "pause": ("pause", "暂停"),
    "resume": ("resume", "继续"),
    "speed": ("speed", "调速"),
}
TRIGGERS: Final[Mapping[str, Pair]] = {
    "breakdown": ("breakdown", "故障"),
    "repair": ("repair", "修复"),
    "rush_order": ("rush order", "急单"),
    "refused": ("refusal", "拒绝"),
    "absence": ("absence", "缺勤"),
    "late_cloth": ("late cloth", "面料迟到"),
    "quality": ("quality loss", "质量损失"),
    "plan": ("accepted plan", "采纳计划"),
    "person": ("by hand", "人工"),
    "forecast": ("forecast", "预测"),
    "order": ("new order", "新订单"),
    "kit": ("kit at the line", "裁片到线"),
    "timer": ("timer", "定时"),
}
CAUSES: Final[Mapping[str, Pair]] = {
    "breakdown": ("breakdown", "机械故障"),
    "injected": ("broken by hand", "人为触发"),
    "repaired": ("repaired", "已修复"),
}
ANSWERS: Final[Mapping[str, Pair]] = {
    "done": ("done", "已执行"),
    "seen": ("done before", "此前已执行"),
    "refused": ("refused", "被拒绝"),
    "expired": ("expired", "已过期"),
    "failed": ("failed", "失败"),
}


def say(words: Mapping[str, Pair], name: object) -> Pair:
    """Return the words for a name; a name without words stands for itself."""
    plain = str(name).replace("_", " ")
    return words.get(str(name), (plain, plain))
