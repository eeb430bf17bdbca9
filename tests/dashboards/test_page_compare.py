"""Two makers side by side: the same axes, switches that can be flipped, and their difference."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "dashboards/web/node_modules/axe-core/axe.min.js"
PHONE = {"width": 390, "height": 844}
WORDS = re.compile(
    r"\b(the|and|of|profit|stock|season|switch|siloed|connected|day|days|line(?!-)|off|on|scope)\b",
    re.IGNORECASE,
)


def live(served: Any, days: int) -> None:
    """Let the stand-in's makers live some days now."""
    for _ in range(days):
        served.standin.maker.duel.live()


@pytest.fixture(scope="module")
def going(shared: Any) -> Iterator[Any]:
    """A comparison that stands at day 120, with a flip on each side."""
    duel = shared.standin.maker.duel
    on = {**dict.fromkeys(duel.state["right"], True), "scope": "platform"}
    duel.start({"days": 180, "seed": 7, "capacity": "tight", "days_per_s": 2.0,
                "left": duel.state["left"], "right": on})  # fmt: skip
    duel.pace({"paused": True})
    live(shared, 60)
    duel.switch({"side": "left", "name": "sense_market", "value": True})
    live(shared, 60)
    duel.switch({"side": "right", "name": "scope", "value": "plant"})
    duel.pace({"paused": True})
    yield shared
    duel.stop()


def drawn(page: Page) -> None:
    for side in ("left", "right"):
        page.locator(f"[data-testid=course-{side}-profit_k] [data-days='120'] canvas").wait_for()
    page.locator("[data-testid=compare-strip] [data-days='120'] canvas").wait_for()


def canvas_of(page: Page, test_id: str) -> str:
    text: str = page.get_by_test_id(test_id).locator("canvas").evaluate("(c) => c.toDataURL()")
    return text


@pytest.mark.parametrize(
    ("scheme", "locale", "size"),
    [
        ("light", "en-GB", {"width": 1400, "height": 900}),
        ("dark", "zh-CN", {"width": 1024, "height": 768}),
        ("dark", "en-GB", PHONE),
        ("light", "zh-CN", {"width": 320, "height": 640}),
    ],
    ids=["desk-light-en", "tablet-dark-zh", "phone-dark-en", "small-light-zh"],
)
def test_it_fits_every_screen_theme_and_language(
    visit: Callable, going: Any, scheme: str, locale: str, size: dict
) -> None:
    watched = visit(color_scheme=scheme, locale=locale, viewport=size)
    page = watched.open(f"{going.url}/compare")
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if locale == "zh-CN":
        text = page.locator("main").inner_text()
        assert {m.group().lower() for m in WORDS.finditer(text)} == set()
    assert watched.troubles == []
    assert watched.foreign(going.url) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_checker_finds_nothing(visit: Callable, going: Any, scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci in dashboards/web)")
    page = visit(color_scheme=scheme).open(f"{going.url}/compare")
    drawn(page)
    page.get_by_test_id("compare-legend").locator("summary").click()
    page.evaluate(AXE.read_text("utf-8"))
    report = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    found = [(one["id"], [n["html"][:160] for n in one["nodes"][:3]])
             for one in report["violations"]]  # fmt: skip
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)


def test_columns_stand_side_by_side_on_a_desk_and_stack_on_a_phone(
    visit: Callable, going: Any
) -> None:
    def boxes(page: Page) -> list[dict]:
        drawn(page)
        return [page.get_by_test_id(f"side-{side}").bounding_box() for side in ("left", "right")]

    left, right = boxes(visit().open(f"{going.url}/compare"))
    assert left["y"] == right["y"]
    assert left["width"] == pytest.approx(right["width"], abs=1)
    left, right = boxes(visit(viewport=PHONE).open(f"{going.url}/compare"))
    assert right["y"] >= left["y"] + left["height"]


def test_the_strip_tells_right_minus_left_with_sign_shape_and_words(
    visit: Callable, going: Any
) -> None:
    page = visit().open(f"{going.url}/compare")
    drawn(page)
    gap = page.get_by_test_id("compare-gap")
    expect(gap).to_have_attribute("data-verdict", "better")
    expect(gap).to_contain_text(re.compile(r"▲ \+¥[\d.]+m\s*better on the right"))
    page.get_by_test_id("compare-which").select_option("lead_time_d")
    expect(gap).to_contain_text(re.compile(r"▼ −[\d.]+ d\s*better on the right"))
    last = going.standin.maker.duel.days["0119"]
    apart = last["right"]["orders_late"] - last["left"]["orders_late"]
    row = page.get_by_test_id("compare-figures").get_by_role("row", name=re.compile("Orders late"))
    expect(row).to_contain_text(f"−{-apart}")


def test_both_sides_say_that_they_met_the_same_world(visit: Callable, going: Any) -> None:
    page = visit().open(f"{going.url}/compare")
    told = page.get_by_test_id("compare-digest")
    expect(told).to_have_attribute("data-same", "true")
    expect(told).to_contain_text("seed 7")


def test_from_the_empty_page_one_button_starts_it(visit: Callable, served: Any) -> None:
    page = visit().open(f"{served.url}/compare")
    page.get_by_test_id("compare-seed").fill("42")
    page.get_by_test_id("compare-capacity").select_option("slack")
    page.get_by_test_id("compare-start").click()
    page.get_by_test_id("compare-strip").wait_for()
    [(what, body)] = served.standin.compared_with
    assert what == "start"
    assert (body["seed"], body["capacity"], body["days"]) == (42, "slack", 180)
    assert not any(body["left"][f] for f in ("sense_market", "integrate", "close_loop"))
    assert body["left"]["scope"], body["right"]["scope"] == ("line", "platform")
    expect(page.get_by_test_id("connected-left")).to_have_text("0 of 6 connected")
    expect(page.get_by_test_id("connected-right")).to_have_text("6 of 6 connected")


def started(visit: Callable, served: Any) -> Page:
    page = visit().open(f"{served.url}/compare")
    page.get_by_test_id("compare-start").click()
    page.get_by_test_id("compare-strip").wait_for()
    served.standin.compared_with.clear()
    return page


def test_a_switch_is_flipped_by_keyboard_and_marked_on_the_axis(
    visit: Callable, served: Any, until: Callable
) -> None:
    page = started(visit, served)
    page.get_by_test_id("compare-pause").click()
    expect(page.get_by_test_id("compare-state")).to_have_attribute("data-state", "paused")
    live(served, 30)
    page.locator("[data-testid=course-left-profit_k] canvas").wait_for()
    switch = page.get_by_test_id("switch-left-close_loop")
    expect(switch).to_have_attribute("aria-checked", "false")
    before = canvas_of(page, "course-left-profit_k")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(page.get_by_test_id("switch-right-close_loop")).to_have_attribute("aria-checked", "true")
    assert ("switch", {"side": "left", "name": "close_loop", "value": True}) in (
        served.standin.compared_with
    )
    expect(page.get_by_test_id("compare-marks")).to_contain_text("Closed loop: on")
    until(lambda: canvas_of(page, "course-left-profit_k") != before, "the flip is drawn")


def test_how_far_orders_travel_and_all_switches_at_once(visit: Callable, served: Any) -> None:
    page = started(visit, served)
    page.get_by_test_id("switch-left-scope").select_option("region")
    expect(page.get_by_test_id("compare-marks")).to_contain_text("Scope: region")
    page.get_by_test_id("preset-right-off").click()
    expect(page.get_by_test_id("connected-right")).to_have_text("0 of 6 connected")
    flipped = [b["name"] for what, b in served.standin.compared_with if what == "switch"]
    assert flipped == ["scope", "sense_market", "sense_floor", "integrate", "elastic",
                       "close_loop", "scope"]  # fmt: skip


def test_pace_stop_and_a_new_start_with_the_switches_as_they_stand(
    visit: Callable, served: Any
) -> None:
    page = started(visit, served)
    page.get_by_test_id("compare-speed-5").click()
    expect(page.get_by_test_id("compare-speed-5")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("switch-left-elastic").click()
    expect(page.get_by_test_id("switch-left-elastic")).to_have_attribute("aria-checked", "true")
    page.get_by_test_id("compare-stop").click()
    expect(page.get_by_test_id("compare-state")).to_have_attribute("data-state", "stopped")
    expect(page.get_by_test_id("switch-left-elastic")).to_be_disabled()
    page.get_by_test_id("compare-restart").click()
    expect(page.get_by_test_id("compare-state")).to_have_attribute("data-state", "running")
    what, body = served.standin.compared_with[-1]
    assert (what, body["left"]["elastic"], body["days_per_s"]) == ("start", True, 5)


def test_a_refusal_is_told_in_words(visit: Callable, served: Any) -> None:
    page = started(visit, served)
    served.standin.maker.duel.state["state"] = "done"  # it ended, and the page has not heard yet
    page.get_by_test_id("switch-left-elastic").click()
    expect(page.get_by_test_id("toasts")).to_contain_text("No comparison runs")


def test_a_failed_comparison_says_why(visit: Callable, served: Any) -> None:
    page = started(visit, served)
    served.standin.maker.duel._set(state="failed", error="No such scenario.", error_zh="没有场景。")
    expect(page.locator(".empty.bad")).to_have_text("No such scenario.")
