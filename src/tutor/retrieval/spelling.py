"""Slips of the keyboard: a question's word that no document has, read as the nearest word that one has.

Only words that the embedding model does not know whole are touched, so that a real word which the corpus lacks
(`Iceland`) is never taken for a similar one which it has (`Ireland`).
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

_WORD = re.compile(r"[^\W\d_]{5,}")
_WHOLE = 3  # word pieces of a word that the model knows whole: the word between two special ones


def corrections(text: str, generation: Generation, embeddings: SpanEmbeddings) -> Mapping[str, str]:
    """For each misspelt word's term the term that was probably meant."""
    words = {}
    for word in _WORD.findall(text):
        found = terms(word)
        if len(found) == 1 and not is_known(found[0], generation.lexical.frequency):
            words[word] = found[0]
    if not words:
        return {}
    pieces = embeddings.count_tokens([word.lower() for word in words])
    slips = {term for term, count in zip(words.values(), pieces, strict=True) if count > _WHOLE}
    meant = {term: _nearest(term, generation) for term in slips}
    return {term: other for term, other in meant.items() if other}


def _nearest(term: str, generation: Generation) -> str | None:
    """The most frequent of the nearest terms with the same first letter, one edit away (two for a long term)."""
    allowed = 1 if len(term) < 7 else 2
    near = process.extract(
        term,
        [other for other in generation.lexical.vocabulary if other[:1] == term[0] and len(other) > 2],
        scorer=OSA.distance,
        score_cutoff=allowed,
        limit=5,
    )
    if not near:
        return None
    return str(min(near, key=lambda found: (found[1], -generation.lexical.frequency(found[0]), found[0]))[0])
