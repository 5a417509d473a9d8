"""Text to search terms: the one analysis that indexing, searching and answering share.

A term is a lower-cased, stemmed word (Snowball's English stemmer). Identifiers stay whole beside their parts, so that
`n_estimators`, `k-NN`, `RandomForestClassifier`, `C++`, `.NET`, `F1` and `recall@k` are found as written, and `fine-tuning`
as `finetuning`. Numbers lose their thousands marks and exponents, so that `$150,000` and `150000` are one term, and
`1e-4` and `0.0001`; small ones are written in digits (`four-phase` is `4-phase`). British and American spellings fold
into one, and so do a Greek letter and its name.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from decimal import Decimal
from functools import lru_cache

import Stemmer

VERSION = 2  # raise it with every change of the analysis: an index has to be searched as it was built

_TOKEN = re.compile(
    r"""
    (?=\d)(?:
        \d{1,3}(?:,\d{2,3})*,\d{3}(?!\d)(?:\.\d+)?   # 150,000 and 1,50,000
        | \d+(?:\.\d+)?[eE][+−-]?\d{1,2}(?!\w)    # 1e-4
        | \d+\.\d+                                # 9.7
    )
    | (?=[AaCcFfIiRrTt.])(?:
        [Cc]\+\+ | [CcFf]\#                       # languages whose name is punctuation
        | \.(?:NET|Net|net)(?!\w)                 # the platform, not a net
        | (?:A/B|a/b|CI/CD|ci/cd|I/O|i/o|TCP/IP|tcp/ip)(?!\w) # one thing; in `and/or` the slash stands between two
        | [Rr][ -][Ss]quared(?!\w)
    )
    | [^\W_]+(?:[_\-'’@.&+^][^\W_]+)* # words and identifiers: scikit-learn, n_estimators, recall@k, node.js, A&B, n^2
    """,
    re.VERBOSE,
)
_EXPONENT = re.compile(r"\d+(?:\.\d+)?e[+−-]?\d{1,2}")
_COUNTRY = re.compile(r"\bU\.S\.(?:A\.)?|\bUSA?\b")  # the country, not the pronoun
# `10²` is not 102, and `learning²` has a footnote; `R²` and `m²` are names.
_RAISED = re.compile(r"([⁰¹²³⁴-⁹])(?:(?<=\d.)|(?<=[^\W\d_]{3}.))")
_GREEK = re.compile(
    r"(?<![\u0370-\u03ff])[Α-ΡΣ-Ωα-ρσ-ω](?![\u0370-\u03ff])"
)  # a letter that is no part of a Greek word
_PARTS = re.compile(r"[_\-'’@.&+^/ ]")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NUMBER_UNIT = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)$")
_POSSESSIVE = re.compile(r"['’]s?$")
# The stemmer takes no `s` from words without a vowel before it.
_INITIALS = re.compile(
    r"(?:(?P<large>[A-Z]{2,})|(?P<small>(?i:(?:ll|vl|sl|sv|gm|hm)m|[cdgr]nn|mlp|lstm|[cgtn]pu|mdp|pdf|phd|sdk|url|vm)))s$"
)
_IZE = re.compile(r"(?<=\w{2})([iy])z(?=(?:e|ed|es|ing|er|ers|ation|ations)$)")
_OUR = re.compile(r"^(behavi|col|fav|flav|harb|hon|hum|lab|neighb|rig|vap)our")
_DOUBLE_L = re.compile(r"^(cancel|channel|label|level|model|signal|travel)l(?=(?:ed|ing|er|ers)$)")
_NUMERALS = {
    word: str(number)
    for number, word in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=2
    )
}
_ALIASES = {"sklearn": ("scikitlearn", "scikit"), "rsquared": ("r2",), ".net": ("dotnet",)}

_local = threading.local()


def terms(text: str) -> list[str]:
    """The search terms of a text, in order, repeats kept; an identifier is followed by its parts."""
    return [term for token in tokens(text) for term in analyse(token)]


def tokens(text: str) -> list[str]:
    """The words, identifiers and figures of a text as they are written, in order, repeats kept."""
    normal = unicodedata.normalize("NFKC", _RAISED.sub(r" \1", text))
    found: list[str] = _TOKEN.findall(_COUNTRY.sub("usa", normal))
    return found


@lru_cache(maxsize=65_536)
def analyse(token: str) -> tuple[str, ...]:
    """The terms of a token."""
    if token.isascii() and token.isalpha():
        return _word(token)
    written = _GREEK.sub(_letter_name, _POSSESSIVE.sub("", token))
    lower = written.lower()
    if lower[0].isdigit() and "," in lower:
        return (lower.replace(",", ""),)
    if lower.replace(".", "", 1).isdigit() or lower in {"c++", "c#", "f#"}:
        return (lower,)
    if _EXPONENT.fullmatch(lower):
        return (f"{Decimal(lower.replace('−', '-')).normalize():f}",)
    if unit := _NUMBER_UNIT.match(lower):
        return (lower, unit.group(1), *((_stem(unit.group(2)),) if len(unit.group(2)) > 3 else ()))
    pieces = [_NUMERALS.get(piece.lower(), piece) for piece in _PARTS.split(written) if piece]
    if len(pieces) < 2:
        return _ALIASES.get(lower) or _word(pieces[0])
    if all(piece.isdigit() for piece in pieces):
        return tuple(pieces)
    joined = "".join(pieces).lower()
    parts = [term for piece in pieces if len(piece) > 1 or piece.isdigit() for term in _word(piece)]
    return (*_ALIASES.get(joined, (_stem(joined),)), *parts)


def _word(written: str) -> tuple[str, ...]:
    """The terms of a word without punctuation: `RandomForestClassifier` is followed by its humps."""
    if written[-1] == "s" and (initials := _INITIALS.match(written)):
        written = initials["large"] or initials["small"]
    lower = written.lower()
    whole = _ALIASES.get(lower) or (_stem(lower),)
    return whole if written[1:].islower() else (*whole, *(_stem(hump.lower()) for hump in _humps(written)))


def _humps(written: str) -> list[str]:
    """The words in an identifier in camel case; none in a name such as `JavaScript`, `GitHub` or `kNN`, whose parts are short."""
    humps: list[str] = _HUMP.findall(written)
    shortest = 3 if written[0].islower() else 5 if len(humps) < 3 else 4
    whole = len(humps) > 1 and sum(map(len, humps)) == len(written)
    long = all(len(hump) >= shortest or (len(humps) > 2 and hump.isupper()) for hump in humps)
    return [hump for hump in humps if len(hump) > 1] if whole and long else []


def _letter_name(letter: re.Match[str]) -> str:
    name = unicodedata.name(letter.group()).rpartition(" ")[2].lower()
    return "lambda" if name == "lamda" else name  # as Unicode spells it


def _stem(word: str) -> str:
    if word in _NUMERALS:
        return _NUMERALS[word]
    if any(
        letters in word for letters in ("iz", "yz", "our", "ll")
    ):  # the patterns take longer than the stemmer
        word = _DOUBLE_L.sub(r"\1", _OUR.sub(r"\1or", _IZE.sub(r"\1s", word)))
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer(
            "english", 0
        )  # not thread-safe: one for each thread; its own cache is slow
    return str(_local.stemmer.stemWord(word))
