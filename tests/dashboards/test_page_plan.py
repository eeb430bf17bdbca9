"""The plan on the page: what is in force and proposed, who decides, changes by hand, promises."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).resolve().parents[2] / "dashboards/web/node_modules/axe-core/axe.min.js"


def opened(visit: Callable, served: object, **options: object) -> Page:
    page = visit(**options).open(f"{served.url}/plan")  # type: ignore[attr-defined]
    page.locator("[data-testid=plan-gantt] [data-drawn=true] canvas").first.wait_for()
    return page


def test_a_proposal_shows_its_reason_cost_and_difference(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    card = page.get_by_test_id("plan-proposal")
    expect(card).to_contain_text("three orders leave Hangzhou line-1")
    expect(card.locator(".plan-figures .strong .num")).to_have_text(["5,200", "3,900"])
    rows = page.get_by_test_id("plan-difference").locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(page.get_by_test_id("change-o-4181")).to_contain_text("Hangzhou · line-1 → Suzhou")
    expect(page.get_by_test_id("change-o-4181")).to_contain_text("5.0 h → in time")
    expect(rows.last).to_contain_text("1.0 h earlier")
    expect(page.get_by_test_id("plan-gantt")).to_have_attribute("data-shown", "proposal")
    page.get_by_test_id("plan-show-accepted").click()
    expect(page.get_by_test_id("plan-gantt")).to_have_attribute("data-shown", "accepted")


def test_accepting_makes_the_proposal_the_plan_in_force_and_undo_takes_it_back(
    visit: Callable, served
) -> None:
    page = opened(visit, served)
    expect(page.get_by_test_id("plan-version")).to_have_text("No. 7")
    page.get_by_test_id("plan-accept").click()
    expect(page.get_by_test_id("plan-proposal")).to_have_count(0)
    expect(page.get_by_test_id("plan-version")).to_have_text("No. 8")
    expect(page.get_by_test_id("plan-history").locator("li").first).to_contain_text("overtaken")
    expect(page.get_by_test_id("plan-standing")).to_contain_text("by a person")
    page.get_by_test_id("plan-undo").click()
    expect(page.get_by_test_id("plan-version")).to_have_text("No. 7")


def test_a_rejected_plan_is_kept_in_the_history(visit: Callable, served) -> None:
    page = opened(visit, served)
    page.get_by_test_id("plan-reject").click()
    expect(page.get_by_test_id("plan-proposal")).to_have_count(0)
    expect(page.get_by_test_id("plan-history").locator("li").first).to_contain_text("rejected")
    expect(page.get_by_test_id("plan-gantt")).to_have_attribute("data-shown", "accepted")


def test_a_proposal_that_is_gone_says_so(visit: Callable, served) -> None:
    page = visit(own=True)
    tab = opened(lambda: page, served)
    served.standin.maker.plans.proposal = None  # somebody else was faster
    tab.get_by_test_id("plan-accept").click()
    expect(tab.get_by_test_id("toasts")).to_contain_text("not proposed any more")
    page.troubles.clear()  # the browser notes the answer 409, as it should


def test_changes_by_hand_are_weighed_or_refused_in_words(visit: Callable, served) -> None:
    page = opened(visit, served)
    page.get_by_test_id("plan-edit-order").select_option("o-4182")
    page.get_by_test_id("plan-edit-line").select_option("suzhou/line-2")
    page.get_by_test_id("plan-edit-position").select_option("0")
    page.get_by_test_id("plan-edit-move").click()
    outcome = page.get_by_test_id("plan-edited")
    expect(outcome).to_have_text("The change is proposed. Cost 5,200 → 5,350.")
    page.get_by_test_id("plan-edit-swap").click()
    page.get_by_test_id("plan-edit-lock").click()
    expect(outcome).to_have_attribute("data-ok", "true")
    page.get_by_test_id("plan-edit-order").select_option("o-4180")
    expect(page.get_by_test_id("plan-edit")).to_contain_text("Frozen")
    page.get_by_test_id("plan-edit-move").click()
    expect(outcome).to_have_attribute("data-ok", "false")
    expect(outcome).to_contain_text("is being sewn and is not moved")
    edits = served.standin.maker.plans.edits
    assert edits[0] == {
        "kind": "move", "order": "o-4182", "line": "suzhou/line-2", "position": 0, "other": "",
    }  # fmt: skip
    assert [edit["kind"] for edit in edits] == ["move", "swap", "lock", "move"]


def test_who_accepts_can_be_changed_and_a_dead_solver_is_named(visit: Callable, served) -> None:
    page = opened(visit, served)
    page.get_by_test_id("plan-policy-auto").click()
    expect(page.get_by_test_id("plan-policy-auto")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("plan-standing")).to_contain_text("Better plans are accepted.")
    served.standin.maker.plans.solver = "failed"
    served.tell("board", served.standin.maker.plans.board())
    solver = page.get_by_test_id("plan-solver")
    expect(solver).to_have_attribute("data-state", "failed")
    expect(solver).to_contain_text("its process was killed")
    expect(solver).to_contain_text("restarted 1 times")


def test_promises_name_days_and_prices_and_refusals_their_reason(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    page.get_by_test_id("promise-ask").click()
    rows = page.get_by_test_id("promise-options").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("¥1,050")
    expect(rows.first).to_contain_text("o-4190 makes room")
    expect(rows.last).to_contain_text("3 days later is 6% cheaper")
    page.get_by_test_id("promise-pieces").fill("40")
    page.get_by_test_id("promise-ask").click()
    expect(page.get_by_test_id("promise-answer")).to_contain_text("the least order is 100")


def test_predictions_are_shown_beside_what_came(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    twin = page.get_by_test_id("plan-twin")
    expect(twin.locator(".candidates .chosen")).to_contain_text("the improved plan")
    expect(twin).to_contain_text("9 of 12 orders sewn: +14 min")
    check = page.get_by_test_id("plan-check")
    expect(check.get_by_test_id("plan-lines")).to_contain_text("+22 min")
    expect(check.get_by_test_id("plan-actuals").locator("tbody tr")).to_have_count(3)


def test_an_order_says_why_there_why_then_and_what_makes_it_late(visit: Callable, shared) -> None:
    page = opened(visit, shared)
    page.get_by_test_id("plan-actuals").get_by_role("button").first.click()
    drawer = page.get_by_test_id("drawer")
    expect(drawer.get_by_test_id("why-where")).to_contain_text("every other one would be later")
    expect(drawer.get_by_test_id("why-when")).to_contain_text("cut kit")
    expect(drawer.get_by_test_id("why-earlier")).to_contain_text("95 min")
    expect(drawer.get_by_test_id("why-displaced")).to_contain_text("o-4183")
    expect(drawer.get_by_test_id("why-lateness").locator("li")).to_have_count(2)
    expect(drawer.get_by_test_id("why-actual")).to_contain_text("+35 min")


def test_in_chinese_on_a_phone_in_the_dark_nothing_is_wider_than_the_screen(
    visit: Callable, shared
) -> None:
    watched = visit(viewport=PHONE, locale="zh-CN", color_scheme="dark")
    page = opened(lambda: watched, shared)
    expect(page.get_by_role("heading", level=1)).to_have_text("计划")
    page.get_by_test_id("plan-edit-order").select_option("o-4182")
    page.get_by_test_id("promise-ask").click()
    page.get_by_test_id("promise-answer").wait_for()
    expect(page.get_by_test_id("promise-answer")).to_contain_text("便宜 6%")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert watched.foreign(shared.url) == []
    assert watched.troubles == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_view_is_accessible(visit: Callable, shared, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci in dashboards/web)")
    page = opened(visit, shared, color_scheme=theme)
    page.get_by_test_id("plan-edit-order").select_option("o-4182")
    page.get_by_test_id("promise-ask").click()
    page.get_by_test_id("promise-answer").wait_for()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [f"{v['id']}: {v['nodes'][0]['html'][:140]}" for v in found["violations"]]
    assert told == []


def test_before_the_first_plan_the_view_says_so(visit: Callable, served) -> None:
    page = opened(visit, served)
    served.tell("board", {})
    expect(page.get_by_role("main")).to_contain_text(re.compile("first plan is being made"))
