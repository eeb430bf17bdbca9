"""Insight on the page: trend alarms, why a forecast is what it is, how good it was, the models."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).resolve().parents[2] / "dashboards/web/node_modules/axe-core/axe.min.js"


def opened(visit: Callable, served: object, **options: object) -> Page:
    page = visit(**options).open(f"{served.url}/forecast")  # type: ignore[attr-defined]
    page.locator("[data-testid=fan] [data-drawn=true] canvas").first.wait_for()
    page.locator("[data-testid=quality] .small-chart").first.wait_for()
    return page


def test_new_trends_have_colour_and_shape_and_old_ones_are_grey(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    card = page.get_by_test_id("trends")
    expect(card.get_by_test_id("trend-new")).to_have_count(2)
    first = card.get_by_test_id("trend-new").first
    expect(first).to_contain_text("rises")
    expect(first).to_contain_text("20 → 41")
    expect(first.locator("svg.arrow.new")).to_have_count(1)
    card.get_by_text("Earlier alarms: 1").click()
    old = card.get_by_test_id("trend-old")
    expect(old).to_be_visible()
    expect(old.locator("svg.arrow.new")).to_have_count(0)
    card.get_by_text(re.compile("All 6 styles")).click()
    expect(card.locator(".style-list li")).to_have_count(6)
    expect(card.locator(".style-list svg.arrow.new")).to_have_count(2)


def test_a_forecast_says_why_and_the_sum_is_right(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    expect(page.locator(".reasons")).to_have_count(0)  # nothing is asked before a person asks
    page.get_by_test_id("explain-open").click()
    reasons = page.locator(".reasons")
    expect(reasons.locator("li")).to_have_count(5)
    expect(page.get_by_test_id("part-last_week")).to_contain_text(
        "The last 7 days sold more than usual"
    )
    expect(page.get_by_test_id("part-promotion")).to_contain_text("\u221212")
    texts = reasons.locator("li .num").all_inner_texts()
    values = [float(text.replace("\u2212", "-").replace("+", "")) for text in texts]
    assert sum(values[:-1]) == pytest.approx(values[-1])
    page.get_by_test_id("explain-day").select_option("1")
    expect(page.get_by_test_id("part-last_week")).to_contain_text("The last 7 days: raises it")
    page.get_by_test_id("explain-open").click()
    expect(reasons).to_have_count(0)


def test_a_model_that_cannot_be_asked_says_so(visit: Callable, served) -> None:
    served.standin.refuse = "The model is too slow for an explanation."
    page = opened(visit, served)
    page.get_by_test_id("explain-open").click()
    expect(page.get_by_test_id("explain").locator(".empty.bad")).to_contain_text("too slow")
    served.standin.refuse = ""
    page.get_by_test_id("explain-again").click()
    expect(page.locator(".reasons li")).to_have_count(5)


def test_quality_is_drawn_and_a_missed_quantile_stands_out(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    card = page.get_by_test_id("quality")
    expect(card.locator("[data-drawn=true] canvas")).to_have_count(4)
    expect(card.locator(".calibration .missed")).to_have_count(1)
    expect(card).to_contain_text("Off by more than 3 points: the quantiles 95 %.")
    card.get_by_text("The same as a table").click()
    expect(card.locator("tbody tr")).to_have_count(14)


def test_a_model_is_promoted_and_rolled_back(visit: Callable, served) -> None:
    watched = visit()
    page = watched.open(f"{served.url}/forecast")
    expect(page.get_by_test_id("model-m-002")).to_have_attribute("data-status", "champion")
    page.get_by_test_id("promote-m-003").click()
    expect(page.get_by_test_id("model-m-003")).to_have_attribute("data-status", "champion")
    expect(page.get_by_test_id("toasts")).to_contain_text("m-003 forecasts from the next night on")
    expect(page.get_by_test_id("promote-m-003")).to_have_count(0)
    page.get_by_test_id("rollback").click()
    expect(page.get_by_test_id("model-m-001")).to_have_attribute("data-status", "champion")
    expect(page.get_by_test_id("rollback")).to_have_count(0)
    assert watched.troubles == []


def test_before_the_first_night_the_page_says_what_will_come(visit: Callable, served) -> None:
    served.standin.young = True
    page = visit().open(f"{served.url}/forecast")
    expect(page.get_by_test_id("trends")).to_contain_text("Alarms begin after 28 closed days")
    expect(page.get_by_test_id("quality")).to_contain_text("Nothing to judge yet")


@pytest.mark.parametrize(
    ("scheme", "locale", "size"),
    [
        ("dark", "zh-CN", None),
        ("light", "en-GB", PHONE),
        ("dark", "zh-CN", {"width": 320, "height": 640}),
    ],
)
def test_everything_open_fits_and_nothing_goes_wrong(
    visit: Callable, shared, scheme: str, locale: str, size: dict | None
) -> None:
    size = size or {"width": 1400, "height": 900}
    watched = visit(color_scheme=scheme, locale=locale, viewport=size)
    page = watched.open(f"{shared.url}/forecast")
    page.get_by_test_id("explain-open").click()
    page.locator(".reasons").wait_for()
    page.get_by_test_id("model-m-001").wait_for()
    page.locator("[data-testid=quality] [data-drawn=true]").first.wait_for()
    for summary in page.locator("main details.data > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert watched.troubles == []
    assert watched.foreign(shared.url) == []
    if locale == "zh-CN":
        words = page.locator("main").inner_text()
        assert not re.search(r"\b(alarms?|model|styles?|night|quantile|sold)\b", words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_checker_finds_nothing_with_everything_open(
    visit: Callable, shared, scheme: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci in dashboards/web)")
    page = opened(visit, shared, color_scheme=scheme)
    page.get_by_test_id("explain-open").click()
    page.locator(".reasons").wait_for()
    for summary in page.locator("main details.data > summary").all():
        summary.click()
    page.evaluate(AXE.read_text("utf-8"))
    report = page.evaluate("() => axe.run('main', {resultTypes: ['violations']})")
    found = [
        (one["id"], [n["html"][:120] for n in one["nodes"][:3]]) for one in report["violations"]
    ]
    assert found == []
