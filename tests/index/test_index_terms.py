"""Terms: one analysis, with identifiers, numbers and spellings folded."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.index.terms import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_estimators", {"nestim", "estim"}),
        ("k-NN", {"knn"}),
        ("kNN", {"knn"}),
        ("C++", {"c++"}),
        ("C#", {"c#"}),
        ("F1", {"f1"}),
        ("L2", {"l2"}),
        ("recall@k", {"recallk"}),
        ("node.js", {"nodej", "node", "js"}),
        ("scikit-learn's", {"scikitlearn", "scikit", "learn"}),
        ("A/B", {"ab"}),
        ("$150,000", {"150000"}),
        ("₹1,50,000", {"150000"}),
        ("£1,234,567.89", {"1234567.89"}),
        ("9.7 out of 10", {"9.7", "10"}),
        ("10k", {"10k", "10"}),
        ("8weeks", {"8", "week"}),
        ("6–8", {"6", "8"}),
        ("6-8", {"6", "8"}),
        ("US", {"usa"}),
        ("the U.S. market", {"usa", "market"}),
        ("U.S.A.", {"usa"}),
        ("USA", {"usa"}),
        ("ﬁne-tuning", {"finetun", "fine", "tune"}),
    ],
)
def test_identifiers_and_figures_are_found_as_written(text: str, expected: set[str]) -> None:
    """Names of the trade, money, ranges and countries have terms of their own."""
    assert expected <= set(terms(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("six to eight weeks", "6 to 8 weeks"),
        ("four-phase", "4-phase"),
        ("behaviour", "behavior"),
        ("colours", "colors"),
        ("neighbouring", "neighboring"),
        ("optimise", "optimize"),
        ("optimisation", "optimization"),
        ("organisers", "organizers"),
        ("analyse", "analyze"),
        ("analysing", "analyzing"),
        ("modelling", "modeling"),
        ("labelled", "labeled"),
        ("travellers", "travelers"),
        ("course's", "course"),
        ("courses’", "course"),
        ("Networks", "network"),
        ("$150,000", "150000"),
    ],
)
def test_two_ways_to_write_a_word_are_one_term(one: str, other: str) -> None:
    """Numbers in words, British and American spelling, possessives, case and endings do not matter."""
    assert terms(one) == terms(other)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("n_estimators=100", "n estimators"),
        ("C++11", "C++"),
        ("C/C++", "c++"),
        ("written in C#", "c#"),
        (".NET 8", "dotnet"),
        ("ASP.NET", "asp net"),
        ("F1-score", "F1"),
        ("F1-score", "F-score"),
        ("k-NN", "KNN"),
        ("kNN", "k-nn"),
        ("L2-norm", "L2"),
        ("scikit-learn", "sklearn"),
        ("from sklearn.svm import SVC", "scikit-learn"),
        ("scikit learn", "sklearn"),
        ("train_test_split(X, y)", "train test split"),
        ("train_test_split(X, y)", "train-test split"),
        ("model.fit(X)", "fit"),
        ("model.fit(X)", "model.fit()"),
        ("GPT-4", "gpt4"),
        ("GPT-4", "GPT 4"),
        ("p-value", "p value"),
        ("p-values", "pvalue"),
        ("t-SNE", "tSNE"),
        ("Word2Vec", "word2vec"),
        ("A/B test", "ab"),
        ("A/B test", "a/b"),
        ("CI/CD", "cicd"),
        ("CI/CD", "CI"),
        ("I/O", "io"),
        ("k-fold", "k fold"),
        ("R²", "R2"),
        ("R²", "r-squared"),
        ("R squared", "R^2"),
        ("β", "beta"),
        ("β1", "beta1"),
        ("Δ", "delta"),
        ("λ-calculus", "lambda"),
        ("1e-4", "0.0001"),
        ("1E-4", "1e-4"),
        ("1e−4", "1.0e-4"),
        ("1e5", "100,000"),
        ("RandomForestClassifier", "random forest"),
        ("RandomForestClassifier", "randomforestclassifier"),
        ("sklearn.linear_model.LinearRegression", "linear regression"),
        ("GridSearchCV", "grid search"),
        ("learningRate", "learning rate"),
        ("@tf.function", "tf.function"),
        ("O(n log n)", "n log n"),
        ("O(n²)", "n^2"),
        ("10⁶", "10^6"),
        ("--learning-rate", "learning_rate"),
        ("--verbose", "verbose"),
        ("fine-tuning", "finetuning"),
        ("pre-processed", "preprocessing"),
        ("Ph.D.", "PhDs"),
        ("LLMs", "LLM"),
        ("gpus", "GPU"),
        ("CNNs", "cnn"),
        ("AutoMLs", "AutoML's"),
        ("overfitting²", "overfitting"),
    ],
)
def test_what_is_written_is_found_as_people_type_it(written: str, asked: str) -> None:
    """A document's way to write an identifier and a learner's share a term."""
    assert set(terms(written)) & set(terms(asked))


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("C++", "C"),
        ("C#", "C"),
        ("F#", "F"),
        (".NET", "neural net"),
        ("JavaScript", "Java"),
        ("GitHub", "git"),
        ("kNN", "NN"),
        ("tSNE", "t"),
        ("1e-4", "1e4"),
        ("1e-4", "4"),
        ("10²", "102"),
        ("and/or", "andor"),
        ("CSS", "CS"),
        ("bus", "bu"),
        ("λόγος", "lambda"),
    ],
)
def test_what_only_looks_alike_is_not_found(written: str, asked: str) -> None:
    """Different things share no term."""
    assert not set(terms(written)) & set(terms(asked))


def test_the_pronoun_is_not_the_country() -> None:
    """`us` in small letters is a word like others."""
    assert "usa" not in terms("tell us more")


@pytest.mark.parametrize("text", ["10,12,14", "weeks 1,2,3", "12,3456"])
def test_a_list_of_numbers_is_not_one_number(text: str) -> None:
    """Commas are thousands marks only where a group of three digits comes last."""
    assert max(len(term) for term in terms(text)) <= 4


def test_order_and_repeats_are_kept() -> None:
    """Term frequency and order survive the analysis."""
    assert terms("data, model, data") == ["data", "model", "data"]


def test_no_words_are_no_terms() -> None:
    """Punctuation and white space alone hold nothing to search for."""
    assert terms("") == terms(" \n\t") == terms("— … !? 😀") == []


@given(st.text())
def test_any_text_has_terms_without_white_space(text: str) -> None:
    """No text fails; a term is never empty and never holds a space or a capital letter."""
    for term in terms(text):
        assert term
        assert not any(map(str.isspace, term))
        assert term == term.lower()


@given(st.text())
def test_terms_do_not_depend_on_the_form_of_the_characters(text: str) -> None:
    """Full-width letters, ligatures and composed accents read as their plain forms; raised figures are apart (`10²`)."""
    text = re.sub("[⁰¹²³⁴-⁹]", "", text)
    assert terms(unicodedata.normalize("NFKC", text)) == terms(text)
    assert terms(unicodedata.normalize("NFD", text)) == terms(text)


@given(st.text(), st.text())
def test_lines_are_analysed_independently(one: str, other: str) -> None:
    """The terms of two lines are those of the first and then those of the second."""
    assert terms(f"{one}\n{other}") == terms(one) + terms(other)


@pytest.mark.parametrize(
    "text", ["6–8 months", "C++ and C#", "F1, L2", "$150,000", "two models", "US data", "4K"]
)
def test_terms_of_terms_are_the_same_terms(text: str) -> None:
    """What analysis has put in one form it leaves in that form."""
    assert terms(" ".join(terms(text))) == terms(text) or "k" in text.lower()
