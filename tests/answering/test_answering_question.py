"""What a question is taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.answering.question import Figure, QuestionKind, analyse, content_terms, parts
from tutor.index.terms import terms

DEFINITION = """
What is machine learning? | what even is machine learning | whats mlops | wats mlops | What does RAG mean? | define overfitting
explain gradient descent | Can you explain what a tensor is? | NLP, what's that | supervised learning meaning | EDA stands for?
tell me about transformers | who is Andrew Ng? | What are embeddings? | What is Kubernetes? | what is statistics
hi! can you tell me what mlops is? | What was the perceptron? | reinforcement learning = ? | what do you mean by bias
overfitting | big o notation | linear regression
"""
LIST = """
What are the phases of the roadmap? | Which tools does the roadmap name? | list the projects for beginners | What skills do I need?
Give me examples of portfolio projects | Name some Python libraries | what topics does phase 2 cover | whats the skills i need
which programming languages are used? | what does the course include? | what data do i need | popular ML frameworks | portfolio projects
"""
COMPARISON = """
data scientist vs ml engineer | diff between bagging and boosting | R or Python? | Compare SQL and NoSQL | is Python better than R?
what's the difference between AI and ML? | How is PyTorch different from TensorFlow? | Which is harder, statistics or programming?
"""
FIGURE = """
How long does it take? | how many weeks does phase 2 take? | How much does an ML engineer earn? | what is the salary in India?
rating of the regression course | When was the roadmap published? | How many projects do I need? | how much time do i need
"""
WHY = "Why is Python popular? | but why do I need statistics? | What is the point of cross-validation? | whats the benefits of projects"
HOW_TO = """
How do I deploy a model? | how to start with kaggle | how can I get a job without experience? | steps to become an ML engineer
how should I prepare for interviews
"""
RECOMMENDATION = """
Which course should I take first? | Should I learn R? | what's the best book on ML | Where do I start? | Is a master's degree worth it?
"""
YES_NO = "Do I need a PhD? | Is Python enough? | are certificates useful? | Will AI replace ML engineers? | and is a degree required?"
FACT = "Who wrote the four-phase roadmap? | Where does Netflix use ML? | in which phase do I learn Docker?"
KINDS = {
    QuestionKind.DEFINITION: DEFINITION,
    QuestionKind.LIST: LIST,
    QuestionKind.COMPARISON: COMPARISON,
    QuestionKind.FIGURE: FIGURE,
    QuestionKind.WHY: WHY,
    QuestionKind.HOW_TO: HOW_TO,
    QuestionKind.RECOMMENDATION: RECOMMENDATION,
    QuestionKind.YES_NO: YES_NO,
    QuestionKind.FACT: FACT,
}
ASKED = [
    (question.strip(), kind)
    for kind, block in KINDS.items()
    for line in block.strip().splitlines()
    for question in line.split(" | ")
]


@pytest.mark.parametrize(("text", "kind"), ASKED)
def test_a_learners_words_are_taken_for_their_kind(text: str, kind: QuestionKind) -> None:
    """The kind follows from the wording, however it is typed."""
    assert analyse(text).kind is kind


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("How long does it take?", Figure.DURATION),
        ("how many hours a week should I study", Figure.DURATION),
        ("how soon can i get a job", Figure.DURATION),
        ("how much do ml engineers make in the US?", Figure.MONEY),
        ("what's the average pay", Figure.MONEY),
        ("How much does the course cost?", Figure.MONEY),
        ("how is the course rated?", Figure.RATING),
        ("When was the roadmap published?", Figure.DATE),
        ("What year was it written?", Figure.DATE),
        ("How many projects do I need?", Figure.NUMBER),
        ("what percentage of jobs ask for a degree?", Figure.NUMBER),
    ],
)
def test_a_figure_is_of_the_sort_that_is_asked_for(text: str, figure: Figure) -> None:
    """Time, money, a rating, a date and a count are told apart."""
    assert analyse(text).figure is figure


@pytest.mark.parametrize(("text", "kind"), ASKED)
def test_only_a_question_for_a_figure_has_one_and_only_a_comparison_has_sides(
    text: str, kind: QuestionKind
) -> None:
    """Figure and sides stay empty where another form answers."""
    question = analyse(text)
    assert (question.figure is not None) == (kind is QuestionKind.FIGURE)
    assert kind is QuestionKind.COMPARISON or not question.sides


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is bias? What is variance?", ("What is bias?", "What is variance?")),
        ("What is bias and how do I reduce it?", ("What is bias?", "how do I reduce it?")),
        ("what does it cost, and which course is best", ("what does it cost?", "which course is best?")),
        ("Is Python enough? Why?", ("Is Python enough? Why?",)),
        ("What are bias and variance?", ("What are bias and variance?",)),
        ("What is overfitting", ("What is overfitting?",)),
        ("What is bias? What is variance? What is drift?", ("What is bias?", "What is variance?", "What is drift?")),
    ],
)  # fmt: skip
def test_a_text_is_parted_into_its_questions(text: str, expected: tuple[str, ...]) -> None:
    """Two questions in one are two; a bare `why?` stays with what it asks about."""
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("data scientist vs ml engineer", ("data scientist", "ml engineer")),
        ("What's the difference between bagging and boosting?", ("bagging", "boosting")),
        ("R or Python?", ("R", "Python")),
        ("How does PyTorch differ from TensorFlow?", ("PyTorch", "TensorFlow")),
        ("Compare SQL with NoSQL", ("SQL", "NoSQL")),
        ("supervised learning vs unsupervised learning", ("supervised", "unsupervised")),
        ("data analyst vs AI engineer vs MLE", ("data analyst", "AI engineer", "MLE")),
        ("compare Pandas, NumPy and Matplotlib", ("Pandas", "NumPy", "Matplotlib")),
    ],
)
def test_the_sides_of_a_comparison_are_what_is_set_side_by_side(text: str, sides: tuple[str, ...]) -> None:
    """Two or three things; what all share is left out."""
    assert analyse(text).sides == tuple(tuple(terms(side)) for side in sides)


def test_a_comparison_with_one_side_only_has_none() -> None:
    """Nothing is set side by side when one thing is named."""
    assert analyse("What is the difference?").sides == ()
    assert analyse("compare the salaries").sides == ()


@pytest.mark.parametrize(
    "empty", ["What is it?", "can you tell me more please", "How does that work?", "why?"]
)
def test_words_that_ask_or_point_are_no_content(empty: str) -> None:
    """Only what a question is about counts as content."""
    assert content_terms(empty) == ()


def test_content_terms_keep_their_order_and_come_once() -> None:
    """Repeats are dropped, the order stays."""
    found = content_terms("gradient descent: what does gradient descent optimise?")
    assert found[:2] == tuple(terms("gradient descent"))
    assert len(found) == len(set(found))


@pytest.mark.parametrize("number", ["1", "2", "3", "10"])
def test_the_number_of_a_phase_is_content(number: str) -> None:
    """`Phase 2` is not any phase."""
    assert number in analyse(f"How long does phase {number} take?").terms


def test_names_are_words_with_capitals_or_digits_within_the_sentence() -> None:
    """The capital that begins a sentence makes no name."""
    question = analyse("Does Netflix use PyTorch and GPT-4 for ranking?")
    assert {"netflix", "pytorch"} <= question.names
    assert not set(terms("ranking")) & question.names
    assert analyse("Overfitting is what?").names == frozenset()


def test_qualifiers_follow_a_preposition() -> None:
    """They narrow the question down to a place or an employer."""
    assert analyse("What is the salary in Iceland?").qualifiers == {"iceland"}
    assert "googl" in analyse("how do people work at Google?").qualifiers
    assert analyse("What is overfitting?").qualifiers == frozenset()


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("whats overfitting", "What is overfitting?"),
        ("wats overfitting", "What is overfitting?"),
        ("diff between bagging and boosting", "difference between bagging and boosting"),
        ("gimme the tools", "give me the tools"),
        ("ml algos for beginners", "ml algorithms for beginners"),
        ("diff b/w R and Python", "difference between R and Python"),
    ],
)
def test_shorthand_is_read_as_what_it_stands_for(short: str, long: str) -> None:
    """How people type on a phone makes no difference."""
    typed, written = analyse(short), analyse(long)
    assert (typed.kind, typed.terms, typed.sides) == (written.kind, written.terms, written.sides)


def test_a_correction_stands_in_for_the_slip() -> None:
    """The term that was meant is the one that counts."""
    slip = terms("overfiting")[0]
    assert analyse("what is overfiting", {slip: "overfit"}).terms == ("overfit",)


@given(st.text(max_size=300))
def test_any_text_is_analysed(text: str) -> None:
    """No text makes the rules fail, and what they find is consistent."""
    question = analyse(text)
    assert question.names <= set(question.terms)
    assert question.qualifiers <= set(question.terms)
    assert len(question.sides) in (0, 2, 3)
    assert all(question.sides)
    assert (question.figure is not None) == (question.kind is QuestionKind.FIGURE)


@given(
    st.lists(
        st.sampled_from(
            ["what", "is", "and", "?", "or", "vs", "between", "R", "C++", "how", ",", "why", "2", "\n"]
        )
    ).map(" ".join)
)
def test_question_words_in_any_order_are_parted_and_analysed(text: str) -> None:
    """Parting loses no content term and makes no empty part."""
    found = parts(text)
    assert found
    assert set(content_terms(" ".join(found))) == set(content_terms(text))
    for part in found:
        analyse(part)
