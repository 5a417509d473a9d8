"""The blocks of Markdown and of plain text."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Document
from tutor_ingest.structure import Block, blocks

LINES = st.sampled_from(
    [
        "# H",
        "## **Two** words",
        "Text one. Text two.",
        "- item",
        "  - nested",
        "1. one",
        "> quote",
        "> - in quote",
        "```",
        "~~~",
        "",
        "| a | b |",
        "|---|---|",
        "    indented",
        "• round",
        "===",
        "---",
        "[r]: http://x.y",
        "<!-- c",
        "-->",
        "<!-- z -->",
        "<div>",
        "Lead:",
        "\u00a0",
        "\0",
        "- [x] done",
        "> ```",
        "- ```",
        "₹ 😀",
    ]
)
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\n\n", "\r", " "])), max_size=25).map(
    lambda parts: "".join(line + end for line, end in parts)
)
PROSE = "This is prose that is surely a good deal longer than any heading ever was, is it not so?"


def document(text: str, format: Literal["markdown", "text"] = "markdown") -> Document:
    return Document("d", "p.md", "Title", text, format, "0" * 64)


def outline(text: str, format: Literal["markdown", "text"] = "markdown") -> list[tuple[str, object]]:
    """Each block as its kind with its text, or with its items' texts."""
    return [
        (block.kind, [text[a:z] for a, z in block.items] if block.items else text[block.start : block.end])
        for block in blocks(document(text, format))
    ]


def headings(text: str, format: Literal["markdown", "text"] = "markdown") -> list[Block]:
    return [block for block in blocks(document(text, format)) if block.kind == "heading"]


@given(TEXTS, st.sampled_from(["markdown", "text"]))
def test_blocks_and_items_are_trimmed_slices_in_order(text: str, format: Literal["markdown", "text"]) -> None:
    """Blocks and their items are in order, never overlap, and none is empty or has outer white space."""
    at = 0
    for block in blocks(document(text, format)):
        assert at <= block.start < block.end <= len(text)
        assert text[block.start : block.end] == text[block.start : block.end].strip()
        assert block.fences <= set(block.items)
        inner = block.start
        for start, end in block.items:
            assert inner <= start < end <= block.end
            assert text[start:end] == text[start:end].strip()
            inner = end
        at = block.end


def test_headings_form_paths_without_markup() -> None:
    """Every block carries the headings in force, without marks, and a heading's path ends with itself."""
    text = "intro\n\n# A *b* `c` [d](http://x) #\n\nx\n\n### Deep\n\ny\n\nSet\next\n---\n\nz\n\n# Next\n"
    paths = [(block.kind, block.level, block.heading_path) for block in blocks(document(text))]
    assert paths == [
        ("paragraph", 0, ()),
        ("heading", 1, ("A b c d",)),
        ("paragraph", 0, ("A b c d",)),
        ("heading", 3, ("A b c d", "Deep")),
        ("paragraph", 0, ("A b c d", "Deep")),
        ("heading", 2, ("A b c d", "Set ext")),
        ("paragraph", 0, ("A b c d", "Set ext")),
        ("heading", 1, ("Next",)),
    ]


def test_a_nested_list_is_one_block_with_the_parent_text_first() -> None:
    """Nested entries are items of the outermost list, after their parent, without bullets or boxes."""
    text = "1. a\n   b\n2. [x] c\n\n   para\n\n   - d\n\n     ```py\n     x = 1\n     ```\n\n   back\n"
    (block,) = blocks(document(text))
    items = [text[start:end] for start, end in block.items]
    assert items == ["a\n   b", "c\n\n   para", "d", "```py\n     x = 1\n     ```", "back"]
    assert block.fences == {block.items[3]}


def test_tables_have_rows_without_the_delimiter() -> None:
    """A table's items are its header and body rows, with or without bars, also in lists and quotes."""
    table = "| a | b |\n|---|:-:|\n| 1 | 2 |\n"
    assert outline(table) == [("table", ["| a | b |", "| 1 | 2 |"])]
    assert outline("a | b\n--|--\n1 | 2\n") == [("table", ["a | b", "1 | 2"])]
    assert outline("- | a | b |\n  |---|---|\n  | 1 | 2 |\n") == [("list", ["| a | b |", "| 1 | 2 |"])]
    assert outline("> | a | b |\n> |---|---|\n> | 1 | 2 |\n") == [("table", ["| a | b |", "| 1 | 2 |"])]


def test_code_keeps_its_fences_and_quotes_lose_their_mark() -> None:
    """Fences are whole with their marks, indented code is code, and a quote's paragraphs are quotes."""
    text = "```py\nx\n\ny\n```\n\n    ind\n      dent\n\n> q\n> r\n>\n> # h #\n>\n> ```\n> c\n> ```\n"
    assert outline(text) == [
        ("code", "```py\nx\n\ny\n```"),
        ("code", "ind\n      dent"),
        ("quote", "q\n> r"),
        ("quote", "h"),
        ("code", "```\n> c\n> ```"),
    ]


def test_what_a_reader_does_not_see_is_no_block() -> None:
    """Front matter, comments, link definitions, rules and empty fences give no block."""
    text = (
        "---\ntitle: x\ntags: [a]\n---\n\n[ref]: http://x\n\n"
        "<!-- a\n\n# no\n\nb --> rest <!-- c -->\n\n***\n\n"
        "```\n```\n\n<div>\nhtml\n</div>\n\n<!-- never closed\n"
    )
    assert outline(text) == [
        ("paragraph", "rest <!-- c -->"),
        ("paragraph", "<div>\nhtml\n</div>"),
        ("paragraph", "<!-- never closed"),
    ]


def test_offsets_hold_with_any_line_end_and_character() -> None:
    """CRLF, CR, NUL and characters beyond ASCII leave offsets exact."""
    text = "# ₹ 😀\r\n\r\n- a\0b\r\n- 😀 c\r\r\nEnd"
    assert outline(text) == [("heading", "# ₹ 😀"), ("list", ["a\0b", "😀 c"]), ("paragraph", "End")]


def test_deep_nesting_loses_nothing() -> None:
    """A list nested deeper than markdown-it reads by default keeps its text."""
    assert outline("- " * 40 + "deep") == [("list", ["deep"])]


def test_bullets_unknown_to_markdown_are_lists_there_too() -> None:
    """Lines with round bullets form a list in Markdown too, apart from the prose before them."""
    text = "Intro:\n• one\n• two\n  three\n"
    assert outline(text) == [("paragraph", "Intro:"), ("list", ["one", "two\n  three"])]


@pytest.mark.parametrize("bullet", ["•", "-", "*", "–", "◦"])
def test_plain_text_bullets_are_lists(bullet: str) -> None:
    """Bulleted lines form a list in plain text, also with blank lines between entries."""
    text = f"Lead:\n{bullet} one\n{bullet} two\n\n{bullet} three\nmore\n"
    assert outline(text, "text") == [("paragraph", "Lead:"), ("list", ["one", "two", "three\nmore"])]


def test_plain_text_numbers_are_lists() -> None:
    """Numbered lines form a list in plain text; a bullet may stand alone on its line."""
    assert outline("1. a\n2. b\n", "text") == [("list", ["a", "b"])]
    assert outline("1) a\n\n2) b\n", "text") == [("list", ["a", "b"])]
    assert outline("•\none\n•\ntwo\n", "text") == [("list", ["one", "two"])]


def test_a_wrapped_line_that_begins_like_a_bullet_is_prose() -> None:
    """One dash or number inside a paragraph begins no list."""
    text = "it was in the year\n12. then it went on\n- which is odd\nand on\n"
    assert outline(text, "text") == [("paragraph", text.strip())]


def test_plain_text_paragraphs_keep_their_soft_line_breaks() -> None:
    """Short lines without blank lines between them are one paragraph."""
    text = "one short\nline after\nanother\n\nnext\n"
    assert outline(text, "text") == [("paragraph", "one short\nline after\nanother"), ("paragraph", "next")]


def test_text_that_is_not_wrapped_has_a_paragraph_per_line() -> None:
    """Where lines are very long each is a paragraph, while bullets and rows beside them stay together."""
    long = PROSE * 3
    text = f"{long}\n{long}\n- a\n- b\n| a | b |\n| 1 | 2 |\nlast one, here\n"
    assert outline(text, "text") == [
        ("paragraph", long),
        ("paragraph", long),
        ("list", ["a", "b"]),
        ("table", ["| a | b |", "| 1 | 2 |"]),
        ("paragraph", "last one, here"),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [("# Proxy [![Build](b.svg)](c) ![x](y)", "Proxy"), ("# ![The proxy](logo.png)", "The proxy")],
)
def test_badges_are_no_words_of_a_heading(line: str, text: str) -> None:
    """Unless a picture is all that the heading has."""
    document = Document("d", "a.md", "T", f"{line}\n\nText.\n", "markdown", "")
    assert [block.heading_path for block in blocks(document)] == [(text,), (text,)]


def test_plain_text_headings_are_found_with_caution() -> None:
    """Underlined, numbered, or short and alone above longer prose: a heading. Anything less is prose."""
    text = f"Top\n===\nbody\n\nSub\n---\n\n2.1 Data\n\n{PROSE}\n\nA short one\n\n{PROSE}\n"
    found = [(heading.level, heading.heading_path) for heading in headings(text, "text")]
    assert found == [
        (1, ("Top",)),
        (2, ("Top", "Sub")),
        (3, ("Top", "Sub", "2.1 Data")),
        (2, ("Top", "A short one")),
    ]
    for prose in (
        f"Ends here.\n\n{PROSE}",
        f"lower case\n\n{PROSE}",
        "Short\n\nshort",
        f"No gap\n{PROSE}",
        "1. One",
    ):
        assert not headings(prose, "text")


def test_an_empty_document_has_no_blocks() -> None:
    """Nothing but white space gives nothing."""
    assert outline("") == outline(" \n\n", "text") == outline("", "text") == []
