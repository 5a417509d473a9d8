"""How an answer looks, on a terminal and piped."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tutor.answering.answer import Answer, Citation, Coverage, Statement
from tutor.commands.show import plain, pretty, printable, where

QUOTE = "It takes six to nine months of steady\n   work, at ten hours a week."


def answer(**changes: object) -> Answer:
    citation = Citation(
        n=1,
        chunk_id="c1",
        document_id="d1",
        path="sources/five.md",
        title="Five stages",
        heading_path=("Five stages", "FAQ", "How long?"),
        locator="line 12",
        quote=QUOTE,
        start=100,
        end=160,
        support=1.0,
    )
    fields: dict[str, object] = {
        "question": "How long?",
        "standalone_question": "How long?",
        "coverage": Coverage.ANSWERED,
        "statements": (Statement(text="It takes six to nine months.", citations=(1,), support=1.0),),
        "citations": (citation,),
        "text": "It takes **six to nine** months. [1]",
        "suggestions": ("Is Python enough?",),
    }
    return Answer.model_validate(fields | changes)


def drawn(shown: Answer, *, color: bool = True) -> str:
    """What a terminal of 80 columns receives."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=80,
        force_terminal=True,
        color_system="standard",
        no_color=not color,
        highlight=False,
    )
    console.print(pretty(shown))
    return stream.getvalue()


def test_piped_it_is_the_markdown_then_numbered_sources_with_exact_quotes() -> None:
    assert plain(answer()) == (
        "It takes **six to nine** months. [1]\n\n"
        "Sources\n"
        "[1] Five stages › FAQ › How long?\n"
        "    line 12 · sources/five.md\n"
        "    “It takes six to nine months of steady work, at ten hours a week.”\n\n"
        "You could also ask\n- Is Python enough?\n"
    )


def test_on_a_terminal_lines_fit_and_quotes_are_dim() -> None:
    shown = drawn(answer())
    assert "\x1b[2" in shown
    bare = drawn(answer(), color=False)
    assert "[1] Five stages › FAQ › How long?" in bare.replace("\x1b[0m", "").replace("\x1b[1m", "")
    assert "**" not in bare


def test_without_colour_none_is_used() -> None:
    assert "\x1b[36" in drawn(answer()) or "\x1b[1;36" in drawn(answer())
    assert "36m" not in drawn(answer(), color=False)


@pytest.mark.parametrize("coverage", [Coverage.PARTLY, Coverage.NOT_COVERED])
def test_an_answer_that_falls_short_names_the_nearest_topics_once(coverage: Coverage) -> None:
    short = answer(coverage=coverage, nearest_topics=("Salaries", "Projects"), text="Near is: Projects.")
    assert "Nearest topics\n- Salaries\n" in plain(short)
    assert plain(short).count("Projects") == 1


def test_a_full_answer_names_no_nearest_topics() -> None:
    assert "Salaries" not in plain(answer(nearest_topics=("Salaries",)))


def test_a_source_cannot_send_control_characters_to_the_terminal() -> None:
    hostile = "red \x1b[31m, title \x1b]0;x\x07, back \x08\x9b, turned \u202e."
    assert printable(hostile) == "red [31m, title ]0;x, back , turned ."
    shown = answer(text=hostile)
    assert "\x1b" not in plain(shown)
    assert "\x1b]0" not in drawn(shown)


def test_tabs_and_line_ends_stay() -> None:
    assert printable("a\tb\nc") == "a\tb\nc"


def test_the_title_is_not_repeated_by_its_heading() -> None:
    assert where("Five stages", ("Five stages", "FAQ")) == "Five stages › FAQ"
    assert where("Five stages", ("FAQ",)) == "Five stages › FAQ"
    assert where("Five stages", ()) == "Five stages"
