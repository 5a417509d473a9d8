"""Paragraphs that many documents begin or end with: headers, footers, navigation and licence blocks, which nobody asks for.

Only what stands among the first or last paragraphs of a document, word for word, in most documents of its kind is
taken for such, and never all that a document holds: text that merely happens to recur stays.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from tutor.documents import Document, fold
from tutor.index.store import Hidden

_EDGE = 4  # paragraphs at either end that are looked at
_LONGEST = 4_000  # characters; whole licences are boilerplate, a chapter is not
_PARAGRAPH = re.compile(r"\S.*?(?=\n[^\S\n]*\n|\s*\Z)", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s[^\n]*\Z")
# In how many documents of a group, and in what share of them: a folder's files of one format, and all files of that format.
_FEWEST_IN_FOLDER, _SHARE_OF_FOLDER = 4, 0.5
_FEWEST_IN_ALL, _SHARE_OF_ALL = 5, 0.3


class Repeated:
    """Counts the edges of all documents, then tells which of them recur; kept in a temporary file, not in memory."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute(
            "CREATE TABLE edges (paragraph BLOB, kind TEXT, document BLOB, UNIQUE (paragraph, kind, document))"
        )
        self._documents: Counter[str] = Counter()
        self._recurring: set[tuple[bytes, str]] | None = None

    def __enter__(self) -> Repeated:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, document: Document) -> None:
        """Count a document; copies of one text count once."""
        whole = _digest(document.text)
        for kind in _kinds(document):
            self._documents[kind] += 1
            rows = [(_digest(text), kind, whole) for _, _, text in _edges(document)]
            self._db.executemany("INSERT OR IGNORE INTO edges VALUES (?,?,?)", rows)

    def hidden(self, document: Document) -> Hidden:
        """The slices of a document that are boilerplate, in order; none if nothing else would be left."""
        if self._recurring is None:
            self._recurring = set(self._count())
        kinds = _kinds(document)
        found = [
            (start, end)
            for start, end, text in _edges(document)
            if any((_digest(text), kind) in self._recurring for kind in kinds)
        ]
        left = len(document.text.strip()) - sum(end - start for start, end in found)
        return tuple(found) if left > len(found) * 2 else ()

    def _count(self) -> Iterator[tuple[bytes, str]]:
        query = "SELECT paragraph, kind, count(*) FROM edges GROUP BY paragraph, kind HAVING count(*) >= ?"
        for paragraph, kind, count in self._db.execute(query, (min(_FEWEST_IN_FOLDER, _FEWEST_IN_ALL),)):
            everywhere = kind.startswith("*/")
            fewest, share = (
                (_FEWEST_IN_ALL, _SHARE_OF_ALL) if everywhere else (_FEWEST_IN_FOLDER, _SHARE_OF_FOLDER)
            )
            if count >= max(fewest, share * self._documents[kind]):
                yield paragraph, kind


def _kinds(document: Document) -> tuple[str, str]:
    path = PurePosixPath(document.path)
    return f"./{path.parent}/{path.suffix.lower()}", f"*/{path.suffix.lower()}"


def _edges(document: Document) -> list[tuple[int, int, str]]:
    """The first and last paragraphs with their offsets, white space folded; very long ones and headings left out.

    A heading is never quoted but says what the text below it is about, in however many documents it stands.
    """
    text, markdown = document.text, document.format == "markdown"
    paragraphs = [match.span() for match in _PARAGRAPH.finditer(text)]
    if len(paragraphs) > 2 * _EDGE:
        paragraphs = paragraphs[:_EDGE] + paragraphs[-_EDGE:]
    return [
        (start, end, fold(text[start:end]))
        for start, end in paragraphs
        if end - start <= _LONGEST and not (markdown and _HEADING.match(text, start, end))
    ]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).digest()
