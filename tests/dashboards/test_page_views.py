"""Every view shows its data: light and dark, English and Chinese, on a desk and on a phone."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

WEB = Path(__file__).resolve().parents[2] / "dashboards" / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ["floor", "orders", "forecast", "kpis", "compare", "devices", "log", "sql"]
PHONE = {"width": 390, "height": 844}
# What each view must show before it counts as drawn.
PROOF = {
    "floor": "[data-testid='station-hangzhou/line-1/st-01'], [data-testid='line-hangzhou/line-1']",
    "orders": "[data-testid=gantt] [data-drawn=true] canvas",
    "forecast": "[data-testid=fan] [data-drawn=true] canvas",
    "kpis": "[data-testid=panel-pieces_by_line] [data-drawn=true] canvas",
    "compare": "[data-testid=compare-intro]",
    "devices": "[data-testid='device-hangzhou/line-1']",
    "log": "[data-testid=log-entry]",
    "sql": "[data-testid=result]",
}
# English words that have no business on a Chinese page; names and units are not words.
ENGLISH = re.compile(
    r"\b(the|and|of|order|orders|today|waiting|sewing|idle|down|online|pieces|line efficiency|"
    r"search|state|kind|nothing|loading|more|plant|table|history|forecast|device|devices)\b",
    re.IGNORECASE,
)


def address(url: str, view: str) -> str:
    return url + ("/" if view == "floor" else f"/{view}")


def drawn(page: Page, view: str) -> None:
    page.locator(PROOF[view]).first.wait_for()
    expect(page.locator(".empty.bad")).to_have_count(0)


@pytest.mark.parametrize(
    ("scheme", "locale", "size"),
    [
        ("light", "en-GB", None),
        ("dark", "zh-CN", None),
        ("dark", "en-GB", PHONE),
    ],
    ids=["desk-light-en", "desk-dark-zh", "phone-dark-en"],
)
def test_every_view_draws_without_errors_and_without_sideways_scrolling(
    visit: Callable, shared, scheme: str, locale: str, size: dict | None
) -> None:
    size = size or {"width": 1400, "height": 900}
    watched = visit(color_scheme=scheme, locale=locale, viewport=size)
    for view in VIEWS:
        page = watched.open(address(shared.url, view))
        drawn(page, view)
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{view} is {wide} px wide"
        assert page.evaluate("document.documentElement.lang") == locale[:2]
    assert watched.troubles == []
    assert watched.foreign(shared.url) == []


def go(page: Page, view: str) -> None:
    page.get_by_test_id(f"nav-{view}").click()
    drawn(page, view)


def test_a_chinese_page_has_no_english_words(visit: Callable, shared) -> None:
    page = visit(locale="zh-CN").open(shared.url)
    for view in VIEWS:
        go(page, view)
        text = page.evaluate(
            """() => {
              const clone = document.body.cloneNode(true);
              clone.querySelectorAll('noscript, code, pre, textarea, [data-testid=result]')
                .forEach((node) => node.remove());
              return clone.textContent;
            }"""
        )
        found = {match.group().lower() for match in ENGLISH.finditer(text)}
        assert found == set(), view
        assert re.search(r"[\u4e00-\u9fff]{4}", text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_checker_finds_nothing(visit: Callable, shared, scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci in dashboards/web)")
    # Structure is the same in both themes; only contrast is not.
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
    only = {"light": {"type": "tag", "values": rules},
            "dark": {"type": "rule", "values": ["color-contrast"]}}[scheme]  # fmt: skip
    page = visit(color_scheme=scheme).open(shared.url)
    page.evaluate(AXE.read_text("utf-8"))

    def check(what: str) -> None:
        report = page.evaluate(
            "(runOnly) => axe.run(document, {runOnly, resultTypes: ['violations']})", only
        )
        found = [
            (one["id"], one["impact"], [n["html"][:120] for n in one["nodes"][:3]])
            for one in report["violations"]
        ]
        assert found == [], f"{what}: {json.dumps(found, indent=1, ensure_ascii=False)}"

    for view in VIEWS:
        go(page, view)
        check(view)
    go(page, "orders")
    page.get_by_role("button", name="o-4210").click()
    page.get_by_test_id("drawer").locator(".life").wait_for()
    check("drawer of an order")
    page.keyboard.press("Escape")
    go(page, "floor")
    page.get_by_test_id("station-hangzhou/line-1/st-02").click()
    page.get_by_test_id("drawer").locator(".trend canvas").first.wait_for()
    check("drawer of a station")


def test_even_the_smallest_phone_needs_no_sideways_scrolling(visit: Callable, shared) -> None:
    page = visit(viewport={"width": 320, "height": 640}, locale="zh-CN").open(shared.url)
    for view in VIEWS:
        go(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, view


def test_language_and_theme_switch_at_once_and_are_remembered(visit: Callable, shared) -> None:
    watched = visit(own=True)
    page = watched.open(shared.url)
    page.get_by_test_id("language").click()
    expect(page.get_by_test_id("nav-orders")).to_have_text("订单")
    expect(page).to_have_title(re.compile("缝线工场"))
    page.get_by_test_id("theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    expect(page.get_by_test_id("nav-orders")).to_have_text("订单")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert watched.troubles == []


def test_charts_take_the_colours_of_a_new_theme(visit: Callable, shared) -> None:
    page = visit(own=True).open(address(shared.url, "orders"))
    drawn(page, "orders")
    canvas = page.locator("[data-testid=gantt] canvas").first
    light = canvas.screenshot()
    page.get_by_test_id("theme").click()
    page.wait_for_function(
        "(b) => document.querySelector('[data-testid=gantt] canvas').toDataURL() !== b",
        arg=canvas.evaluate("(c) => c.toDataURL()"),
    )
    assert canvas.screenshot() != light


def test_normal_is_grey_and_only_the_abnormal_has_colour_and_shape(visit: Callable, shared) -> None:
    page = visit().open(shared.url)
    drawn(page, "floor")

    def saturation(state: str) -> float:
        return page.evaluate(
            """(state) => {
              const rect = document.querySelector(`[data-state=${state}] rect.st`);
              const [r, g, b] = getComputedStyle(rect).fill.match(/\\d+/g).map(Number);
              const [low, high] = [Math.min(r, g, b), Math.max(r, g, b)];
              return high === 0 ? 0 : (high - low) / high;
            }""",
            state,
        )

    assert saturation("run") < 0.12
    assert saturation("down") > 0.8
    broken = page.get_by_test_id("station-suzhou/line-2/st-08")
    expect(broken.locator("path.st-cross")).to_have_count(1)
    expect(broken).to_have_attribute("aria-label", re.compile("st-08.*down"))
    assert page.locator("[data-state=setup] path.st-gear").count() == 5


def test_the_floor_can_be_walked_with_the_keyboard(visit: Callable, shared) -> None:
    page = visit().open(shared.url)
    drawn(page, "floor")
    page.get_by_test_id("station-hangzhou/line-1/st-01").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.testid") == (
        "station-hangzhou/line-1/st-02"
    )
    page.keyboard.press("Enter")
    drawer = page.get_by_test_id("drawer")
    expect(drawer).to_contain_text("Hangzhou · line-1 · st-02")
    expect(drawer.locator(".trend canvas")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.testid") == (
        "station-hangzhou/line-1/st-02"
    )


def test_the_skip_link_leads_past_the_header(visit: Callable, shared) -> None:
    page = visit().open(shared.url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_orders_are_filtered_and_opened_with_their_reason(visit: Callable, shared) -> None:
    page = visit().open(address(shared.url, "orders"))
    drawn(page, "orders")
    before = page.locator("[data-testid=orders] tbody tr").count()
    page.get_by_role("checkbox", name="late only").check()
    late = page.locator("[data-testid=orders] tbody tr")
    assert 0 < late.count() < before
    assert late.locator(".late-tag").count() == late.count()
    page.get_by_role("checkbox", name="late only").uncheck()
    page.get_by_test_id("order-search").fill("o-4210")
    page.get_by_role("button", name="o-4210").click()
    drawer = page.get_by_test_id("drawer")
    expect(drawer).to_contain_text("2 days earlier, 0.4 yuan per piece dearer")
    expect(drawer).to_contain_text("waiting at the line")
    drawer.get_by_role("button", name="row").first.click()
    expect(drawer).to_contain_text("FROM commands")


def test_another_series_gets_its_fan_and_its_table(visit: Callable, shared) -> None:
    page = visit().open(address(shared.url, "forecast"))
    drawn(page, "forecast")
    page.get_by_role("searchbox").fill("PL02-BLK-M@west")
    page.get_by_role("button", name=re.compile("PL02-BLK-M@west")).click()
    fan = page.get_by_test_id("fan")
    expect(fan.get_by_role("heading")).to_have_text("PL02-BLK-M@west")
    expect(fan.locator("[role=img]")).to_have_attribute("aria-label", re.compile("PL02-BLK-M@west"))
    fan.get_by_text("The same as a table").click()
    assert fan.locator("tbody tr").count() == 28


def test_kpis_say_their_formula_and_whether_iso_22400_knows_them(visit: Callable, shared) -> None:
    page = visit().open(address(shared.url, "kpis"))
    tile = page.get_by_test_id("kpi-oee").last
    expect(tile).to_contain_text("availability × performance × quality ratio")
    expect(tile).to_contain_text("ISO 22400-2: overall equipment effectiveness index")
    expect(page.get_by_test_id("kpi-line_efficiency").last).to_contain_text("Not in ISO 22400")
    page.get_by_role("button", name="Suzhou · line-2").click()
    expect(page.get_by_role("region", name="History")).to_contain_text("Suzhou · line-2")


def test_sql_that_is_wrong_is_answered_in_words(visit: Callable, served) -> None:
    page = visit().open(address(served.url, "sql"))
    page.get_by_test_id("sql").fill("SELECT nonsense")
    page.get_by_test_id("sql").press("Control+Enter")
    expect(page.locator(".empty.bad")).to_contain_text("syntax error at or near 'nonsense'")


def test_the_log_filters_alarms_and_leads_to_the_station(visit: Callable, shared) -> None:
    page = visit().open(address(shared.url, "log"))
    entries = page.get_by_test_id("log-entry")
    entries.first.wait_for()
    page.get_by_test_id("log-level").select_option("P1")
    assert entries.count() == 10
    page.get_by_role("button", name="Suzhou · line-2 · st-08").first.click()
    expect(page.get_by_test_id("drawer")).to_contain_text("Break this machine")


def test_every_address_opens_its_view_and_the_back_button_returns(visit: Callable, shared) -> None:
    page = visit().open(address(shared.url, "orders"))
    page.get_by_test_id("nav-devices").click()
    expect(page.locator("main")).to_have_attribute("data-view", "devices")
    page.go_back()
    expect(page.locator("main")).to_have_attribute("data-view", "orders")
    assert page.url.endswith("/orders")
