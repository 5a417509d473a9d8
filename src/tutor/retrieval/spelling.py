"""Slips of the keyboard: a question's word that no document has, read as the nearest word that one has.

Only words that the embedding model does not know whole are touched, so that a real word which the corpus lacks
(`Iceland`) is never taken for a similar one which it has (`Ireland`). Words are compared as they are written, not as
terms: `validaton` is one letter from `validation`, while their stems are far apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

from tutor.embedding import SpanEmbeddings
from tutor.index.generation import Generation
from tutor.index.terms import terms
from tutor.retrieval.synonyms import is_known

_WORD = re.compile(r"[^\W\d_]{4,}")
_WHOLE = 3  # word pieces of a word that the model knows whole: the word between two special ones
_LONG = 8  # letters of a word that may be two slips away


def corrections(text: str, generation: Generation, embeddings: SpanEmbeddings) -> Mapping[str, str]:
    """For each misspelt word's term the term that was probably meant."""
    words = {}
    for word in _WORD.findall(text):
        found = terms(word)
        if len(found) == 1 and not is_known(found[0], generation.lexical.frequency):
            words[word.lower()] = found[0]
    if not words:
        return {}
    pieces = embeddings.count_tokens(list(words))
    slips = {word: term for (word, term), count in zip(words.items(), pieces, strict=True) if count > _WHOLE}
    meant = {term: _nearest(word, generation) for word, term in slips.items()}
    return {term: terms(other)[0] for term, other in meant.items() if other}


def _nearest(word: str, generation: Generation) -> str | None:
    """The most frequent of the nearest words with the same first letter, one slip away (two for a long word)."""
    near = generation.lexical.words(word[0]) | generation.lexical.words(word[1] + word[0])
    slips = 1 if len(word) < _LONG else 2
    found = process.extract(word, near.keys(), scorer=OSA.distance, score_cutoff=slips, limit=None)
    meant = [(distance, -near[other], other) for other, distance, _ in found if _is_plausible(word, other)]
    return min(meant)[2] if meant else None


def _is_plausible(word: str, other: str) -> bool:
    """Of four letters, of which names are made (`Dask` is no desk), only swapped or missing ones are slips."""
    return len(word) > 4 or len(other) > 4 or sorted(word) == sorted(other)
