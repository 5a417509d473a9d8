"""From bytes to text: which encoding, and whether it is text at all."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from tutor.errors import ReadError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text holds; tabs, line and page breaks and terminal escapes are text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.02  # more than one in fifty is no text in any encoding
_DAMAGED_UTF8 = (
    0.1  # bad sequences per good one up to which damaged UTF-8 explains a file better than another encoding
)
_MOSTLY_NOUGHTS = 0.7  # share of high bytes that are nought in UTF-16 of a Latin script
_LATIN = 0.75  # share of ASCII bytes above which a text is in a Latin script
# Left to choose among all it knows, the detector read Western texts as UTF-16, Russian as Mac Cyrillic.
_CANDIDATES = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "iso8859_2", "koi8_r"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
_SAMPLE = 200_000  # bytes shown to the detector, whose time grows with them


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of a file, line ends as `\\n`.

    A byte order mark decides first, then UTF-16 if every other byte is nought, then UTF-8 if the bytes are valid in it, then the encoding that the file
    declares, then detection. Raises ReadError for binary content.
    """
    text = _marked(data)
    if text is None:
        text = _unmarked_utf16(data) if b"\0" in data else _unmarked(data, declared)
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise ReadError("looks binary")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return None


def _unmarked_utf16(data: bytes) -> str:
    """UTF-16 without its mark, told by the noughts that stand in every other place and nowhere else."""
    sample = data[:_SAMPLE]
    odd, even = sample[1::2], sample[::2]
    for noughts, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if noughts.count(0) > _MOSTLY_NOUGHTS * len(noughts) and not others.count(0):
            text = _strictly(data, encoding)
            if text is not None:
                return text
    raise ReadError("looks binary")


def _unmarked(data: bytes, declared: str | None) -> str:
    for encoding in ("utf-8", declared):
        text = _strictly(data, encoding) if encoding else None
        if text is not None:
            return text
    return _damaged_utf8(data) or _detected(data)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few bad bytes, such as a cut in mid-character: better than all of it in another."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(not character.isascii() for character in text) - bad
    return text if bad <= _DAMAGED_UTF8 * good else None


def _detected(data: bytes) -> str:
    """The detector's choice where the evidence is for it, else Windows-1252, the commonest of old encodings.

    Windows-1250 and -1252 often tie, and short texts show no language: `naïve` came out as `naďve`.
    """
    matches = from_bytes(data[:_SAMPLE], cp_isolation=_CANDIDATES)
    best = matches.best()
    if best is None or (best.coherence == 0 and _mostly_ascii(data)):
        return data.decode("cp1252", "replace")
    tie = any(
        match.encoding == "cp1252" and match.chaos <= best.chaos and match.coherence >= best.coherence
        for match in matches
    )
    return data.decode("cp1252" if tie else best.encoding, "replace")


def _mostly_ascii(data: bytes) -> bool:
    return len(data.decode("ascii", "ignore")) > _LATIN * len(data)
