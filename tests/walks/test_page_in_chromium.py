"""The demo's page in a real browser: asked, pressed, filled in, heard, walked through by keyboard, and let age."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

pytestmark = pytest.mark.slow

MORNING = "2026-11-18T09:30"
AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
STARTED_SECONDS, PATIENCE = 240, 90_000.0  # milliseconds, as Playwright counts
DAYS_PATIENCE = 300_000.0
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Demo:
    """The demo as it was started in a shell, and a browser beside it."""

    where: str
    browser: Browser

    def page(self, slug: str = "pitcrew", **how: Any) -> Page:
        """A new visitor in a conversation."""
        page = self.browser.new_context(**({"viewport": {"width": 1280, "height": 860}} | how)).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{self.where}c/{slug}")
        return page


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`pitcrew demo`, begun on a Wednesday."""
    chromium = which("chromium") or which("chromium-browser")
    if chromium is None:
        pytest.fail("the page is walked through in Chromium: `make chromium` installs it")
    expect.set_options(timeout=30_000)
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-open", "--now", MORNING]
    out = tmp_path_factory.mktemp("demo")
    with subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.PIPE, text=True) as running:
        try:
            where = _told(running, r"(http://\S+)")
            _told(running, r"(Ready)")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                yield Demo(where, browser)
                browser.close()
        finally:
            running.terminate()
    assert running.returncode == 0  # Ctrl-C and a container's stop end it in order
    assert not list(out.glob("page-*"))


def _told(running: subprocess.Popen[str], wanted: str) -> str:
    """What the command says of itself."""
    assert running.stderr is not None
    for line in running.stderr:
        if found := re.search(wanted, line):
            return found[1]
    raise AssertionError("the demo has ended")


def last(page: Page) -> Locator:
    """The newest message of a conversation."""
    return page.locator("#log .message").last


def listed(page: Page, typed: str) -> Locator:
    """What completes the words that were typed, once it has come: keys that are pressed before it choose nothing."""
    expect(page.locator("#options")).to_have_attribute("data-of", typed)
    return page.get_by_role("option")


def show(page: Page, number: int) -> None:
    """Have one of the dearest findings shown: a card of one's own, below."""
    summary = page.locator("#log .message", has_text="Engineering:").last
    summary.get_by_role("button", name=f"{number}. Show").click()
    expect(last(page)).to_contain_text("only you see this")


def pass_days(page: Page, button: str) -> None:
    """Move the clock and wait until the days have passed."""
    page.get_by_role("button", name=button).click()
    expect(page.locator("#what")).to_contain_text("the night before")
    expect(page.locator("#under-way")).to_be_hidden(timeout=DAYS_PATIENCE)


def test_an_ask_is_completed_as_it_is_typed_and_answered_with_a_chart(demo: Demo) -> None:
    page = demo.page("finops")
    field = page.get_by_role("combobox", name="Message to #finops")
    field.press_sequentially("/finops fore")
    expect(listed(page, "/finops fore").first).to_contain_text("forecast")
    field.press("Tab")
    field.press_sequentially("te")
    expect(listed(page, "/finops forecast te").first).to_contain_text("team=")
    field.press("ArrowDown")
    field.press("Enter")
    field.press_sequentially("se")
    expect(listed(page, "/finops forecast team=se").first).to_contain_text("search")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("/finops forecast team=search ")
    listed(page, "/finops forecast team=search ")
    field.press("Escape")
    field.press("Enter")

    expect(last(page).locator(".title")).to_contain_text("search")
    expect(last(page)).to_contain_text("only you see this")
    chart = last(page).locator("img")
    expect(chart).to_have_attribute("alt", re.compile("expected at month end"))
    page.wait_for_function("one => one.complete && one.naturalWidth > 500", arg=chart.element_handle())
    expect(page.locator("#heard")).to_contain_text("Pitcrew to you")


def test_a_claim_changes_every_place_that_shows_the_finding(demo: Demo) -> None:
    one, other = demo.page("platform"), demo.page("platform")
    card = one.locator("#log .message", has_text="Wasted a month").first
    title = card.locator(".title").inner_text()
    same = other.locator("#log .message", has_text=title.split("\n")[-1]).filter(has_text="Wasted a month").first
    card.get_by_role("button", name="Claim").click()
    for seen in (card, same):
        expect(seen).to_contain_text("claimed by ")
        expect(seen.get_by_role("button", name="Claim")).to_have_count(0)
        expect(seen.get_by_role("button", name="Release")).to_be_visible()
    card.get_by_role("button", name="Release").click()
    expect(same.get_by_role("button", name="Claim")).to_be_visible()


def test_a_snooze_is_filled_in(demo: Demo) -> None:
    page = demo.page("platform")
    show(page, 2)
    card = last(page)
    card.get_by_role("button", name="Snooze …").click()
    dialog = page.get_by_role("dialog", name="Not now")
    dialog.get_by_label("For how many days").select_option("30")
    dialog.get_by_role("button", name="Snooze").click()
    expect(card).to_contain_text("snoozed by ")
    expect(card).to_contain_text("until 18 Dec 2026")
    card.get_by_role("button", name="Release").click()


def test_the_same_messages_are_drawn_as_slack_and_teams_would(demo: Demo) -> None:
    page = demo.page("exec-cloud")
    for look in ("Slack", "Teams"):
        page.get_by_role("button", name=look, exact=True).click()
        expect(page.get_by_role("button", name=look, exact=True)).to_have_attribute("aria-pressed", "true")
        shown = page.locator(f"#log .{look.lower()}").last
        expect(shown).to_contain_text("Leadership:")
        shown.locator("img").first.scroll_into_view_if_needed()
        page.wait_for_function(
            "one => one.complete && one.naturalWidth > 500", arg=shown.locator("img").first.element_handle()
        )
        address = last(page).get_by_role("link", name=re.compile("JSON")).get_attribute("href")
        assert page.request.get(demo.where.rstrip("/") + str(address)).json()
    page.get_by_role("button", name="Score").click()  # what is pressed works in every look
    expect(last(page)).to_contain_text("of 100")


def test_everything_is_reached_by_keyboard_alone(demo: Demo) -> None:
    page = demo.page("pitcrew")
    page.locator("a.skip").focus()
    reached: list[str] = []
    for _ in range(40):
        focused = page.evaluate(
            "(() => { const one = document.activeElement; const ring = getComputedStyle(one);"
            " return [one.textContent.trim() || one.getAttribute('aria-label') || one.id,"
            " ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2]; })()"
        )
        reached.append(focused[0])
        assert focused[1], f"the focus on {focused[0]!r} cannot be seen"
        if "Send" in focused[0]:
            break
        page.keyboard.press("Tab")
    for wanted in ("Skip to the message field", "+ a day", "#platform", "Slack", "What is wasted?"):
        assert any(wanted in one for one in reached), (wanted, reached)

    page.get_by_role("link", name="#platform").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("#platform")
    show(page, 4)
    last(page).get_by_role("button", name="Snooze …").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(last(page).get_by_role("button", name="Snooze …")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing_to_complain_of(demo: Demo, scheme: Any, size: str) -> None:
    if not AXE.exists():
        pytest.fail("axe-core is installed by `make node`")
    how: dict[str, Any] = {"viewport": PHONE} if size == "phone" else {}
    page = demo.page("pitcrew", color_scheme=scheme, reduced_motion="reduce", **how)
    wrong = _wrong(page, "welcome")
    page.goto(f"{demo.where}c/platform")
    show(page, 3)
    wrong += _wrong(page, "a card")
    last(page).get_by_role("button", name="Snooze …").click()
    wrong += _wrong(page, "a form")
    page.keyboard.press("Escape")
    page.get_by_label("Message to #platform").press_sequentially("/finops forecast ")
    expect(listed(page, "/finops forecast ").first).to_be_visible()
    wrong += _wrong(page, "completion")
    page.goto(f"{demo.where}c/exec-cloud?thread={last_id(demo, page)}")
    wrong += _wrong(page, "a thread")
    for look in ("Slack", "Teams"):
        page.goto(f"{demo.where}c/exec-cloud")
        page.get_by_role("button", name=look, exact=True).click()
        wrong += _wrong(page, look)
    assert not wrong, "\n".join(wrong)


def last_id(demo: Demo, page: Page) -> str:
    """The id of the newest message in leadership's channel."""
    page.goto(f"{demo.where}c/exec-cloud")
    return str(last(page).get_attribute("data-message"))


def _wrong(page: Page, where: str) -> list[str]:
    page.wait_for_load_state("load")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")
    wrong = []
    for one in found["violations"]:
        node = one["nodes"][0]
        wrong.append(f"{where}: {one['id']}: {one['help']}: {node['html'][:200]}: {node['failureSummary'][:300]}")
    return wrong


def test_on_a_phone_nothing_stands_out_of_the_page(demo: Demo) -> None:
    page = demo.page("pitcrew", viewport=PHONE, has_touch=True, is_mobile=True)
    for slug in ("pitcrew", "exec-cloud", "finops-finance", "product-cost", "finops", "platform"):
        page.goto(f"{demo.where}c/{slug}")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], slug
        expect(page.get_by_label(re.compile("^Message to"))).to_be_in_viewport()


def test_a_fix_is_verified_in_the_bill_while_days_pass_and_an_anomaly_arrives(demo: Demo) -> None:
    page = demo.page("exec-cloud")
    before = _saved(page)
    page.goto(f"{demo.where}c/platform")
    show(page, 1)
    card = last(page)
    finding = card.locator(".title").inner_text().split("\n")[-1]
    card.get_by_role("button", name="Done").click()
    expect(card).to_contain_text("done, says ")

    pass_days(page, "+ a day")
    expect(page.locator("#now")).to_contain_text("Thursday, 19 November 2026")
    page.goto(f"{demo.where}c/finops")
    alert = page.locator("#log .message", has_text="AWS Lambda in apex-shop-prod").first
    expect(alert.locator(".title")).to_contain_text("$")
    expect(alert.locator("img").first).to_be_visible()

    pass_days(page, "+ a week")
    expect(alert).to_contain_text("edited")  # one living message, grown
    pass_days(page, "+ a week")
    page.goto(f"{demo.where}c/platform")
    told = page.locator("#log .message", has_text="What the bill says of fixes").last
    expect(told).to_contain_text(f"a month saved: {finding}")
    page.goto(f"{demo.where}c/exec-cloud")
    assert _saved(page) > before + 12 * 100


def _saved(page: Page) -> int:
    """What leadership was told last is saved in a year."""
    words = page.locator("#log .message", has_text="a year").last.inner_text()
    found = re.search(r"\$([\d,]+) a year", words)
    assert found, words
    return int(found[1].replace(",", ""))
