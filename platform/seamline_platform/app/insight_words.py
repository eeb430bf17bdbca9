"""What the parts of a forecast are called, in words that depend on what they do to it."""

from typing import Final

NOTHING: Final = 0.05
"""Pieces in seven days; less than this is told as no effect."""
_WORDS: Final = {
    "last_week": (
        ("The last 7 days sold more than usual", "最近 7 天卖得比平时多"),
        ("The last 7 days sold less than usual", "最近 7 天卖得比平时少"),
    ),
    "weeks_2_to_4": (
        ("Two to four weeks ago sold more than usual", "2 至 4 周前卖得比平时多"),
        ("Two to four weeks ago sold less than usual", "2 至 4 周前卖得比平时少"),
    ),
    "weekday": (
        ("Its pattern of weekdays raises it", "星期规律推高预测"),
        ("Its pattern of weekdays lowers it", "星期规律压低预测"),
    ),
    "stockouts": (
        ("It was sold out at times: demand was higher", "曾断货：真实需求更高"),
        ("Days cut by stock-outs count less", "断货的日子权重较低"),
    ),
    "price": (
        ("Its price raises demand", "价格推高需求"),
        ("Its price lowers demand", "价格压低需求"),
    ),
    "attributes": (
        ("Products like it sell more", "同类产品卖得更多"),
        ("Products like it sell less", "同类产品卖得更少"),
    ),
    "promotion": (
        ("A promotion, past or ahead, raises it", "促销（过去或将来）推高预测"),
        ("Recent sales were helped by a promotion", "近期销量得益于促销"),
    ),
}
_NONE: Final = {
    "last_week": ("The last 7 days sold as usual", "最近 7 天销量如常"),
    "weeks_2_to_4": ("Two to four weeks ago sold as usual", "2 至 4 周前销量如常"),
    "weekday": ("Weekdays even out", "星期影响相互抵消"),
    "stockouts": ("Stock-outs do not matter here", "断货没有影响"),
    "price": ("The price does not matter here", "价格没有影响"),
    "attributes": ("What it is does not matter here", "产品属性没有影响"),
    "promotion": ("Promotions do not matter here", "促销没有影响"),
}


def part_words(name: str, pieces: float) -> tuple[str, str]:
    """Return in English and Chinese what a part does to a forecast of `pieces` in seven days."""
    if abs(pieces) < NOTHING:
        return _NONE.get(name, (f"{name} does not matter here", f"{name} 没有影响"))
    if name in _WORDS:
        up, down = _WORDS[name]
        return up if pieces > 0 else down
    if pieces > 0:
        return f"{name} raises it", f"{name} 推高预测"
    return f"{name} lowers it", f"{name} 压低预测"


def explanation_note(
    exact: bool,
    evaluations: int,
    model_7d: float,
    stored_7d: float,
    stand_in: tuple[str, str] | None = None,
) -> tuple[str, str]:
    """Return how the explanation was made, and how its median and the stored forecast differ.

    `stand_in` names the model that made the forecast and the one that was asked instead.
    """
    way, way_zh = (
        ("every combination of these parts was tried", "已尝试这些因素的所有组合")
        if exact
        else (
            "it learns anew each time, so combinations were drawn and few other series joined",
            "该模型每次都要重新学习，故仅抽取部分组合，并只带少量其他序列",
        )
    )
    note = f"The model was asked {evaluations} times: {way}."
    note_zh = f"共询问模型 {evaluations} 次：{way_zh}。"
    if stand_in is not None:
        slow, instead = stand_in
        note = (
            f"{slow} takes too long to be asked again and again: these are the reasons of "
            f"{instead}, which learned from the same history, and expects {model_7d:.0f} pieces "
            f"where {slow} expects {stored_7d:.0f}. {note}"
        )
        note_zh = (
            f"{slow} 反复询问耗时过长：以下为 {instead} 的原因，它学习了同样的历史，预计 "
            f"{model_7d:.0f} 件，而 {slow} 预计 {stored_7d:.0f} 件。{note_zh}"
        )
        return note, note_zh
    if abs(model_7d - stored_7d) > max(0.5, 0.01 * abs(stored_7d)):
        note += (
            f" Its own median is {model_7d:.0f} pieces; the forecast shown above, "
            f"{stored_7d:.0f}, was made with all quantiles and corrected by earlier nights."
        )
        note_zh += (
            f"模型自身的中位数为 {model_7d:.0f} 件；上图的预测 {stored_7d:.0f} 件"
            "按全部分位数得出，并经以往各夜修正。"
        )
    return note, note_zh
