"""Finding a key fact in a text, whatever its case, white space, dashes, quotation marks and emphasis."""

from __future__ import annotations

import re
import unicodedata

_DASHES = "-‐‑‒–—―−"
_RANGE = re.compile(rf"(?<=\d)[ \t]*[{_DASHES}][ \t]*(?=[\d$€£₹])")
_OTHER_DASH = re.compile(rf"[{_DASHES}]")
_MARKUP = re.compile(r"[*`|]|(?<!\w)_+|_+(?!\w)|^\s*(?:#+|>|\d{1,2}[.)])\s+", re.MULTILINE)
_QUOTES = str.maketrans("‘’“”", "''\"\"")


def normalise(text: str) -> str:
    """The text in the form in which phrases are compared.

    Lower case, single spaces, straight quotation marks, no Markdown marks (list numbers included). A dash
    between figures stays as `-`, so that `6 – 8` is `6-8`; any other dash is a space, so that `end-to-end` is
    `end to end`.
    """
    plain = _MARKUP.sub(" ", unicodedata.normalize("NFKC", text).translate(_QUOTES))
    spaced = _OTHER_DASH.sub(" ", _RANGE.sub("\0", plain)).replace("\0", "-")
    return " ".join(spaced.casefold().split())


def occurs(phrase: str, text: str) -> bool:
    """Whether a phrase occurs in a text as whole words and whole numbers, both normalised here.

    `1–2 months` does not occur in `11–2 months`, nor `7/10` in `9.7/10`, nor `$90` in `$90,000`.
    """
    return occurs_normalised(normalise(phrase), normalise(text))


def occurs_normalised(phrase: str, text: str) -> bool:
    """The same for texts that are normalised already."""
    if not phrase:
        return False
    before = r"(?<!\w)(?<!\d[.,-])" if phrase[0].isalnum() else ""
    after = r"(?!\w)(?![.,-]\d)" if phrase[-1].isalnum() else ""
    return re.search(before + re.escape(phrase) + after, text) is not None
