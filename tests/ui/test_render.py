"""Answers as HTML: buttons for citations, states, and nothing live that a source smuggled in."""

from __future__ import annotations

import re

import pytest

from tutor.answering.answer import Answer, NoticeEvent, Statement, StatementEvent
from tutor.errors import IndexLockedError, QuestionError
from tutor_ui import render
from tutor_ui.render import Piece


def answer(**changes) -> Answer:
    values = {"question": "Q?", "standalone_question": "Q?", "coverage": "answered", "text": "A. [1]"}
    return Answer.model_validate(values | changes)


def test_a_marker_becomes_a_button_that_says_where_it_leads(citation):
    html = render.body([Piece("It takes 6–8 months. [1]", (1,))], [citation()])
    button = re.search(r"<button[^>]*>1</button>", html)[0]
    for part in (
        'class="cite"',
        'data-n="1"',
        'data-document="north"',
        'data-start="100"',
        'data-end="120"',
        'aria-label="Source 1: The northern roadmap, How long it takes, line 8"',
    ):
        assert part in button


def test_a_marker_stays_on_the_line_of_the_word_before_it(citation):
    html = render.body([Piece("It takes **6–8 months**. [1][2]", (1, 2))], [citation(1), citation(2)])
    assert re.search(r'<span class="held">\. <button[^>]*>1</button><button[^>]*>2</button></span>', html)


def test_markers_work_in_lists_and_table_cells(citation):
    table = "| a | b |\n|---|---|\n| x [1] | y |\n"
    html = render.body([Piece(f"- one [1]\n\n{table}", (1,))], [citation()])
    assert html.count('class="cite"') == 2


def test_a_number_that_a_source_has_in_its_text_is_no_citation(citation):
    html = render.body([Piece("As [2] shows, `x[2]` is so. [1]", (1,))], [citation(1), citation(2)])
    assert re.findall(r'data-n="(\d)"', html) == ["1"]
    assert "As [2] shows" in html
    assert "<code>x[2]</code>" in html


def test_a_marker_without_its_citation_stays_text(citation):
    assert "data-n" not in render.body([Piece("Said so. [9]", (9,))], [citation(1)])


def test_a_link_definition_in_a_statement_cannot_claim_a_marker(citation):
    html = render.body([Piece("Yes. [1]\n\n[1]: https://evil.example 'x'", (1,))], [citation()])
    assert html.count('data-n="1"') == 2
    assert "href" not in html


def test_pieces_join_without_a_gap_so_that_a_table_may_come_in_rows(citation):
    rows = [Piece("| a | b |\n|---|---|\n| x | y [1] |\n", (1,)), Piece("| z | w [2] |\n", (2,))]
    html = render.body(rows, [citation(1), citation(2)])
    assert html.count("<table>") == 1
    assert html.count("<tr>") == 3


def test_a_notice_has_a_box_of_its_own_and_no_citations(citation):
    html = render.body([Piece("Yes. [1]", (1,)), Piece("\n\nNot covered: [1].", notice=True)], [citation()])
    assert html.count('data-n="1"') == 1
    assert '<div class="notice"><p>Not covered: [1].</p>' in html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<img src="https://evil.example/x.png" onerror="alert(1)">',
        "![x](https://evil.example/x.png)",
        "[x](javascript:alert(1))",
        "[x](https://evil.example)",
        "<https://evil.example>",
        "<button class=cite data-n=1>1</button>",
        "`</code><img src=x>`",
    ],
)
def test_a_statement_brings_no_live_html(evil, citation):
    html = render.body([Piece(f"Well {evil} so. [1]", (1,))], [citation()])
    assert not re.search(r"<(script|img|a|iframe)\b", html)
    assert not re.search(r"<[^>]*\s(on\w+|href|src)\s*=", html)
    assert html.count("<button") == 1


def test_what_a_citation_says_is_escaped(citation):
    odd = citation(
        title='T"><img src=x>', heading_path=("<b>h</b>",), locator="<i>", document_id='d" onclick="x'
    )
    html = render.body([Piece("A [1]", (1,))], [odd]) + render.sources([odd]) + render.exchange("<b>?</b>")
    assert not re.search(r"<(img|b|i)\b", html)
    assert "onclick=" not in re.sub(r'"[^"]*"', "", html)


def test_the_only_links_lead_to_where_a_source_was_published(citation):
    html = render.sources([citation(1, url="https://example.org/a?b=1&c=2"), citation(2, url="javascript:x")])
    assert re.findall(r'href="([^"]*)"', html) == ["https://example.org/a?b=1&amp;c=2"]
    assert 'rel="noopener noreferrer nofollow"' in html


def test_without_citations_there_is_no_list_of_sources():
    assert render.sources([]) == ""


def test_a_question_without_an_answer_yet_says_that_the_sources_are_being_read():
    html = render.exchange("Why?")
    assert render.THINKING in html
    assert 'data-state="thinking"' in html
    assert 'aria-busy="true"' in html


def test_an_answer_tells_how_much_it_covers():
    not_covered = answer(coverage="not_covered", text="I do not know.", nearest_topics=("Salaries",))
    html = render.exchange("Q?", [Piece("I do not know.", notice=True)], answer=not_covered)
    assert "Not in the sources" in html
    assert 'data-ask="Salaries"' in html
    assert "Partly covered" in render.exchange("Q?", [Piece("A.")], answer=answer(coverage="partly"))
    assert "class=state" not in render.exchange("Q?", [Piece("A.")], answer=answer())


def test_a_topic_that_the_notice_lists_becomes_a_button_in_its_place():
    topics = ("Salaries & more (South)", "Tools")
    notice = Piece("I do not know. Nearest:\n\n- Salaries & more (South)\n- Tools", notice=True)
    found = answer(
        coverage="not_covered", text="…", nearest_topics=topics, suggestions=("What about tools?",)
    )
    html = render.exchange("Q?", [notice], answer=found)
    assert re.findall(r'<li><button[^>]*data-ask="([^"]*)"', html) == ["Salaries &amp; more (South)", "Tools"]
    assert "What about tools?" not in html


def test_follow_ups_belong_to_the_newest_answer_only():
    found = answer(suggestions=("And then?",))
    assert 'data-ask="And then?"' in render.exchange("Q?", [Piece("A.")], answer=found)
    assert "And then?" not in render.exchange("Q?", [Piece("A.")], answer=found, follow_ups=False)


def test_small_talk_bears_no_state():
    said = answer(coverage="not_covered", kind="small_talk", text="Hello!")
    assert "Not in the sources" not in render.exchange("hi", [Piece("Hello!", notice=True)], answer=said)


def test_a_problem_shows_its_help_and_offers_another_try_where_that_can_help():
    locked = render.problem(IndexLockedError("The index is being written", help="Wait a minute."), "Why <x>?")
    assert "The index is being written" in locked
    assert "Wait a minute." in locked
    assert 'data-ask="Why &lt;x&gt;?"' in locked
    assert "data-ask" not in render.problem(QuestionError("The question is empty"), "")
    assert 'data-state="problem"' in render.exchange("Q?", problem=locked)


def test_events_become_pieces(citation):
    statement = Statement(text="A", citations=(1,), support=1)
    event = StatementEvent(index=0, statement=statement, citations=(citation(),), markdown="A [1]")
    assert render.piece(event) == Piece("A [1]", (1,))
    assert render.piece(NoticeEvent(text="N", markdown="N")) == Piece("N", notice=True)
