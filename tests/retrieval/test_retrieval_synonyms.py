"""Words that mean the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.index.terms import terms
from tutor.retrieval.synonyms import expand, is_known, is_present


def holding(*texts: str) -> Callable[[str], int]:
    """The frequencies of an index over some texts."""
    return Counter(terms(" ".join(texts))).__getitem__


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("ML", "machine learning"),
        ("NLP", "natural language processing"),
        ("salary", "income"),
        ("maths", "mathematics"),
    ],
)
def test_a_word_is_present_in_its_other_form(asked: str, held: str) -> None:
    """An abbreviation by all words of its long form, a word by its synonym."""
    (term,) = terms(asked)
    assert is_present(term, frozenset(terms(held)))
    assert not is_present(term, frozenset(terms("cooking recipes")))


def test_half_of_a_long_form_is_not_the_abbreviation() -> None:
    """`learning` alone is not ML."""
    assert not is_present("ml", frozenset(terms("learning to cook")))
    assert not is_known("ml", holding("learning to cook"))


def test_only_terms_that_the_index_lacks_are_expanded() -> None:
    """What is held is asked for as it is written."""
    assert expand(["ml", "salari"], holding("ml", "salary")) == ["ml", "salari"]


def test_a_term_that_the_index_lacks_is_joined_by_its_other_forms() -> None:
    """The term stays first; its forms follow in a fixed order."""
    expanded = expand(["ml", "norway"], holding("machine learning"))
    assert expanded[0] == "ml"
    assert set(terms("machine learning")) <= set(expanded)
    assert expanded[-1] == "norway"
    assert expanded == expand(["ml", "norway"], holding("machine learning"))


def test_a_long_form_is_joined_by_its_abbreviation_where_the_index_holds_it() -> None:
    """Even where its words are held: a text that has only `SVM` is found by who asks for support vector machines."""
    asked = terms("support vector machines")
    assert expand(asked, holding("SVM, support, vector, machine")) == [*asked, "svm"]
    assert expand(asked, holding("support, vector, machine")) == asked
    assert expand(terms("a vector machine"), holding("SVM, a vector machine")) == terms("a vector machine")


def test_an_abbreviation_of_several_things_is_not_taken_for_one() -> None:
    """Who asks for computer vision does not ask for a CV."""
    assert expand(terms("computer vision"), holding("a CV, computer vision")) == terms("computer vision")


@given(st.lists(st.text(min_size=1)), st.sets(st.text(min_size=1)))
def test_expansion_keeps_every_term_in_order(asked: list[str], held: set[str]) -> None:
    """Terms are added, none is lost; a term that the index holds is known."""
    expanded = iter(expand(asked, lambda term: int(term in held)))
    assert all(term in expanded for term in asked)
    assert all(is_known(term, lambda t: int(t in held)) for term in held)
