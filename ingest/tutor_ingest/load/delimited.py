"""The records of CSV and TSV files, which agree on no delimiter and on no quoting."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from tutor_ingest.load.grids import Row

_DELIMITERS = ("\t", ";", "|", ",")  # a comma last: it also stands in prose and in decimal numbers
_NONE = "\x1f"  # stands for no delimiter at all: no text holds it
_SAMPLE = 200  # records that say which delimiter a file has
_SAME_WIDTH = 0.5  # share of the sample that has to agree in its number of fields
_LONGEST_RECORD = 200  # lines; a longer one, in a file that is not well-formed, has lost its closing quote


def records(text: str) -> Iterator[Row]:
    """The records of a file in order, each with the line on which it begins; a blank line has no cells.

    The delimiter is the one that gives most records the same number of fields. (csv.Sniffer takes any letter
    for one, and is slow on files with many quotes.) A file whose quotes do not match is read as if it had none.
    """
    text, first, delimiter = _without_hint(text)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a long field is no reason to refuse a file
    for begins, cells in _well_parsed(text, delimiter or _delimiter(text)):
        yield Row(first + begins, [" ".join(cell.split()) for cell in cells])


def _without_hint(text: str) -> tuple[str, int, str]:
    """The text without Excel's first line `sep=;`, the line on which it then begins, the delimiter it names."""
    line, _, rest = text.partition("\n")
    return (rest, 2, line[-1]) if line.lower().startswith("sep=") and len(line) == 5 else (text, 1, "")


def _delimiter(text: str) -> str:
    agreement = {each: _agreement(text, each) for each in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda each: agreement[each])
    return best if agreement[best] >= _SAME_WIDTH else _NONE


def _agreement(text: str, delimiter: str) -> float:
    """The share of a sample of the records that have the commonest number of fields; 0 if that is one field."""
    widths = [len(cells) for _, cells in islice(_parsed(text, delimiter, {}), _SAMPLE) if cells]
    if not widths:
        return 0.0
    ((width, count),) = Counter(widths).most_common(1)
    return count / len(widths) if width > 1 else 0.0


def _well_parsed(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records under the strictest reading of the quotes that the whole file bears."""
    for reading in ({"strict": True}, {"strict": True, "escapechar": "\\"}, {}):
        try:
            longest = max(
                (cells.count("\n") for cells in map("".join, _fields(text, delimiter, reading))), default=0
            )
        except csv.Error:
            continue
        if reading or longest <= _LONGEST_RECORD:
            return _parsed(text, delimiter, reading)
    return _parsed(text, delimiter, {"quoting": csv.QUOTE_NONE})


def _fields(text: str, delimiter: str, reading: Mapping[str, Any]) -> Iterator[list[str]]:
    return (cells for _, cells in _parsed(text, delimiter, reading))


def _parsed(text: str, delimiter: str, reading: Mapping[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """The records with the number of lines before each."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, **reading)
    begins = 0
    for cells in reader:
        yield begins, cells
        begins = reader.line_num
