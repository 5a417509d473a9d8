"""The form of an answer: which statements, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tutor.answering.compose import MOST, compose
from tutor.answering.evidence import has_figure
from tutor.answering.forms import Proposal
from tutor.answering.question import Figure, analyse
from tutor.answering.tutor import Tutor

NORTH = """# The northern school

## Duration

The northern school takes 10 weeks. Its days are short.

## Tools

The northern school teaches these tools:

- Python
- Docker
- Git

Docker packs a program with all it needs.

## Roles

| Role | Work | Salary |
| --- | --- | --- |
| Data scientist | finds patterns | $120,000 |
| Platform engineer | keeps machines running | $130,000 |
| ML engineer | runs models | $140,000 |

## Frameworks

PyTorch is a framework of dynamic graphs. TensorFlow is a framework of static graphs. JAX is a framework of pure functions.
"""
SOUTH = """# The southern school

## Duration

The southern school takes 6–8 months. It closes in winter.

## Tools

The southern school names these tools:

- R
- Docker
- Excel

## Frameworks

PyTorch is easier than TensorFlow, the southern school finds.
"""
WEST = "# The western school\n\n## Duration\n\nThe western school never says how long. Ten teachers work there.\n"


@pytest.fixture(scope="module")
def schools(make_tutor: Callable[..., Tutor]) -> Tutor:
    return make_tutor({"north.md": NORTH, "south.md": SOUTH, "west.md": WEST})


@pytest.fixture
def composed(schools: Tutor, gathered: Callable[..., tuple]) -> Callable[[str], list[Proposal]]:
    def composed_for(text: str) -> list[Proposal]:
        question, _, candidates, generation = gathered(schools, text)
        return compose(question, candidates, generation)

    return composed_for


QUESTIONS = [
    "How long does the school take?",
    "Which tools do the schools teach?",
    "What is Docker?",
    "PyTorch vs TensorFlow",
    "PyTorch vs TensorFlow vs JAX",
    "data scientist vs ML engineer",
    "What is the salary of an ML engineer?",
    "Why is Docker useful?",
    "Is PyTorch easier?",
    "How do I use Docker? ",
    "school",
    "tools salary docker winter weeks role framework graphs",
]


def test_nothing_found_composes_nothing(schools: Tutor) -> None:
    """Without candidates there are no statements."""
    assert compose(analyse("What is Docker?"), [], schools.index.current()) == []


def test_a_list_is_answered_with_whole_lists(composed: Callable[[str], list[Proposal]]) -> None:
    """The asked list comes first, with its lead and all of its items."""
    first, *rest = composed("Which tools does the northern school teach?")
    assert first.text == "The northern school teaches these tools:\n\n- Python\n- Docker\n- Git"
    assert all("- Python" not in p.text for p in rest)


def test_a_definition_is_answered_with_the_sentence_that_defines(
    composed: Callable[[str], list[Proposal]],
) -> None:
    """`PyTorch is a …` comes before what merely mentions it."""
    assert composed("What is PyTorch?")[0].text == "PyTorch is a framework of dynamic graphs."


def test_figures_of_several_sources_are_one_statement_per_source_with_who_says_so(
    composed: Callable[[str], list[Proposal]],
) -> None:
    """Sources that disagree are set side by side."""
    found = composed("How long does the school take?")
    said = {p.said_by: p.text for p in found}
    assert "10 weeks" in said["The northern school"]
    assert "6–8 months" in said["The southern school"]
    assert len(found) == len(said)


def test_a_source_without_the_figure_is_left_out(composed: Callable[[str], list[Proposal]]) -> None:
    """Only what holds a duration answers how long."""
    found = composed("How long does the school take?")
    assert all(has_figure(Figure.DURATION, p.text) for p in found)
    assert "The western school" not in {p.said_by for p in found}


def test_one_source_needs_no_name(composed: Callable[[str], list[Proposal]]) -> None:
    """`said_by` is set only where there are several to tell apart."""
    found = composed("What is the salary of an ML engineer?")
    assert "$140,000" in found[0].text
    assert {p.said_by for p in found} == {None}


def test_a_comparison_of_rows_is_a_table_of_the_sides_alone(
    composed: Callable[[str], list[Proposal]],
) -> None:
    """Both sides under the header, others left out."""
    table = composed("data scientist vs ML engineer")[0].text
    assert "Data scientist" in table
    assert "ML engineer" in table
    assert "Platform" not in table
    assert table.startswith("| Role | Work | Salary |\n| --- |")


def test_a_comparison_in_prose_names_both_sides(composed: Callable[[str], list[Proposal]]) -> None:
    """First what speaks of both, then each side."""
    first, *rest = (p.text for p in composed("PyTorch vs TensorFlow"))
    assert "PyTorch" in first
    assert "TensorFlow" in first
    assert any("PyTorch" in text and "TensorFlow" not in text for text in rest)
    assert any("TensorFlow" in text and "PyTorch" not in text for text in rest)


def test_a_comparison_of_three_speaks_of_all_three(composed: Callable[[str], list[Proposal]]) -> None:
    """No side is forgotten."""
    text = " ".join(p.text for p in composed("PyTorch vs TensorFlow vs JAX"))
    assert all(name in text for name in ("PyTorch", "TensorFlow", "JAX"))


@pytest.mark.parametrize("text", QUESTIONS)
def test_an_answer_is_short_and_says_nothing_twice(
    composed: Callable[[str], list[Proposal]], text: str
) -> None:
    """One to eight statements, none a part of another, no line of prose twice."""
    found = composed(text)
    assert 1 <= len(found) <= MOST
    assert not any(a is not b and a.contains(b) for a in found for b in found)
    lines = [line for p in found for line in p.text.splitlines() if line and "|" not in line]
    assert len([line for line in lines if not line.startswith("- ")]) == len(
        {line for line in lines if not line.startswith("- ")}
    )


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_statement_is_never_cut_in_mid_sentence(
    composed: Callable[[str], list[Proposal]], text: str
) -> None:
    """Each ends where a sentence, a list or a table ends."""
    for proposal in composed(text):
        last = proposal.text.splitlines()[-1]
        assert re.search(r"[.!?:]$|^\s*(-|\d+\.) |^\|.*\|$|^```$", last), proposal.text


@pytest.mark.parametrize("text", QUESTIONS)
def test_composing_is_deterministic(composed: Callable[[str], list[Proposal]], text: str) -> None:
    """The same question gives the same statements."""
    assert [p.text for p in composed(text)] == [p.text for p in composed(text)]


def test_what_supports_keeps_sources_together_in_their_order(
    composed: Callable[[str], list[Proposal]],
) -> None:
    """After the direct statement each source is read from top to bottom."""
    for text in QUESTIONS:
        found = composed(text)
        if any(p.said_by for p in found):
            continue
        places = [(p.candidate.passage.document_id, p.candidate.span.start) for p in found[1:]]
        for document in {d for d, _ in places}:
            own = [at for d, at in places if d == document]
            where = [i for i, (d, _) in enumerate(places) if d == document]
            assert own == sorted(own)
            assert where == list(range(where[0], where[0] + len(where)))


def test_a_weak_candidate_does_not_support(schools: Tutor, gathered: Callable[..., tuple]) -> None:
    """What scores far below the best is left out, whatever room there is."""
    question, _, candidates, generation = gathered(schools, "What is JAX?")
    weak = [
        replace(c, score=c.score if i == 0 else candidates[0].score / 4) for i, c in enumerate(candidates)
    ]
    assert len(compose(question, weak, generation)) == 1


def test_a_figure_for_another_place_does_not_join_the_one_asked_for(make_tutor: Callable[..., Tutor]) -> None:
    """Under a heading that names two countries, the figure of one is no answer for the other."""
    tutor = make_tutor(
        {
            "north.md": "# Pay guide\n\nGlacier guides in Norway earn 500,000 dollars.\n",
            "both.md": "# How much glacier guides earn in Norway and in Chile\n\n"
            "Senior glacier guides earn 90,000 dollars.\n",
        }
    )
    answer = tutor.ask("How much do glacier guides earn in Norway?")
    assert [s.text for s in answer.statements] == ["Glacier guides in Norway earn 500,000 dollars."]
