"""The page before a real maker: every view has data, and the first minute is told by real rows."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

SLOW = {"timeout": 240_000}
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\?token=\S+")
VIEWS = {
    "floor": "[data-testid^='station-hangzhou/'][data-state=run]",
    "orders": "[data-testid=orders] tbody tr",
    "forecast": "[data-testid=fan] [data-drawn=true] canvas",
    "kpis": "[data-testid=panel-order_states] tbody tr",
    "compare": "[data-testid=compare-intro]",
    "devices": "[data-testid='device-hangzhou/line-1']",
    "log": "[data-testid=log-entry]",
    "sql": "[data-testid=result] tbody tr",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The printed link of a fresh demo with ports and a folder of its own."""
    here = tmp_path_factory.mktemp("real")
    command = [
        sys.executable, "-m", "seamline_platform.cli.main", "demo", "--no-open", "--fresh",
        "--run-dir", str(here / "run"), "--port", str(free_port()),
        "--mqtt-port", str(free_port()),
    ]  # fmt: skip
    log = here / "demo.log"
    with log.open("w") as out:
        demo = subprocess.Popen(command, cwd=here, stdout=out, stderr=subprocess.STDOUT)
    try:
        found = _await_link(demo, log)
        yield found
    finally:
        demo.send_signal(signal.SIGINT)
        try:
            assert demo.wait(30) == 0, log.read_text("utf-8")
        finally:
            demo.kill()


def _await_link(demo: "subprocess.Popen[bytes]", log: Path) -> str:
    for _ in range(1_200):
        found = LINK.search(log.read_text("utf-8"))
        if found is not None:
            return found.group()
        try:
            demo.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail(f"No link was printed: {log.read_text('utf-8')}")


def go(page: Page, view: str) -> None:
    page.get_by_test_id(f"nav-{view}").click()
    page.locator(VIEWS[view]).first.wait_for(timeout=SLOW["timeout"])
    expect(page.locator(".empty.bad")).to_have_count(0)


def test_every_view_shows_the_real_maker_without_errors(visit: Callable, link: str) -> None:
    watched = visit()
    watched.page.set_default_timeout(60_000)  # the maker has just been started
    page = watched.open(link)
    assert "token" not in page.url
    for view in VIEWS:
        go(page, view)
        if view == "floor":
            # Which station sews at a given moment depends on orders; in every plant some do.
            for plant in ("hangzhou", "suzhou", "dongguan", "chengdu"):
                sews = page.locator(f"[data-testid^='station-{plant}/'][data-state=run]")
                sews.first.wait_for(timeout=SLOW["timeout"])
    assert watched.troubles == []
    own = link.split("/?")[0]
    assert watched.foreign(own) == []


def test_a_broken_machine_is_sensed_stored_replanned_commanded_and_executed(
    visit: Callable, link: str
) -> None:
    page = visit().open(link)
    go(page, "floor")
    page.get_by_test_id("control-break_machine").click()
    expect(page.get_by_test_id("run-speed")).to_have_text("×10", **SLOW)
    trace = page.get_by_test_id("trace")
    for stage in ("sensed", "stored", "replanned", "commanded", "executed"):
        one = trace.get_by_test_id(f"trace-{stage}")
        expect(one).to_have_class(re.compile("done"), **SLOW)
        expect(one.get_by_test_id("latency")).to_have_text(re.compile(r"\+[\d.]+ (ms|s)"))
    for stage in ("sensed", "stored", "commanded"):
        page.get_by_test_id(f"trace-row-{stage}").click()
        drawer = page.get_by_test_id("drawer")
        expect(drawer.locator(".facts.upright").first).to_be_visible(**SLOW)
        page.keyboard.press("Escape")
    assert page.locator("[data-state=down]").count() >= 1


def test_a_rush_order_is_placed_reasoned_and_commanded(visit: Callable, link: str) -> None:
    page = visit().open(link)
    page.get_by_test_id("strip-rush").click()
    strip = page.get_by_test_id("strip")
    for stage in ("order", "plant", "line", "command"):
        expect(strip.get_by_test_id(f"strip-{stage}")).to_have_class(re.compile("done"), **SLOW)
    expect(strip.get_by_test_id("strip-plant")).to_contain_text(re.compile(r"/line-\d.*due"))


def test_two_makers_live_one_season_and_a_flipped_switch_is_marked(
    visit: Callable, link: str
) -> None:
    page = visit().open(link)
    go(page, "compare")
    page.get_by_test_id("compare-start").click()
    expect(page.get_by_test_id("compare-state")).to_have_attribute("data-state", "running", **SLOW)
    page.get_by_test_id("compare-speed-10").click()
    expect(page.get_by_test_id("compare-clock")).to_contain_text(re.compile("day [1-9]"), **SLOW)
    page.get_by_test_id("switch-left-close_loop").click()
    expect(page.get_by_test_id("compare-marks")).to_contain_text("Closed loop: on", **SLOW)
    expect(page.get_by_test_id("compare-digest")).to_have_attribute("data-same", "true", **SLOW)
    page.get_by_test_id("compare-stop").click()
    expect(page.get_by_test_id("compare-state")).to_have_attribute("data-state", "stopped", **SLOW)


def test_the_printed_line_makes_its_value_appear(visit: Callable, link: str) -> None:
    page = visit().open(link)
    line = page.get_by_test_id("join-line")
    expect(line).to_contain_text("mosquitto_pub", **SLOW)
    words = line.inner_text().split()
    given = dict(zip(words[1::2], words[2::2], strict=True))
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="page-test")
    client.username_pw_set(given["-u"], given["-P"])
    client.connect(given["-h"], int(given["-p"]))
    client.loop_start()
    try:
        client.publish(given["-t"], "23.75", qos=1).wait_for_publish(30)
        here = page.get_by_test_id("join").get_by_test_id("raw-device")
        expect(here).to_contain_text("23.75", **SLOW)
    finally:
        client.disconnect()
        client.loop_stop()
