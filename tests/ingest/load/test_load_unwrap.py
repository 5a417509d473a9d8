from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor_ingest.load.page_lines import Line
from tutor_ingest.load.unwrap import unwrap, usual_step, vocabulary

LINES = st.builds(
    Line,
    text=st.text(st.characters(categories=["Lu", "Ll", "Nd", "Po"]), min_size=1, max_size=20),
    left=st.floats(0, 300),
    right=st.floats(300, 600),
    y=st.floats(0, 800),
    size=st.floats(0, 30),
    bold=st.booleans(),
    mono=st.booleans(),
    hyphen=st.booleans(),
)


def line(text: str, y: float, **geometry: object) -> Line:
    return Line(text, **{"left": 72, "right": 72 + 5.0 * len(text), "y": y, "size": 11, **geometry})  # type: ignore[arg-type]


@given(st.lists(LINES, max_size=12))
def test_unwrapping_changes_only_white_space_and_hyphens(page: list[Line]) -> None:
    """Whatever the geometry, every character of every line is kept in order."""
    text = unwrap(page, usual_step([page]), vocabulary([page]))
    kept = "".join(text.split()).replace("-", "")
    assert kept == "".join("".join(line.text.split()) for line in page).replace("-", "")


def test_the_usual_step_is_that_of_most_lines() -> None:
    """A few gaps between paragraphs do not change what counts as a line's step."""
    page = [line("text", y) for y in (700, 687, 674, 640, 627)]
    assert usual_step([page]) == 13 / 11


def test_a_table_of_contents_keeps_its_lines() -> None:
    """Entries that fill the line with dots are not run together."""
    page = [
        line(f"{name} {'. ' * 30}{number}", 700 - 13 * number)
        for number, name in enumerate(("Naming", "Usage"))
    ]
    assert unwrap(page, 13 / 11, frozenset()).count("\n") == 1


def test_a_word_broken_over_the_last_line_of_a_page_keeps_its_hyphen() -> None:
    """There is nothing to mend a word with at the end of a page."""
    assert unwrap([line("state of represen", 700, hyphen=True)], 1.2, frozenset()) == "state of represen-"
