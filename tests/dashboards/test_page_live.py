"""The page follows the platform: deltas, gaps, restarts, and every button."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

FAST = {"timeout": 20_000}


def live(page: Page):
    return page.locator("[data-testid=connection][data-state=live]")


# ---- the feed ------------------------------------------------------------------------------------


def test_a_delta_changes_the_page_without_a_reload(visit: Callable, served, until) -> None:
    page = visit().open(served.url)
    page.evaluate("window.mark = 'same page'")
    station = page.get_by_test_id("station-hangzhou/line-1/st-03")
    station.wait_for()
    served.standin.maker.floor["hangzhou/line-1/st-03"]["state"] = "down"
    change = {"hangzhou/line-1/st-03": served.standin.maker.floor["hangzhou/line-1/st-03"]}
    served.tell("floor", change)
    expect(station).to_have_attribute("data-state", "down")
    assert page.evaluate("window.mark") == "same page"
    before = page.locator(".clock-time").inner_text()
    until(lambda: page.locator(".clock-time").inner_text() != before, "the clock moves")


def test_one_socket_asks_for_what_is_shown_only(visit: Callable, served, until) -> None:
    page = visit().open(f"{served.url}/log")
    page.get_by_test_id("log-entry").first.wait_for()
    asked = {topic for sub in served.standin.subscriptions for topic in sub["topics"]}
    assert asked == {"clock", "log"}
    page.get_by_test_id("nav-orders").click()
    page.get_by_test_id("orders").wait_for()
    [client] = served.standin.clients
    until(lambda: client.topics == {"clock", "orders", "plan"}, "the log is given up")


def test_a_gap_in_the_numbers_is_noticed_and_healed(visit: Callable, served, until) -> None:
    page = visit().open(served.url)
    wip = page.get_by_test_id("wip-hangzhou/line-1")
    expect(wip).to_have_text(re.compile(r"\d"))
    served.standin.skip["lines"] = 3
    until(lambda: "lines" in served.standin.resyncs, "the page asks for the topic anew")
    shown = wip.inner_text()
    until(lambda: wip.inner_text() != shown, "the page follows again")


def test_a_server_that_went_away_is_found_again_and_nothing_typed_is_lost(
    visit: Callable, served, until
) -> None:
    page = visit().open(f"{served.url}/orders")
    page.get_by_test_id("order-search").fill("o-42")
    page.evaluate("window.mark = 'same page'")
    served.stop()
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "lost", **FAST)
    expect(page.get_by_test_id("connection")).to_contain_text("connection lost")
    served.restart(fresh=True)
    expect(live(page)).to_be_visible(**FAST)
    until(lambda: len(served.standin.subscriptions) > 0, "topics are asked for anew")
    assert page.evaluate("window.mark") == "same page"
    expect(page.get_by_test_id("order-search")).to_have_value("o-42")
    expect(page.get_by_test_id("orders").locator("tbody tr").first).to_be_visible()


def test_the_same_server_is_asked_to_resume(visit: Callable, served, until) -> None:
    page = visit().open(f"{served.url}/log")
    page.get_by_test_id("log-entry").first.wait_for()
    epoch, seen = served.standin.epoch, len(served.standin.subscriptions)
    served.stop()
    served.restart(fresh=False)
    until(lambda: len(served.standin.subscriptions) > seen, "the page comes back")
    resume = served.standin.subscriptions[-1]["resume"]
    assert resume["epoch"] == epoch
    assert set(resume["seq"]) == {"clock", "log"}


def test_a_silent_connection_is_given_up_after_three_seconds(
    visit: Callable, served, until
) -> None:
    page = visit().open(served.url)
    first = set(served.standin.clients)
    served.standin.silent = True
    until(lambda: set(served.standin.clients) - first, "a new connection is made")
    served.standin.silent = False
    expect(live(page)).to_be_visible()


def test_a_hidden_tab_asks_for_one_frame_a_second(visit: Callable, served, until) -> None:
    page = visit().open(served.url)
    hide = """(hidden) => {
      Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hide, True)
    until(lambda: served.standin.rates == [1], "the rate is lowered")
    page.evaluate(hide, False)
    until(lambda: served.standin.rates == [1, 5], "the rate is raised")


def test_a_page_without_its_link_says_where_the_link_is(visit: Callable, served) -> None:
    watched = visit()
    refused = '{"error":{"what":"Not signed in.","expected":"the link","exists":[]}}'
    watched.page.route(
        "**/api/**",
        lambda route: route.fulfill(status=401, content_type="application/json", body=refused),
    )
    watched.page.goto(served.url)
    expect(watched.page.get_by_role("alert")).to_contain_text("This page needs its link")


def test_the_token_does_not_stay_in_the_address(visit: Callable, served) -> None:
    page = visit().open(f"{served.url}/?token=secret")
    assert "secret" not in page.url


# ---- what a person can do ------------------------------------------------------------------------


BUTTONS = {
    "speed-300": {"name": "speed", "args": {"factor": 300, "for_s": 0}},
    "control-next_morning": {"name": "next_morning", "args": {}},
    "control-rush_order": {"name": "rush_order", "args": {"style": "", "pieces": 120}},
    "strip-rush": {"name": "rush_order", "args": {"style": "", "pieces": 120}},
    "control-burst": {
        "name": "burst",
        "args": {"region": "", "style": "", "minutes": 120, "factor": 6},
    },
    "control-break_machine-header": {"name": "break_machine", "args": {"station": ""}},
}


def test_every_button_sends_its_command_and_tells_what_became_of_it(
    visit: Callable, served, until
) -> None:
    page = visit().open(served.url)
    toasts = page.get_by_test_id("toasts")
    for button, sent in BUTTONS.items():
        page.get_by_test_id(button).click()
        until(lambda sent=sent: served.standin.controls == [sent], f"{button} sends {sent}")
        served.standin.controls.clear()
        expect(toasts).to_contain_text(": done", **FAST)
        expect(page.get_by_test_id(button)).to_be_enabled()
        toasts.get_by_role("button", name="Close").click()


def test_pause_becomes_continue(visit: Callable, served, until) -> None:
    page = visit().open(served.url)
    page.get_by_test_id("control-pause").click()
    expect(page.get_by_test_id("run-state")).to_have_text("paused")
    expect(page.get_by_test_id("control-pause")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("control-pause")).to_be_enabled(**FAST)
    page.get_by_test_id("control-pause").click()
    until(lambda: [c["name"] for c in served.standin.controls] == ["pause", "resume"], "resume")


def test_a_refused_command_says_why(visit: Callable, served) -> None:
    served.standin.refuse = "no station works"
    page = visit().open(served.url)
    page.get_by_test_id("control-break_machine-header").click()
    toasts = page.get_by_test_id("toasts")
    expect(toasts).to_contain_text("Break a machine: refused. no station works", **FAST)


def test_on_a_phone_the_controls_unfold(visit: Callable, served, until) -> None:
    page = visit(viewport={"width": 390, "height": 844}).open(served.url)
    expect(page.get_by_test_id("control-rush_order")).to_be_hidden()
    page.get_by_test_id("fold").click()
    page.get_by_test_id("control-rush_order").click()
    until(lambda: served.standin.controls, "the command is sent")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_first_minute_is_told_step_by_step(visit: Callable, served, until) -> None:
    """A pulsing button, a break, x10, five stages with latency and row, a value from outside."""
    page = visit(reduced_motion="no-preference").open(served.url)
    strip = page.get_by_test_id("strip")
    for stage in ("order", "plant", "line", "command"):
        expect(strip.get_by_test_id(f"strip-{stage}")).to_have_class(re.compile("done"))
    expect(strip).to_contain_text("2 days earlier than Suzhou, 0.4 yuan per piece dearer")
    pulsing = page.locator(".pulse")
    expect(pulsing).to_have_count(1)
    expect(pulsing).to_have_text("Break a machine")
    ring = "(e) => getComputedStyle(e, '::after').animationName"
    assert pulsing.evaluate(ring) == "pulse"

    pulsing.click()
    expect(page.get_by_test_id("run-speed")).to_have_text("×10")
    trace = page.get_by_test_id("trace")
    latency = {"sensed": "+38 ms", "stored": "+212 ms", "replanned": "+264 ms",
               "commanded": "+271 ms", "executed": "+398 ms"}  # fmt: skip
    for stage, after in latency.items():
        expect(trace.get_by_test_id(f"trace-{stage}")).to_contain_text(after, **FAST)
    expect(page.locator(".pulse")).to_have_count(0)
    expect(trace).to_be_in_viewport(ratio=0.99)
    page.get_by_test_id("trace-row-stored").click()
    expect(page.get_by_test_id("drawer")).to_contain_text("SELECT * FROM trace")
    expect(page.get_by_test_id("drawer")).to_contain_text("hangzhou/line-2")
    page.keyboard.press("Escape")

    line = page.get_by_test_id("join-line").inner_text()
    assert line.startswith("mosquitto_pub -h 127.0.0.1 -p 11883 -u visitor -P k7Qw9 -t ")
    expect(page.get_by_test_id("await-value")).to_be_visible()
    served.standin.raw("demo/bench/desk/visitor", "temperature", 21.5)
    here = page.get_by_test_id("join").get_by_test_id("raw-device")
    expect(here).to_contain_text("21.5")
    expect(here).to_have_class(re.compile("lit"))
    expect(page.get_by_test_id("raw-dock")).to_contain_text("demo/bench/desk/visitor")


def test_a_raw_device_at_a_line_is_drawn_at_that_line(visit: Callable, served) -> None:
    page = visit().open(served.url)
    page.get_by_test_id("line-suzhou/line-1").wait_for()
    served.standin.raw("suzhou/sewing/line-1/lamp", "temperature", 33.3)
    expect(page.get_by_test_id("line-suzhou/line-1").locator(".raw-chip")).to_contain_text("33.3")


def test_a_rush_order_reaches_its_row(visit: Callable, served, until) -> None:
    page = visit().open(served.url)
    page.get_by_test_id("strip-rush").click()
    until(lambda: served.standin.controls, "the order is sent")
    served.tell("strip", served.standin.maker.snapshot("strip"))
    row = page.get_by_test_id("strip-row")
    expect(row).to_have_class(re.compile("done"), **FAST)
    expect(row).to_contain_text("row 18,211 of pieces")


def test_from_another_view_a_link_leads_to_the_trace(visit: Callable, served) -> None:
    page = visit().open(f"{served.url}/kpis")
    page.get_by_test_id("control-break_machine-header").click()
    page.get_by_role("button", name="Watch it on the floor").click(**FAST)
    expect(page.get_by_test_id("trace-executed")).to_contain_text("+398 ms", **FAST)


def test_a_station_can_be_broken_from_its_drawer(visit: Callable, served, until) -> None:
    page = visit().open(served.url)
    page.get_by_test_id("station-chengdu/line-1/st-04").click()
    page.get_by_role("button", name="Break this machine").click()
    sent = {"name": "break_machine", "args": {"station": "chengdu/line-1/st-04"}}
    until(lambda: served.standin.controls == [sent], "the command names the station")
    expect(page.get_by_test_id("drawer")).to_contain_text("down", **FAST)
    trend = page.get_by_test_id("trend-current_a")
    first = trend.locator("b").inner_text()
    until(lambda: trend.locator("b").inner_text() != first, "the sensor is live")
