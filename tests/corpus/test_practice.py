"""Practice items, interview questions and the glossary: every key is proved by words that stand on a page."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from corpus_texts import CORPUS, pages, roadmap, words

from tutor.learning.glossary import load_glossary
from tutor.learning.interviews import load_interviews
from tutor.learning.practice import Choice, Evidence, PracticeSet, Short, load_practice

SETS = load_practice(CORPUS)
each_set = pytest.mark.parametrize("practice", SETS.values(), ids=SETS.keys())


def unproved(evidence: list[Evidence]) -> list[str]:
    """The quotes that do not stand on the page they name."""
    return [
        one.quote for one in evidence if one.page not in pages() or one.quote not in pages()[one.page].text
    ]


def test_every_topic_can_be_practised() -> None:
    """Each topic has its items, and there are 700 or more in all."""
    assert set(SETS) == {topic.id for topic in roadmap().topics}
    assert sum(len(practice.items) for practice in SETS.values()) >= 700


def test_ids_are_unique() -> None:
    """No two items share an id."""
    counts = Counter(item.id for practice in SETS.values() for item in practice.items)
    assert [id_ for id_, count in counts.items() if count > 1] == []


@each_set
def test_a_topic_has_four_items_of_three_kinds(practice: PracticeSet) -> None:
    """Practice does not ask in one way only."""
    assert len(practice.items) >= 4
    assert len({item.kind for item in practice.items}) >= 3


@each_set
def test_its_evidence_stands_on_the_page(practice: PracticeSet) -> None:
    """Each quote is there character for character, and at least one in two on the topic's own page."""
    evidence = [item.evidence for item in practice.items]
    rubrics = [point.evidence for item in practice.items if isinstance(item, Short) for point in item.rubric]
    assert unproved(evidence + rubrics) == []
    assert sum(one.page == practice.topic for one in evidence) * 2 >= len(evidence)


@each_set
def test_no_question_is_asked_twice(practice: PracticeSet) -> None:
    """Items of a topic ask for different things."""
    asked = [" ".join(words(item.question)) + getattr(item, "text", "") for item in practice.items]
    assert len(set(asked)) == len(asked)


def test_length_does_not_give_the_key_away() -> None:
    """Over all single choices, the longest option is right hardly more often than by chance."""
    singles = [
        item
        for practice in SETS.values()
        for item in practice.items
        if isinstance(item, Choice) and item.kind == "single"
    ]
    longest = [max(item.options, key=lambda option: len(option.text)).correct for item in singles]
    chance = sum(1 / len(item.options) for item in singles) / max(len(singles), 1)
    assert sum(longest) / max(len(longest), 1) <= chance + 0.15


def test_place_does_not_give_the_key_away() -> None:
    """Over all single choices, no place holds the key in more than half of the cases."""
    singles = [
        item
        for practice in SETS.values()
        for item in practice.items
        if isinstance(item, Choice) and item.kind == "single"
    ]
    places = Counter(next(n for n, option in enumerate(item.options) if option.correct) for item in singles)
    assert max(places.values(), default=0) <= len(singles) / 2


def test_a_hundred_interview_questions_are_proved() -> None:
    """Each point of a rubric has its proof; the topics exist; all four kinds are asked."""
    questions = load_interviews(CORPUS)
    assert len(questions) >= 100
    assert {one.kind for one in questions} == {"theory", "coding", "system-design", "behavioural"}
    assert unproved([point.evidence for one in questions for point in one.points]) == []
    known = {topic.id for topic in roadmap().topics}
    assert set(chain.from_iterable(one.topics for one in questions)) <= known
    assert len({" ".join(words(one.question)) for one in questions}) == len(questions)


def test_the_glossary_is_proved() -> None:
    """There are 250 terms or more, each defined in a sentence that names it, with its proof."""
    terms = load_glossary(CORPUS).terms
    assert len(terms) >= 250
    assert unproved([term.evidence for term in terms]) == []
    for term in terms:
        names = [" ".join(words(name)) for name in (term.term, *term.aliases)]
        assert any(name in " ".join(words(term.definition)) for name in names), term.term
        assert term.definition.endswith(".")
        assert len(term.definition.split()) <= 45
