from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.errors import ReadError
from tutor_ingest.load.text import join_pages, read

FRENCH = "Pour devenir ingénieur, il faut d'abord apprendre à programmer. Où ? Ça dépend de l'élève."
RUSSIAN = "Привет, мир. Это учебник по машинному обучению для начинающих."
JAPANESE = "機械学習エンジニアになるための道のりです。勉強しましょう。"
POLISH = "Zażółć gęślą jaźń. To jest podręcznik uczenia maszynowego."


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1))
def test_utf8_is_kept_verbatim(text: str) -> None:
    """Text in UTF-8 is stored as it is, a mark in front apart."""
    found = read(text.encode(), "x.txt")
    assert (found.text, found.format, found.pages) == (text.removeprefix("\ufeff"), "text", ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    """UTF-8, UTF-16 and UTF-32 with a mark are read, their NUL bytes notwithstanding."""
    assert read(RUSSIAN.encode(encoding), "x.txt").text == RUSSIAN


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_recognised(encoding: str) -> None:
    """Every other byte of a Western text is nought then; a file with noughts elsewhere stays binary."""
    assert read(FRENCH.encode(encoding), "x.txt").text == FRENCH
    for data in (FRENCH.encode(encoding)[:-1] + b"\0\0", b"a\0b\0\0\0c\0", b"\0" * 50):
        with pytest.raises(ReadError, match=r"^looks binary$"):
            read(data, "x.txt")


def test_big_endian_utf16_is_read() -> None:
    """The mark tells the byte order."""
    assert read(b"\xfe\xff" + RUSSIAN.encode("utf-16-be"), "x.txt").text == RUSSIAN


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("A " * 3000 + "naïve Bayes classifier costs £5.", "cp1252"),
        ("Le café est naïve à Zürich.", "latin-1"),
        ("The “quoted” plan — it’s ready.", "cp1252"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859_2"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
    ],
)
def test_old_encodings_are_recognised(text: str, encoding: str) -> None:
    """Text without a mark and not in UTF-8 is read in the encoding in which it was written."""
    assert read(text.encode(encoding), "x.txt").text == text


def test_a_cut_character_does_not_change_the_encoding() -> None:
    """UTF-8 that ends in mid-character stays UTF-8, the broken character marked."""
    assert read(RUSSIAN.encode() + "ж".encode()[:1], "x.txt").text == RUSSIAN + "\ufffd"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"text\0text", bytes(range(1, 32)) * 9])
def test_binary_content_is_refused(data: bytes) -> None:
    """NUL bytes and many control characters are no text."""
    with pytest.raises(ReadError, match=r"^looks binary$"):
        read(data, "x.txt")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_binary(data: bytes) -> None:
    """No sequence of bytes makes the reader fail in another way."""
    with contextlib.suppress(ReadError):
        assert len(read(data, "x.txt").text) <= 2 * len(data)  # a form feed becomes a blank line


def test_form_feeds_start_pages() -> None:
    """A form feed becomes a blank line and a page, the offsets of which are the pages' starts."""
    found = read(b"First.\fSecond.\f\fFourth.", "x.txt")
    assert found.text == "First.\n\nSecond.\n\n\n\nFourth."
    assert [found.text[start:][:6] for start in found.pages] == ["First.", "Second", "\n\nFour", "Fourth"]


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1))
def test_joined_pages_are_found_at_their_offsets(pages: list[str]) -> None:
    """Offsets rise strictly, and each page's text is at its own."""
    text, offsets = join_pages(pages)
    assert [text[start : start + len(page)] for start, page in zip(offsets, pages, strict=True)] == pages
    assert list(offsets) == sorted(set(offsets))


def test_terminal_colours_are_no_text() -> None:
    """The escape sequences of a coloured log are dropped."""
    assert read(b"\x1b[1;31merror\x1b[0m: line 3\r\n", "x.log").text == "error: line 3\n"
