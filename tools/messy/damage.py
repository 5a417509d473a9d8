"""Everything that can be wrong with what is in a file, each with the fate that it has to have."""

from __future__ import annotations

import gzip
import io
import json
import random
import zlib
from collections.abc import Iterator

from messy import formats, packed, printed
from messy.made import Expected, Kept, skipped
from messy.prose import Note

MEBIBYTE = 1024**2
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"
_PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + zlib.compress(bytes(range(256)) * 40)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
_EVERY = (
    ".md",
    ".txt",
    ".html",
    ".rst",
    ".csv",
    ".ipynb",
    ".docx",
    ".epub",
    ".xlsx",
    ".zip",
    ".pdf",
    ".srt",
    ".py",
)


def damaged(notes: Iterator[Note]) -> Iterator[Kept]:
    """All of it, below the folder `broken`."""
    for kept in (_empty, _binary, _truncated, _locked, _text, _office, _pdf, _archives, _misnamed, _large):
        yield from ((f"broken/{path}", data, expected) for path, data, expected in kept(notes))


def _empty(notes: Iterator[Note]) -> Iterator[Kept]:
    for suffix in _EVERY:
        yield f"empty{suffix}", b"", skipped("is empty")
    yield "blank.txt", b" \n\t\n \r\n", skipped("holds no text")
    yield "only front matter.md", b"---\ntitle: Nothing below\n---\n", skipped("holds no text")
    yield "only a comment.md", b"<!-- nothing to see -->\n", skipped("holds nothing to quote")
    yield "only a rule.txt", b"----------\n", skipped("holds nothing to quote")
    yield (
        "only scripts.html",
        b"<html><body><script>let a = 1</script></body></html>",
        skipped("holds no text"),
    )


def _binary(notes: Iterator[Note]) -> Iterator[Kept]:
    noise = random.Random(0).randbytes(5000)
    for suffix in (".txt", ".md", ".html", ".csv", ".srt", ".rst", ".py", ".ipynb"):
        yield f"noise{suffix}", noise, skipped("looks binary")
    for suffix in (".bin", ".exe", ".mp4", ".ttf"):
        yield f"noise{suffix}", noise, skipped(f"no reader for {suffix} files")
    for number in range(8):
        yield f"pictures/photo {number}.png", _PICTURE + bytes([number]), skipped("no reader for .png files")
    for suffix in (".pdf", ".md", ".zip", ".docx"):
        yield f"pointer{suffix}", _POINTER, skipped("is a Git LFS pointer")


def _truncated(notes: Iterator[Note]) -> Iterator[Kept]:
    """Cut off in the middle, as by a download that broke."""
    note = next(notes)
    for suffix, made, reason in (
        (".docx", packed.word(note), "not a readable ZIP archive"),
        (".xlsx", packed.workbook(note), "not a readable ZIP archive"),
        (".epub", packed.book(note), "not a readable ZIP archive"),
        (".ipynb", formats.notebook(note), "is cut off"),
    ):
        yield f"cut off{suffix}", made.data[: len(made.data) // 2], skipped(reason)
    whole = packed.archive({"a.md": formats.markdown(note).data})
    yield "cut off.zip", whole[: len(whole) // 2], skipped("is not a readable ZIP archive")
    printed_page = printed.by_hand(note).data
    yield "cut off.pdf", printed_page[:300], skipped("is not a readable PDF")
    text = formats.markdown(next(notes))
    first = next(iter(text.quotable))
    end = text.data.index(first.encode()) + len(first)
    yield (
        "cut off.md",
        text.data[: end + 20] + b"\xc3",
        Expected("read", quotable={first: text.quotable[first]}),
    )


def _locked(notes: Iterator[Note]) -> Iterator[Kept]:
    note = next(notes)
    office = _OLD_OFFICE + "EncryptedPackage".encode("utf-16-le")
    for suffix in (".docx", ".xlsx"):
        yield f"locked{suffix}", office, skipped("is encrypted")
    drm = {**packed.members(packed.book(note).data), "META-INF/encryption.xml": _DRM.encode()}
    yield "locked.epub", packed.archive(drm), skipped("DRM")
    yield "locked.pdf", printed.encrypted(note, "a secret").data, skipped("is encrypted")
    yield (
        "locked.zip",
        packed.encrypted_zip(packed.archive({"a.md": b"# A\n\nText.\n"})),
        skipped("is encrypted"),
    )
    open_to_all = printed.encrypted(next(notes), "")
    yield "empty password.pdf", open_to_all.data, open_to_all.read()


def _text(notes: Iterator[Note]) -> Iterator[Kept]:
    """Text with mistakes in it, most of which is read all the same."""
    yield "front matter.md", b"---\ntitle: [a, b\n---\n\n# A\n\nText.\n", skipped("front matter line")
    yield "not a notebook.ipynb", json.dumps({"rows": [1, 2]}).encode(), skipped("not a notebook")
    yield "bad json.ipynb", b'{"cells": [}]}', skipped("is not valid JSON")
    yield "no cue.srt", b"1\nNo time stands here.\n", skipped("holds no readable cue")
    yield "no words.py", b"x = 1\n", skipped("holds no docstrings or definitions")
    yield "app.min.js", b"var a=1;" * 2000, skipped("is minified")
    note = next(notes)
    (_, first), (_, second) = note.sections
    yield (
        "unclosed.html",
        f"<html><body><div><p>{first[0]}<p>{second[0]}<b><table><td>".encode(),
        _reads(first[0], second[0]),
    )
    yield "deep.html", (b"<div>" * 3000) + first[1].encode(), _reads(first[1])
    yield "unclosed fence.md", f"# Title\n\n{first[2]}\n\n```python\nx = 1\n".encode(), _reads(first[2])
    yield "quotes.csv", b'name,remark\nA,"an open quote\nB,fine\nC,fine as well\n', Expected("read")
    yield (
        "ragged.csv",
        f'name,remark\nA,"{second[1]}"\nB\nC,one,two,three\n'.encode(),
        _reads(f"| A | {second[1]} |", part=True),
    )
    timing = "00:00:01,000 --> 00:00:04,000"
    yield (
        "times.srt",
        f"1\n{timing}\n{second[2]}\n\n2\n00:99 --> nowhere\nThis cue is lost.\n".encode(),
        _reads(second[2]),
    )
    note = next(notes)
    (_, first), (_, second) = note.sections
    yield (
        "syntax.py",
        f'def f(:\n    """{first[0]}"""\n\n# {first[1]}\ndef g():\n    return 1\n'.encode(),
        Expected("read"),
    )
    yield (
        "directive.rst",
        f"Title\n=====\n\n.. unheard-of:: x\n   :option:\n\n   {first[2]}\n\n{second[0]}\n".encode(),
        _reads(first[2], second[0]),
    )
    long = f"{second[1]} {'word ' * 60_000}end. {second[2]}"
    yield "one line.txt", long.encode(), _reads(second[1])
    note = next(notes)
    yield (
        "no space.txt",
        f"{note.sentences[0]}\n\n{'a1B2' * 80_000}\n\n{note.sentences[1]}\n".encode(),
        _reads(*note.sentences[:2]),
    )
    log = "".join(
        f"2031-03-04 05:{n // 60:02}:{n % 60:02} step {n} loss {9 / (n + 1):.4f}\n" for n in range(1500)
    )
    yield "train.log", log.encode(), Expected("read")
    yield "control.txt", f"\x1b[31m{note.sentences[2]}\x1b[0m\n".encode(), _reads(note.sentences[2])


def _office(notes: Iterator[Note]) -> Iterator[Kept]:
    word, book, sheets = (
        packed.word(next(notes)).data,
        packed.book(next(notes)).data,
        packed.workbook(next(notes)).data,
    )
    parts = packed.members(word)
    broken = parts["word/document.xml"][:-200]
    yield (
        "broken xml.docx",
        packed.archive({**parts, "word/document.xml": broken}),
        skipped("is no valid XML"),
    )
    yield (
        "no body.docx",
        packed.archive({"[Content_Types].xml": parts["[Content_Types].xml"]}),
        skipped("is no Word document"),
    )
    yield "old.docx", _OLD_OFFICE, skipped("is an old .doc file")
    yield "old.doc", _OLD_OFFICE, skipped("no reader for .doc files")
    bomb = packed.archive({**parts, "word/media/a.xml": bytes(300 * MEBIBYTE)})
    yield "bomb.docx", bomb, skipped("expands to more than 256 MiB")
    parts = packed.members(sheets)
    first = "xl/worksheets/sheet1.xml"
    yield "broken xml.xlsx", packed.archive({**parts, first: parts[first][:-100]}), skipped("is no valid XML")
    corners = parts[first].replace(b'r="A2"', b'r="XFD1048576"')
    yield "corners.xlsx", packed.archive({**parts, first: corners}), skipped("spreads a sheet over more than")
    parts = packed.members(book)
    yield (
        "broken xml.epub",
        packed.archive({**parts, "book.opf": parts["book.opf"][:-90]}),
        skipped("is no valid XML"),
    )
    yield "no package.epub", packed.archive({"mimetype": b"application/epub+zip"}), skipped("is no EPUB")


def _pdf(notes: Iterator[Note]) -> Iterator[Kept]:
    yield "scan.pdf", printed.without_text(2), skipped("holds no text (a scan?)")
    yield "endless.pdf", printed.without_text(5_001), skipped("has 5,001 pages, more than 5,000")
    made = printed.by_hand(next(notes))
    yield "bad xref.pdf", made.data.replace(b"0000000000 65535 f", b"9999999999 00000 n"), made.read()
    made = printed.by_hand(next(notes))
    yield (
        "no xref.pdf",
        made.data[: made.data.rindex(b"xref\n0")] + b"trailer\n<< /Root 1 0 R >>",
        made.read(),
    )
    made = printed.by_hand(next(notes))
    yield "preceded.pdf", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + made.data, made.read()
    made = printed.by_hand(next(notes))
    yield "followed.pdf", made.data + b"\0" * 5000, made.read()
    made = printed.by_hand(next(notes), rotate=90)
    yield "landscape.pdf", made.data, made.read()


def _archives(notes: Iterator[Note]) -> Iterator[Kept]:
    yield "empty folder.zip", packed.archive({"folder/": b""}), skipped("holds no files")
    yield "only hidden.zip", packed.archive({".git/a.md": b"# A\n\nText.\n"}), skipped("holds no files")
    yield "bomb.zip", packed.archive({"a.txt": bytes(40 * MEBIBYTE)}), skipped("no honest archive")
    yield "too many.zip", packed.archive((f"{n}.md", b"") for n in range(10_001)), skipped("more than 10,000")
    inner = packed.archive({"a.md": b"# A\n\nText.\n"})
    yield "nested.zip", packed.archive({"inner.zip": inner}), Expected("left out")
    yield "nested.zip/inner.zip", None, skipped("is an archive within an archive")


def _misnamed(notes: Iterator[Note]) -> Iterator[Kept]:
    """What is inside is not what the name says."""
    note = next(notes)
    made = printed.by_hand(note)
    yield "a pdf.txt", made.data, made.read()
    made = printed.by_hand(next(notes))
    yield "a pdf.docx", made.data, made.read()
    made = formats.web_page(next(notes))
    yield "a page.txt", made.data, made.read(formats.FOOTER)
    made = formats.web_page(next(notes))
    yield "a page.md", made.data, made.read(formats.FOOTER)
    made = packed.workbook(next(notes))
    yield "a workbook.csv", made.data, made.read()
    made = formats.table(next(notes))
    yield "a table.xlsx", made.data, made.read()
    note = next(notes)
    yield (
        "a text.html",
        formats.plain(note, 0).data,
        Expected("read", quotable=dict.fromkeys(note.sentences, "")),
    )
    yield "a text.pdf", formats.plain(note).data, skipped("is not a readable PDF")
    yield "a word file.txt", packed.word(note).data, skipped("looks binary")
    yield "a word file.zip", packed.word(note).data, skipped("is a Word document")
    yield "a workbook.docx", packed.workbook(note).data, skipped("is no Word document")
    yield "a picture.md", _PICTURE, skipped("looks binary")
    yield "a picture.pdf", _PICTURE, skipped("is not a readable PDF")
    yield "packed.txt", gzip.compress(formats.plain(note).data, mtime=0), skipped("looks binary")
    yield (
        "rich.txt",
        b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\f0 Some {\\b rich} text.\\par}",
        skipped("is RTF"),
    )


def _large(notes: Iterator[Note]) -> Iterator[Kept]:
    sentences = " ".join(next(notes).sentences)
    many = io.BytesIO()
    while many.tell() <= 10_100_000:
        many.write(f"{sentences}\n\n".encode() * 100)
    yield "long.txt", many.getvalue(), skipped("holds more than 10 million characters")


def _reads(*sentences: str, part: bool = False) -> Expected:
    return Expected("read", quotable={} if part else dict.fromkeys(sentences, ""))


_DRM = """<?xml version="1.0"?>
<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">
<enc:EncryptedData><enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>
<enc:CipherData><enc:CipherReference URI="c1.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>"""
