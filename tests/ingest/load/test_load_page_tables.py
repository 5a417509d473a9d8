"""Tables keep their rows and cells, columns of prose are read one after the other, and running text stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from minimal_pdf import Put, lines, pdf

from tutor.documents import Document, SpanKind
from tutor.testing import HashingEmbeddings
from tutor_ingest.load.page_lines import Line, Word
from tutor_ingest.load.page_tables import with_tables
from tutor_ingest.load.pdf import read
from tutor_ingest.split import split

ROWS = (
    ("Model", "Error", "Hours"),
    ("Ridge regression", "12.4", "3"),
    ("Small forest", "9.8", "14"),
    ("Boosted trees", "8.1", "21"),
)
LEFT = (
    "Gradient descent moves the weights a",
    "small step against the slope of the",
    "loss. A batch of examples gives a",
    "noisy estimate of that slope, which",
    "is cheap. Momentum remembers earlier",
    "steps and carries the weights on.",
)
RIGHT = (
    "A validation set is held back so that",
    "two models can be compared on data",
    "that neither has seen. Each choice",
    "that is made on it uses up a little of",
    "its worth. The test set is opened",
    "once, at the very end.",
)


def body(page: Sequence[Put]) -> str:
    return str(read(pdf(page), "x.pdf").text)


def grid(rows: Sequence[Sequence[str]], columns: Sequence[float], step: float = 13) -> list[Put]:
    """Rows of cells, each beginning at its column."""
    return [
        Put(cell, 660 - step * number, x=x)
        for number, row in enumerate(rows)
        for cell, x in zip(row, columns, strict=True)
        if cell
    ]


@pytest.mark.parametrize("step", [13, 26])
def test_rows_of_a_table_keep_their_cells(step: float) -> None:
    """Text above and below it stays apart from it, however far the rows are from each other."""
    above = "Here are the results of the runs of the week, in the order in which they ended:"
    below = "The smallest error was that of the boosted trees, although they took longest."
    page = [*lines(above), *grid(ROWS, (72, 220, 330), step), *lines(below, top=500)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in ROWS)
    assert body(page) == f"{above}\n\n{table}\n\n{below}"


def test_rows_are_quoted_with_their_header() -> None:
    """What the reader writes is a table to those who come after it."""
    text = body(grid(ROWS, (72, 220, 330)))
    document = Document("d", "x.pdf", "T", text, "text", "")
    model = HashingEmbeddings()
    chunks = split(document, count_tokens=model.count_tokens, max_tokens=256, target_tokens=180)
    kinds = [(span.kind, text[span.start : span.end]) for chunk in chunks for span in chunk.spans]
    assert kinds == [
        (SpanKind.HEADER, "| Model | Error | Hours |"),
        *((SpanKind.ROW, f"| {' | '.join(row)} |") for row in ROWS[1:]),
    ]


def test_an_empty_cell_keeps_its_place() -> None:
    """What stands below a heading stays below it."""
    rows = (*ROWS, ("Plain network", "", "30"))
    assert body(grid(rows, (72, 220, 330))).endswith("\n| Plain network |  | 30 |")


def test_figures_in_line_at_their_right_are_a_column() -> None:
    """Numbers of several lengths begin at several places."""
    rows = [Put(name, 660 - 13 * n, x=72) for n, name in enumerate(("Rows", "Files", "Books", "Lines"))]
    figures = [Put("9" * (n + 1), 660 - 13 * n, x=240 - 6.1 * (n + 1)) for n in range(4)]
    page = [put for pair in zip(rows, figures, strict=True) for put in pair]
    assert body(page) == "| Rows | 9 |\n| Files | 99 |\n| Books | 999 |\n| Lines | 9999 |"


def test_a_page_written_line_by_line_across_two_columns_is_put_in_order() -> None:
    """No sentence is mixed with its neighbour."""
    page = [put for n in range(6) for put in (Put(LEFT[n], 660 - 13 * n), Put(RIGHT[n], 660 - 13 * n, x=310))]
    assert body(page) == f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def test_numbers_before_the_items_of_a_list_are_no_column() -> None:
    """A gap after the number makes no table of it, and each item keeps its line."""
    rows = (("1.", "Collect the data"), ("2.", "Clean it"), ("3.", "Train"))
    assert body(grid(rows, (72, 100))) == "1. Collect the data\n2. Clean it\n3. Train"


def test_code_is_no_table() -> None:
    """Its columns are made of spaces that belong to it."""
    page = [
        Put(text, 660 - 13 * n, font="mono") for n, text in enumerate(("a    = 1", "long = 2", "b    = 3"))
    ]
    assert "|" not in body(page)


def line(number: int, *words: tuple[str, float, float]) -> Line:
    found = tuple(Word(*word) for word in words)
    text = " ".join(word.text for word in found)
    return Line(text, found[0].left, found[-1].right, 700 - 13 * number, 11, words=found)


def test_justified_text_with_wide_gaps_is_no_table() -> None:
    """Where every gap of a line is wide, one more that lies below another says nothing."""
    page = [
        line(0, ("The", 72, 92), ("notation", 104, 150), ("to", 163, 175), ("access", 188, 230)),
        line(1, ("Example", 72, 120), ("is", 133, 148), ("such", 162, 195), ("that", 208, 230)),
        line(2, ("strings", 72, 108), ("are", 120, 150), ("used", 162, 200), ("so", 214, 230)),
    ]
    assert [each.text for each in with_tables(page)] == [each.text for each in page]


def test_two_lines_alone_are_a_table_only_if_both_gape() -> None:
    """A heading with a page number at the right is followed by text all the time."""
    page = [
        line(0, ("Chapter", 72, 110), ("one", 113, 130), ("7", 500, 506)),
        line(1, ("Text", 72, 95), ("that", 98, 120), ("goes", 123, 140), ("on", 495, 506), ("so", 509, 520)),
    ]
    assert not any(
        each.table for each in with_tables([page[0], line(1, ("Text", 72, 300), ("on", 303, 506))])
    )
    assert all(each.table for each in with_tables(page))


WORDS = st.lists(
    st.tuples(st.floats(0, 500), st.floats(1, 80)).map(
        lambda place: Word("w", place[0], place[0] + place[1])
    ),
    min_size=1,
    max_size=6,
)


@given(st.lists(WORDS, max_size=8))
def test_no_word_is_lost_whatever_the_geometry(pages: list[list[Word]]) -> None:
    """Tables and columns put words in another order at most."""
    page = [
        line(number, *((f"w{number}.{at}", word.left, word.right) for at, word in enumerate(words)))
        for number, words in enumerate(pages)
    ]
    found = " ".join(each.text for each in with_tables(page)).replace("|", " ").split()
    assert sorted(found) == sorted(word.text for each in page for word in each.words)
