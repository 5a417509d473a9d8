"""The tutor's own words around statements."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tutor.answering import replies
from tutor.answering.answer import Answer, Coverage, DoneEvent, Event, NoticeEvent, Statement, StatementEvent
from tutor.answering.forms import Proposal
from tutor.answering.tutor import Tutor

GUIDE = """# The guide

## Oils

The guide lists these oils:

- olive oil
- linseed oil

Olive oil is pressed from olives. Olive oil keeps two years.

## How do I store olive oil?

Store olive oil in the dark.

## Prices

| Oil | Price |
| --- | --- |
| olive oil | $10 |

## Code

```python
oil = "olive"

print(oil)
```
"""
OTHER = "# The other guide\n\n## Shelf life\n\nOlive oil keeps three years, the other guide says.\n"
QUESTIONS = [
    "Which oils does the guide list?", "How long does olive oil keep?", "What is olive oil?", "What is the price of olive oil?",
    "What is olive oil and what does it cost?", "How do I store olive oil?", "What is the capital of Iceland?", "Hello!",
    "print olive oil in python code", "Is olive oil or motor oil pressed from olives?",
]  # fmt: skip


@pytest.fixture(scope="module")
def oils(make_tutor: Callable[..., Tutor]) -> Tutor:
    return make_tutor({"guide.md": GUIDE, "other.md": OTHER})


def events(tutor: Tutor, text: str) -> tuple[list[Event], Answer]:
    found = list(tutor.events(text))
    assert isinstance(found[-1], DoneEvent)
    return found, found[-1].answer


@pytest.mark.parametrize("text", QUESTIONS)
def test_the_pieces_of_the_stream_make_up_the_text(oils: Tutor, text: str) -> None:
    """Joined with nothing between, statements and notices are the answer's text."""
    found, answer = events(oils, text)
    pieces = [event.markdown for event in found if isinstance(event, StatementEvent | NoticeEvent)]
    assert "".join(pieces) == answer.text


@pytest.mark.parametrize("text", QUESTIONS)
def test_every_marker_resolves_and_every_citation_has_one(oils: Tutor, text: str) -> None:
    """The numbers in the text are those of the citations."""
    _, answer = events(oils, text)
    marked = {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)}
    assert marked == {c.n for c in answer.citations} == {n for s in answer.statements for n in s.citations}
    assert [c.n for c in answer.citations] == list(range(1, len(answer.citations) + 1))


@pytest.mark.parametrize("text", QUESTIONS)
def test_the_text_holds_every_statement(oils: Tutor, text: str) -> None:
    """Without its markers each statement stands in the text as it is."""
    _, answer = events(oils, text)
    bare = re.sub(r" ?\[\d+\]|\n\n(\[\d+\])+$", "", answer.text)
    for statement in answer.statements:
        assert statement.text in bare


def test_the_marker_of_a_list_stands_at_its_lead(oils: Tutor) -> None:
    """The list itself stays a list in Markdown."""
    assert oils.ask("Which oils does the guide list?").text.startswith(
        "The guide lists these oils: [1]\n\n- olive oil\n- linseed oil"
    )


def test_figures_of_several_sources_are_bullets(oils: Tutor) -> None:
    """One line each, with its marker at the end."""
    answer = oils.ask("How long does olive oil keep?")
    assert {s.said_by for s in answer.statements} == {"The guide", "The other guide"}
    assert [bool(re.fullmatch(r"- .* \[\d\]", line)) for line in answer.text.splitlines()] == [True, True]


def laid_out(proposal: Proposal, *, before: Proposal | None = None, said_by: str | None = None) -> str:
    statement = Statement(text=proposal.text, citations=(1, 2), support=1.0, said_by=said_by)
    return replies.lay_out(statement, proposal, before, first=before is None)


def test_a_marker_never_stands_in_code(oils: Tutor, proposed: Callable[..., Proposal]) -> None:
    """It comes after the closing fence, whatever blank lines the code has."""
    code = proposed(oils, "print(oil)")
    assert laid_out(code) == f"{code.text}\n\n[1][2]"


def test_a_marker_never_stands_in_a_table(oils: Tutor, proposed: Callable[..., Proposal]) -> None:
    """It comes below, where it breaks no row."""
    table = proposed(oils, "$10")
    assert laid_out(table) == f"{table.text}\n\n[1][2]"


def test_sentences_of_one_source_are_one_paragraph(oils: Tutor, proposed: Callable[..., Proposal]) -> None:
    """Another source and a block begin a new one."""
    first, second = proposed(oils, "Olive oil is pressed"), proposed(oils, "Olive oil keeps two")
    other, block = proposed(oils, "Olive oil keeps three"), proposed(oils, "linseed oil")
    assert laid_out(second, before=first).startswith(" Olive")
    assert laid_out(other, before=first).startswith("\n\nOlive")
    assert laid_out(block, before=first).startswith("\n\nThe guide")
    assert laid_out(first, before=block).startswith("\n\nOlive")


def test_a_notice_names_what_is_missing() -> None:
    """A part that is not covered is quoted as it was asked."""
    text = replies.notice(Coverage.PARTLY, ["Iceland", "Bhutan"], ())
    assert "“Iceland”; “Bhutan”" in text
    assert replies.notice(Coverage.ANSWERED, (), ()) == ""


def test_a_refusal_is_one_fixed_sentence_with_the_nearest_topics() -> None:
    """It says that it does not know, then what is near."""
    assert replies.notice(Coverage.NOT_COVERED, (), ()) == replies.REFUSAL
    text = replies.notice(Coverage.NOT_COVERED, (), ("Oils (The guide)",))
    assert text.startswith(replies.REFUSAL)
    assert text.endswith("- Oils (The guide)")


def test_the_nearest_topics_of_a_refusal_are_three_headings_at_most(oils: Tutor) -> None:
    """Each names its source, none comes twice."""
    answer = oils.ask("What is the capital of Iceland?")
    assert answer.coverage is Coverage.NOT_COVERED
    assert 1 <= len(answer.nearest_topics) <= 3
    assert len(set(answer.nearest_topics)) == len(answer.nearest_topics)
    assert all(re.search(r"\(The (other )?guide\)$", topic) for topic in answer.nearest_topics)
    assert all(topic in answer.text for topic in answer.nearest_topics)


@pytest.mark.parametrize("text", [*QUESTIONS, "how do I store olive oil", "HOW DO I STORE OLIVE OIL??"])
def test_a_suggestion_never_repeats_the_question(oils: Tutor, text: str) -> None:
    """Nor another suggestion, and there are three at most."""
    answer = oils.ask(text)
    suggested = [s.casefold().strip(" ?") for s in answer.suggestions]
    assert text.casefold().strip(" ?") not in suggested
    assert len(set(suggested)) == len(suggested) <= 3


def test_suggestions_lead_to_what_was_found_and_not_cited(oils: Tutor) -> None:
    """A heading that is a question is asked as it is, and what is suggested is covered."""
    suggested = {s for text in QUESTIONS for s in oils.ask(text).suggestions}
    assert "How do I store olive oil?" in suggested
    assert "What does the guide say about “Prices”?" in suggested
    for suggestion in suggested:
        assert oils.ask(suggestion).coverage is not Coverage.NOT_COVERED


def test_a_refusal_suggests_nothing(oils: Tutor) -> None:
    """It names the nearest topics instead."""
    assert oils.ask("What is the capital of Iceland?").suggestions == ()


def test_figures_of_several_sources_say_whose_they_are(make_tutor: Callable[..., Tutor]) -> None:
    """A source that its sentence does not name is named before it, as plain text; one that it names is not named twice."""
    tutor = make_tutor(
        {
            "a.md": "---\ntitle: 'The [blue](http://evil.example) guide'\n---\n\nThe kelp course takes 5 weeks.\n",
            "b.md": "---\ntitle: The red guide\n---\n\nThe kelp course takes 9 weeks, says the red guide.\n",
        }
    )
    lines = sorted(tutor.ask("How long does the kelp course take?").text.splitlines())
    assert [re.sub(r" \[\d\]$", "", line) for line in lines] == [
        r"- The \[blue\](http://evil.example) guide: The kelp course takes 5 weeks.",
        "- The kelp course takes 9 weeks, says the red guide.",
    ]
