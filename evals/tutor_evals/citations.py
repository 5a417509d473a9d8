"""What can be wrong with an answer's citations, checked against the stored documents alone.

This is a check from outside: it shares no code with the verifier of the answering pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tutor.answering.answer import Answer, Citation, Coverage, Statement
from tutor.documents import Document, fold
from tutor.errors import NotFoundError

_MARKER = re.compile(r"(?<!\\)\[(\d+)\](?!\()")
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINE_MARK = re.compile(r"^\s*(?:[-*+>]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)+")
_EMPHASIS = re.compile(r"[*`\\]|(?<!\w)_+|_+(?!\w)")
_RULE = re.compile(r"[\s|:-]*")


def defects(answer: Answer, read: Callable[[str], Document]) -> list[str]:
    """Everything that is wrong, one short line each; nothing for an answer without statements and citations.

    Checked are: each quote is its document's text at its offsets, up to white space; each statement names
    citations that exist; each verbatim statement stands in its quotes, up to markup and white space; each
    marker of the text resolves; each citation is used; an answer that is not covered cites nothing.
    """
    return [*_citation_defects(answer, read), *_statement_defects(answer), *_answer_defects(answer)]


def _citation_defects(answer: Answer, read: Callable[[str], Document]) -> Iterator[str]:
    for citation in answer.citations:
        try:
            document = read(citation.document_id)
        except NotFoundError:
            yield f"[{citation.n}] names no stored document"
            continue
        if not 0 <= citation.start < citation.end <= len(document.text):
            yield f"[{citation.n}] lies outside its document"
        elif fold(document.text[citation.start : citation.end]) != fold(citation.quote):
            yield f"[{citation.n}] quotes what does not stand at its offsets"


def _statement_defects(answer: Answer) -> Iterator[str]:
    by_number = {citation.n: citation for citation in answer.citations}
    for number, statement in enumerate(answer.statements, 1):
        cited = [by_number[n] for n in statement.citations if n in by_number]
        if len(cited) < len(statement.citations):
            yield f"statement {number} cites a number that is not there"
        elif not cited:
            yield f"statement {number} has no citation"
        elif statement.verdict == "verbatim":
            yield from _unquoted(number, statement, cited)


def _unquoted(number: int, statement: Statement, cited: list[Citation]) -> Iterator[str]:
    """Lines, or cells of a table's rows, of a verbatim statement that stand in no quote of it."""
    quotes = " ".join(_plain(citation.quote) for citation in cited)
    names = {_plain(name) for citation in cited for name in (citation.title, *citation.heading_path)}
    for piece in _pieces(statement.text):
        if piece not in quotes and piece not in names:
            yield f"statement {number} is not in its quotes: {piece[:60]!r}"
            return


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if _RULE.fullmatch(line):
            continue
        cells = line.strip().strip("|").split("|") if line.lstrip().startswith("|") else [line]
        yield from filter(None, map(_plain, cells))


def _plain(text: str) -> str:
    """Words only: no bullets, numbers of items, emphasis, table bars or runs of white space."""
    lines = (_LINE_MARK.sub("", line) for line in text.splitlines())
    return fold(_EMPHASIS.sub("", " ".join(lines).replace("|", " ")))


def _answer_defects(answer: Answer) -> Iterator[str]:
    numbers = [citation.n for citation in answer.citations]
    if len(set(numbers)) < len(numbers):
        yield "two citations have the same number"
    markers = _MARKER.findall(_CODE.sub("", answer.text))  # in code, `rows[0]` is no marker
    dangling = sorted(set(map(int, markers)) - set(numbers))
    if dangling:
        yield f"markers resolve to nothing: {', '.join(f'[{n}]' for n in dangling)}"
    used = {n for statement in answer.statements for n in statement.citations}
    unused = sorted(set(numbers) - used)
    if unused:
        yield f"citations of no statement: {', '.join(f'[{n}]' for n in unused)}"
    if answer.coverage is Coverage.NOT_COVERED and (answer.statements or answer.citations):
        yield "not covered, and yet it states or cites something"
