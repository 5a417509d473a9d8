"""Content words: what late interaction compares."""

from __future__ import annotations

from tutor.index.words import content_words


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in content_words(text)]


def test_function_words_and_punctuation_are_left_out() -> None:
    """In either case; identifiers and numbers stay."""
    assert words("What is the k-NN rule, and why does n_estimators=100 help?") == [
        *("k", "NN", "rule", "n_estimators", "100", "help")
    ]


def test_a_text_of_function_words_keeps_them() -> None:
    """Else nothing could be compared with it."""
    assert words("To be or not to be") == ["not"]
    assert words("What is it?") == ["What", "is", "it"]
    assert words("?!") == []
