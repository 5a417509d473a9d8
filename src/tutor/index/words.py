"""The words of a text that carry its content: those that late interaction compares."""

from __future__ import annotations

import re

from tutor.embedding import CharRange

WORD = re.compile(r"\w+")
FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "and",
        "or",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "can",
        "could",
        "should",
        "would",
        "will",
        "i",
        "me",
        "my",
        "you",
        "your",
        "we",
        "us",
        "our",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "what",
        "which",
        "who",
        "whom",
        "how",
        "when",
        "where",
        "why",
        "please",
        "hi",
        "hello",
        "hey",
        "tell",
        "there",
        "am",
        "have",
        "has",
        "had",
        "with",
        "as",
        "at",
        "by",
        "from",
        "if",
        "so",
    ]
)
"""Words that carry the grammar of a question, not its matter."""


def content_words(text: str) -> list[CharRange]:
    """Where the words stand that are no function words; all words where there are no others."""
    every = [match.span() for match in WORD.finditer(text)]
    return [word for word in every if text[word[0] : word[1]].lower() not in FUNCTION_WORDS] or every
