"""A conversation as Markdown."""

from __future__ import annotations

from tutor.answering.answer import Answer
from tutor_ui import export


def answer(citations=(), **changes) -> Answer:
    values = {
        "question": "How long?",
        "standalone_question": "How long?",
        "coverage": "answered",
        "text": "Long. [1]",
    }
    return Answer.model_validate(values | changes | {"citations": citations})


def test_each_question_comes_with_its_answer_and_quoted_sources(citation):
    cited = citation(url="https://example.org/n", quote="It takes\n6–8 months.")
    text = export.conversation([answer([cited]), answer(question="And\nthen?", text="I do not know.")])
    assert text == (
        "# Conversation with Roadmap Tutor\n\n"
        "## How long?\n\nLong. [1]\n\n### Sources\n\n"
        "1. The northern roadmap › How long it takes, line 8 <https://example.org/n>\n\n"
        "   > It takes\n   > 6–8 months.\n\n"
        "## And then?\n\nI do not know.\n"
    )


def test_an_empty_conversation_is_an_empty_text():
    assert export.conversation([]) == ""


def test_images_and_html_of_a_source_are_inert_in_the_file(citation):
    evil = "See ![p](https://evil.example/p.png) <img src=x> but `a<b>![x]` and a < b."
    text = export.conversation(
        [answer([citation(quote=evil, title="<script>")], question="<img>?", text=evil)]
    )
    assert text.count("\\![p]") == 2
    assert text.count("\\<img src=x>") == 2
    assert text.count("`a<b>![x]`") == 2
    assert "a < b" in text
    assert "› " in text
    assert "\\<script>" in text
    assert "## \\<img>?" in text


def test_an_address_that_is_none_is_left_out(citation):
    assert "javascript" not in export.conversation([answer([citation(url="javascript:alert(1)")])])
