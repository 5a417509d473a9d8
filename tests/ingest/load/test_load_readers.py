from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from minimal_pdf import lines, pdf

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load import SUFFIXES, load, supported
from tutor_ingest.load.readers import humanised


def loaded(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    path.write_bytes(data)
    return load(path, f"notes/{name}", "d1")


@pytest.mark.parametrize(
    ("name", "data", "text", "form"),
    [
        ("a.md", b"# A\n\nText.\n", "# A\n\nText.\n", "markdown"),
        ("a.MARKDOWN", b"Text.", "Text.", "markdown"),
        ("a.txt", b"Text.", "Text.", "text"),
        ("a.Log", b"Text.", "Text.", "text"),
        ("a.html", b"<p>Text.</p>", "Text.", "markdown"),
        ("a.xhtml", b"<p>Text.</p>", "Text.", "markdown"),
        ("a.PDF", pdf(lines("Text.")), "Text.", "text"),
    ],
)
def test_the_suffix_chooses_the_reader(tmp_path: Path, name: str, data: bytes, text: str, form: str) -> None:
    """Upper or lower case, a file's suffix says how it is read."""
    document = loaded(tmp_path, name, data)
    assert (document.text, document.format) == (text, form)
    assert supported(Path(name))


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", pdf(lines("Text.")), "Text."),
        ("a.docx", pdf(lines("Text.")), "Text."),
        ("a.txt", b"\xef\xbb\xbf\n<!DOCTYPE html>\n<nav>Menu</nav><p>Text.</p>", "Text."),
        ("a.md", b"<html><body><script>x</script><p>Text.</p></body></html>", "Text."),
        ("a.html", b"Title\n\nText without any markup.\n", "Title\n\nText without any markup.\n"),
        ("a.txt", b"See <html> and %PDF-1.4.", "See <html> and %PDF-1.4."),
    ],
)
def test_a_misnamed_file_is_read_as_what_it_plainly_is(
    tmp_path: Path, name: str, data: bytes, text: str
) -> None:
    """The first bytes decide where they leave no doubt; what is merely mentioned later does not."""
    assert loaded(tmp_path, name, data).text == text


def test_rich_text_under_another_name_is_refused(tmp_path: Path) -> None:
    """Its commands would be quoted as text."""
    with pytest.raises(ReadError, match=r"^is RTF under another name$"):
        loaded(tmp_path, "a.txt", b"{\\rtf1\\ansi Some {\\b rich} text.}")


def test_a_quote_from_a_page_is_located_by_its_section(tmp_path: Path) -> None:
    """The lines of its Markdown are no lines of the file."""
    document = loaded(tmp_path, "a.html", b"<p>Above.</p><h1>One</h1><p>Text.</p><h2>Two</h2><p>More.</p>")
    places = [document.locator(document.text.index(word)) for word in ("Above", "Text", "More")]
    assert places == ["beginning", "section One", "section Two"]
    plain = loaded(tmp_path, "b.html", b"<p>First.</p><p>Second.</p>")
    assert plain.locator(plain.text.index("Second")) == "paragraph 2"


def test_a_document_carries_what_was_asked_and_what_was_read(tmp_path: Path) -> None:
    """Id and relative path are the caller's, the hash is that of the file's bytes."""
    data = b"\xef\xbb\xbf---\r\ntitle: A plan\r\nurl: https://example.org\r\n---\r\nText.\r\n"
    assert loaded(tmp_path, "a.md", data) == Document(
        id="d1",
        path="notes/a.md",
        title="A plan",
        text="Text.\n",
        format="markdown",
        sha256=hashlib.sha256(data).hexdigest(),
        url="https://example.org",
        metadata={"title": "A plan", "url": "https://example.org"},
        first_line=5,
    )


def test_a_markdown_quote_is_located_by_the_line_of_its_file(tmp_path: Path) -> None:
    """Lines are counted from the top of the file, front matter included."""
    document = loaded(tmp_path, "a.md", b"---\ntitle: A plan\n---\n\nOne.\n\nTwo.\n")
    assert document.locator(document.text.index("Two")) == "line 7"


def test_a_pdf_locates_its_passages_by_page(tmp_path: Path) -> None:
    """An offset in the third page is located on page 3."""
    document = loaded(tmp_path, "a.pdf", pdf(lines("One."), lines("Two."), lines("Three.")))
    assert document.locator(document.text.index("Three")) == "page 3"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a.doc", "no reader for .doc files"), ("README", "no reader for files without a suffix")],
)
def test_an_unknown_suffix_has_no_reader(tmp_path: Path, name: str, reason: str) -> None:
    """What cannot be read is refused by name, before it is opened."""
    assert not supported(Path(name))
    with pytest.raises(ReadError, match=f"^{reason}$"):
        load(tmp_path / name, name, "d1")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@pytest.mark.parametrize("data", [b"", b"  \n\n\t "])
def test_an_empty_file_is_refused_in_every_format(tmp_path: Path, suffix: str, data: bytes) -> None:
    """No reader turns nothing into a document."""
    with pytest.raises(ReadError):
        loaded(tmp_path, f"a{suffix}", data)


@pytest.mark.parametrize("suffix", [*sorted(SUFFIXES), ".zip"])
def test_a_file_of_no_bytes_is_called_empty(tmp_path: Path, suffix: str) -> None:
    """Not damaged, which would send its owner looking."""
    with pytest.raises(ReadError, match=r"^is empty$"):
        loaded(tmp_path, f"a{suffix}", b"")


def test_front_matter_alone_holds_no_text(tmp_path: Path) -> None:
    """A file with metadata and no body has nothing to quote."""
    with pytest.raises(ReadError, match=r"^holds no text$"):
        loaded(tmp_path, "a.md", b"---\ntitle: A\n---\n\n")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_git_lfs_pointer_is_recognised_in_every_format(tmp_path: Path, suffix: str) -> None:
    """A pointer is not taken for the text, and the reason says what to run."""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    with pytest.raises(ReadError, match="Git LFS pointer") as raised:
        loaded(tmp_path, f"a{suffix}", pointer)
    assert "git lfs pull" in raised.value.line


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """A missing file and a folder with a text's name are reported, not raised."""
    (tmp_path / "folder.md").mkdir()
    for name, reason in (("gone.md", "No such file"), ("folder.md", "Is a directory")):
        with pytest.raises(ReadError, match=f"^cannot be opened: {reason}"):
            load(tmp_path / name, name, "d1")


def test_a_failure_inside_a_parser_becomes_one_line(tmp_path: Path) -> None:
    """Front matter nested so deep that the YAML parser gives up spoils one file, not the ingest."""
    with pytest.raises(ReadError, match=r"^cannot be read: RecursionError: ") as raised:
        loaded(tmp_path, "a.md", b"---\na: " + b"[" * 5_000 + b"\n---\nText.")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("deep-learning_notes", "Deep learning notes"),
        ("02-linear-algebra", "Linear algebra"),
        ("2026-plan", "2026 plan"),
        ("10", "10"),
        ("MLOps", "MLOps"),
    ],
)
def test_a_file_name_becomes_a_title(stem: str, title: str) -> None:
    """Words are spaced, a number in a series goes, capitals within stay."""
    assert humanised(stem) == title
