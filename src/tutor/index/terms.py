"""Text to search terms: the one analysis that indexing, searching and answering share.

A term is a lower-cased, stemmed word (Snowball's English stemmer). Identifiers stay whole beside their parts, so
that `n_estimators`, `k-NN`, `C++`, `F1` and `recall@k` are found as written; numbers lose their thousands marks, so
that `$150,000` and `150000` are one term, and small ones are written in digits (`four-phase` is `4-phase`). British and American spellings fold into one.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

VERSION = 1  # raise it with every change of the analysis: an index has to be searched as it was built

_TOKEN = re.compile(
    r"""
    \d{1,3}(?:,\d{2,3})*,\d{3}(?!\d)(?:\.\d+)?   # 150,000 and 1,50,000
    | \d+\.\d+                       # 9.7
    | c\+\+ | c\# | f\#              # languages whose name is punctuation
    | [^\W_]+(?:[_\-'’@.&+][^\W_]+)* # words and identifiers: scikit-learn, n_estimators, recall@k, node.js, A&B
    """,
    re.VERBOSE,
)
_COUNTRY = re.compile(r"\bU\.S\.(?:A\.)?|\bUSA?\b")  # the country, not the pronoun
_PARTS = re.compile(r"[_\-'’@.&+]")
_NUMBER_UNIT = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)$")
_POSSESSIVE = re.compile(r"['’]s?$")
_IZE = re.compile(r"(?<=\w{2})([iy])z(?=(?:e|ed|es|ing|er|ers|ation|ations)$)")
_OUR = re.compile(r"^(behavi|col|fav|flav|harb|hon|hum|lab|neighb|rig|vap)our")
_DOUBLE_L = re.compile(r"^(cancel|channel|label|level|model|signal|travel)l(?=(?:ed|ing|er|ers)$)")
_NUMERALS = {
    word: str(number)
    for number, word in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=2
    )
}

_local = threading.local()


def terms(text: str) -> list[str]:
    """The search terms of a text, in order, repeats kept; an identifier is followed by its parts."""
    found: list[str] = []
    normal = _COUNTRY.sub("usa", unicodedata.normalize("NFKC", text))
    for match in _TOKEN.finditer(normal.lower()):
        found.extend(_analyse(match.group()))
    return found


@lru_cache(maxsize=65_536)
def _analyse(token: str) -> tuple[str, ...]:
    token = _POSSESSIVE.sub("", token)
    if token[0].isdigit() and "," in token:
        return (token.replace(",", ""),)
    if token.replace(".", "", 1).isdigit() or token in {"c++", "c#", "f#"}:
        return (token,)
    if unit := _NUMBER_UNIT.match(token):
        return (token, unit.group(1), *((_stem(unit.group(2)),) if len(unit.group(2)) > 3 else ()))
    pieces = [piece for piece in _PARTS.split(token) if piece]
    if len(pieces) < 2:
        return (_NUMERALS.get(token) or _stem(token),)
    pieces = [_NUMERALS.get(piece, piece) for piece in pieces]
    if all(piece.isdigit() for piece in pieces):
        return tuple(pieces)
    joined = "".join(pieces)
    return (joined, *(_stem(piece) for piece in pieces if len(piece) > 1 or piece.isdigit()))


def _stem(word: str) -> str:
    word = _DOUBLE_L.sub(r"\1", _OUR.sub(r"\1or", _IZE.sub(r"\1s", word)))
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("english")  # not thread-safe: one for each thread
    return str(_local.stemmer.stemWord(word))
