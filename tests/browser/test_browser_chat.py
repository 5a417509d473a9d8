"""A learner at a desktop: asks, reads, opens the cited sentence, goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

HOW_LONG = "How long does the northern roadmap take?"


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    expect(newest(page).get_by_role("heading", name=question)).to_be_visible()
    expect(newest(page).locator(".answer")).to_have_attribute("aria-busy", "false")


def newest(page: Page):
    return page.locator("#current .exchange")


def marked(page: Page) -> str:
    """What is highlighted in the reader, white space aside."""
    expect(page.locator("#cited")).to_be_visible()
    return "".join("".join(page.locator("#panel mark").all_text_contents()).split())


def test_each_citation_opens_its_sentence(page, tutor):
    ask(page, HOW_LONG)
    expected = tutor.ask(HOW_LONG)
    expect(newest(page)).to_contain_text(expected.statements[0].text)
    for citation in expected.citations:
        newest(page).locator(".cite", has_text=str(citation.n)).click()
        expect(page.locator("#panel .reader")).to_have_attribute("data-start", str(citation.start))
        assert marked(page) == "".join(citation.quote.split())
        expect(page.locator("#cited")).to_be_in_viewport()
        expect(page.locator("#cited")).to_be_focused()
        expect(page.locator("#panel header")).to_contain_text(citation.title)
        expect(page.locator("#panel header")).to_contain_text(citation.heading_path[-1])
        expect(page.locator("#panel header")).to_contain_text(citation.locator)


def test_a_citation_says_to_a_screen_reader_where_it_leads(page):
    ask(page, HOW_LONG)
    name = "Source 1: The northern roadmap, How long the northern roadmap takes, line 13"
    expect(newest(page).get_by_role("button", name=name)).to_have_count(1)


def test_the_first_citation_opens_by_itself_and_leaves_the_focus_alone(page):
    ask(page, HOW_LONG)
    assert marked(page) == "Thenorthernroadmaptakes6–8monthsat10hoursaweek."
    expect(page.get_by_label("Your question")).to_be_focused()
    expect(newest(page).locator(".cite").first).to_have_attribute("aria-current", "true")


def test_a_cited_list_is_highlighted_whole(page):
    ask(page, "Which tools does the northern roadmap list?")
    assert marked(page) == "Thenorthernroadmapliststhesetools:PythonNumPyandpandasscikit-learn"


def test_a_cited_table_is_highlighted_cell_by_cell(page):
    ask(page, "What is the difference between a data scientist and a machine learning engineer?")
    assert marked(page).startswith("RoleMainfocusDatascientistFindingpatterns")


def test_an_entry_of_the_source_list_opens_the_same_place(page):
    ask(page, HOW_LONG)
    newest(page).locator(".source").nth(1).click()
    expect(page.locator("#panel mark")).to_have_text(
        "Beginners without programming need 4 more months on the northern roadmap."
    )
    link = newest(page).get_by_role("link", name="original").first
    expect(link).to_have_attribute("href", "https://example.org/north")


def test_what_is_not_covered_says_so_and_offers_the_nearest_topics(page):
    ask(page, "What is the salary in Iceland?")
    expect(newest(page)).to_have_attribute("data-state", "not_covered")
    expect(newest(page)).to_contain_text("Not in the sources")
    expect(newest(page).locator("[data-n]")).to_have_count(0)
    newest(page).get_by_role("button", name="Salaries (The southern roadmap)").click()
    expect(newest(page).get_by_role("heading", name="Salaries (The southern roadmap)")).to_be_visible()


def test_a_partly_covered_question_says_which_part_is_missing(page):
    ask(page, "How long does the northern roadmap take and what is the salary in Iceland?")
    expect(newest(page)).to_contain_text("Partly covered")
    expect(newest(page).locator(".notice")).to_contain_text("what is the salary in Iceland?")


def test_a_suggested_question_is_asked_by_its_button(page):
    ask(page, HOW_LONG)
    page.get_by_role("button", name="Do I need a degree?").click()
    expect(newest(page)).to_contain_text("A degree is not required for the northern roadmap")
    expect(page.locator("#past")).to_contain_text(HOW_LONG)
    expect(newest(page).locator(".question")).to_be_focused()


def test_citations_of_earlier_answers_still_open(page):
    ask(page, HOW_LONG)
    ask(page, "What is overfitting?")
    page.locator("#past .cite").first.click()
    expect(page.locator("#panel mark")).to_have_text(
        "The northern roadmap takes 6–8 months at 10 hours a week."
    )


def test_only_the_chosen_sources_answer(page):
    page.get_by_role("button", name="Choose sources").click()
    page.locator("#only input").click()
    page.get_by_role("option", name="The southern roadmap").click()
    expect(page.get_by_role("button", name="Choose sources (1 chosen)")).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, "How long does the southern roadmap take?")
    titles = newest(page).locator(".source .title").all_text_contents()
    assert set(titles) == {"The southern roadmap"}


def test_every_source_opens_from_the_list(page, tutor):
    for document in tutor.documents():
        page.locator("#panel").get_by_role("button", name=document.title).click()
        expect(page.locator("#panel header h2")).to_have_text(document.title)
        page.get_by_role("button", name="All sources").click()
        expect(page.locator("#panel header h2")).to_have_text("Sources")


def test_a_source_that_means_harm_is_only_text(page):
    ask(page, "What is regularisation?")
    expect(page.locator("#panel header h2")).to_contain_text("Evil")
    expect(page.locator("#panel .document")).to_contain_text("{{value}} ${document.title='owned'}")
    expect(page.locator("#panel :is(script, img, iframe)")).to_have_count(0)
    assert page.title() == "Roadmap Tutor"


def test_the_conversation_is_copied_and_saved_as_markdown(page, tmp_path: Path):
    ask(page, HOW_LONG)
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#tools [role=status]")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert re.fullmatch(r"roadmap-tutor-\d{4}-\d\d-\d\d\.md", download.value.suggested_filename)
    download.value.save_as(tmp_path / "saved.md")
    assert (tmp_path / "saved.md").read_text(encoding="utf-8") == copied
    assert f"## {HOW_LONG}" in copied
    assert "> The northern roadmap takes 6–8 months at 10 hours a week." in copied
    assert "<https://example.org/north>" in copied


def test_a_new_conversation_begins_empty(page):
    ask(page, HOW_LONG)
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    expect(page.locator(".exchange")).to_have_count(0)
    expect(page.locator("#panel header h2")).to_have_text("Sources")
    expect(page.get_by_label("Your question")).to_be_focused()
