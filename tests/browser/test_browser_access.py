"""The page for everyone: by keyboard, on a phone, in the dark, before the tutor is ready, after a bug."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Page, expect

from tutor.answering.answer import StatementEvent
from tutor.api.app import create_app
from tutor.api.server import serving
from tutor_ui.app import mount

pytestmark = pytest.mark.browser

HOW_LONG = "How long does the northern roadmap take?"
PHONE = (390, 844)


class Slow:
    """A real tutor whose answers wait after each statement until a test lets them go on."""

    def __init__(self, tutor) -> None:
        self._tutor = tutor
        self.go_on = threading.Event()

    def close(self) -> None:
        """The tutor is the session's to close, whichever app opened it."""

    def __getattr__(self, name):
        return getattr(self._tutor, name)

    def events(self, question, **options):
        if question == "Fail":
            raise RuntimeError("a bug")
        for event in self._tutor.events(question, **options):
            yield event
            if isinstance(event, StatementEvent):
                self.go_on.wait(20)


def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until an element that matches has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{key} never reached {selector}")


def test_the_whole_way_goes_by_keyboard_alone(page):
    press_until(page, "Tab", "#question textarea")
    page.keyboard.type(HOW_LONG)
    page.keyboard.press("Enter")
    expect(page.locator("#current .answer")).to_have_attribute("aria-busy", "false")
    press_until(page, "Shift+Tab", '#current .answer .cite[data-n="2"]')
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#cited")).to_be_focused()
    expect(page.locator("#cited")).to_contain_text("Beginners without programming")
    page.keyboard.press("Escape")
    expect(page.locator('#current .answer .cite[data-n="2"]')).to_be_focused()
    page.keyboard.press("Enter")  # the place is open already: it is shown again
    expect(page.locator("#cited")).to_be_focused()


def test_tab_goes_from_the_conversation_to_the_question_to_the_reader(page):
    page.get_by_label("Your question").fill(HOW_LONG)
    page.keyboard.press("Enter")
    expect(page.locator("#current .answer")).to_have_attribute("aria-busy", "false")
    page.locator("#tools button").first.focus()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        inside = (
            "['tools', 'current', 'composer', 'panel'].find(id => document.activeElement.closest('#' + id))"
        )
        place = page.evaluate(inside)
        if place and place not in seen:
            seen.append(place)
    assert seen[:4] == ["tools", "current", "composer", "panel"]


def test_the_page_has_landmarks_and_one_outline(page):
    for name in ("Conversation", "Question", "Source reader"):
        expect(page.get_by_role("region", name=name, exact=True)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_text("Roadmap Tutor")
    expect(page.get_by_role("button", name="Choose sources")).to_have_attribute("aria-expanded", "false")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_on_a_phone_the_reader_lies_below_and_is_reached_by_a_press(open_page, url):
    with open_page(url, size=PHONE) as page:
        page.get_by_label("Your question").fill(HOW_LONG)
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator("#current .answer")).to_have_attribute("aria-busy", "false")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        expect(page.locator("#cited")).not_to_be_in_viewport()
        page.locator("#current .cite").nth(1).click()
        expect(page.locator("#cited")).to_be_in_viewport()
        expect(page.locator("#cited")).to_contain_text("Beginners without programming")
        page.get_by_role("button", name="Back to the answer").click()
        expect(page.locator("#current .cite").nth(1)).to_be_focused()
        expect(page.locator("#current .cite").nth(1)).to_be_in_viewport()


@pytest.mark.parametrize("size", [PHONE, (768, 1024), (1440, 900)])
def test_nothing_overflows_at_any_width(open_page, url, size):
    with open_page(url, size=size) as page:
        page.get_by_label("Your question").fill(
            "What is the difference between a data scientist and a machine learning engineer?"
        )
        page.keyboard.press("Enter")
        expect(page.locator("#current .answer")).to_have_attribute("aria-busy", "false")
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        page.get_by_label("Your question").fill("What is regularisation?")
        page.keyboard.press("Enter")
        page.locator("#current .cite").first.click()
        expect(page.locator("#panel pre")).to_be_attached()  # a program wider than a phone
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_the_dark_scheme_of_the_machine_is_followed(open_page, url):
    shades = {}
    for scheme in ("light", "dark"):
        with open_page(url, scheme=scheme) as page:
            page.get_by_role("heading", name="What would you like to know?").wait_for()
            shades[scheme] = page.evaluate(
                "getComputedStyle(document.querySelector('#reader')).backgroundColor"
            )
    assert shades == {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 32, 36)"}


def test_until_the_tutor_is_ready_the_page_says_so_and_then_goes_on_by_itself(open_page, tutor):
    ready = threading.Event()

    def open_slowly(settings):
        ready.wait(30)
        return Slow(tutor)

    app = mount(create_app(tutor.settings, open_tutor=open_slowly), tutor.settings)
    with serving(app, ready_seconds=0) as url, open_page(url) as page:
        try:
            expect(page.get_by_role("heading", name="Warming up…")).to_be_visible()
            page.get_by_label("Your question").fill(HOW_LONG)
        finally:
            ready.set()
        expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
        expect(page.get_by_label("Your question")).to_have_value(HOW_LONG)


def test_statements_show_as_they_come(open_page, tutor):
    slow = Slow(tutor)
    with (
        serving(mount(create_app(tutor.settings, tutor=slow), tutor.settings)) as url,
        open_page(url) as page,
    ):
        page.get_by_label("Your question").fill(HOW_LONG)
        page.keyboard.press("Enter")
        expect(page.locator("#current .answer")).to_contain_text("6–8 months")
        expect(page.locator("#current .exchange")).to_have_attribute("data-state", "thinking")
        expect(page.locator("#current .cite")).to_have_count(1)
        slow.go_on.set()
        expect(page.locator("#current .exchange")).to_have_attribute("data-state", "answered")
        expect(page.locator("#current .answer .cite")).to_have_count(2)


def test_a_bug_leaves_a_word_and_a_page_that_still_works(open_page, tutor):
    slow = Slow(tutor)
    slow.go_on.set()
    app = mount(create_app(tutor.settings, tutor=slow), tutor.settings)
    with serving(app) as url, open_page(url, complaints=True) as page:
        page.get_by_label("Your question").fill("Fail")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
        page.get_by_label("Your question").fill(HOW_LONG)
        page.keyboard.press("Enter")
        expect(page.locator("#current .exchange")).to_have_attribute("data-state", "answered")
