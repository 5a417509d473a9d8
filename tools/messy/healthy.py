"""Files with which nothing is wrong: every format, a site, a wiki, archives, encodings, copies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from messy import formats, packed, printed
from messy.made import Expected, Kept, Made
from messy.prose import Note

WRITERS: dict[str, formats.Writer] = {
    **formats.TEXT_WRITERS,
    ".docx": packed.word,
    ".xlsx": packed.workbook,
    ".epub": packed.book,
    ".pdf": printed.by_hand,
}
_EACH = 7  # files of every format
_WIKI_FOOTER = "This page belongs to the Lakeside handbook, which is gone through once a year in March."
# What a file in each encoding says beside its English, in a language for which that encoding was made.
_FOREIGN = {
    "utf-8-sig": "“Naïve” baselines – such as “always yes” – cost 5 € at the café.",
    "utf-16": "“Naïve” baselines – such as “always yes” – cost 5 € at the café.",
    "utf-16-le": "Plain words in two bytes each, without a mark that would say so.",
    "utf-16-be": "Plain words in two bytes each, the other way round and without a mark.",
    "utf-32": "Four bytes for a letter are one too many, at least.",
    "latin-1": "Die Übung für Anfänger heißt “Größe” und läuft über fünf Wochen.".replace("“", '"').replace(
        "”", '"'
    ),
    "cp1252": "Le résumé de l’été dernier a été relu par les élèves – à la fin.",
    "cp1250": "Zażółć gęślą jaźń, powiedział nauczyciel, i wszyscy pisali długo w swoich zeszytach.",
    "cp1251": "Модель учится на примерах, и чем больше примеров, тем лучше она отвечает на вопросы.",
    "koi8-r": "Модель учится на примерах, и чем больше примеров, тем лучше она отвечает на вопросы.",
    "cp1253": "Το μοντέλο μαθαίνει από παραδείγματα και απαντά καλύτερα όταν έχει πολλά από αυτά.",
    "shift_jis": "例が多いほど、このモデルはよい答えを出すことができるようになります。",
    "gb18030": "例子越多，这个模型回答得就越好，这是大家都知道的，也是大家都希望的。",
}
_ENGLISH_TOO = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252")


def healthy(notes: Iterator[Note]) -> Iterator[Kept]:
    """All of them."""
    for number in range(_EACH):
        for suffix, write in WRITERS.items():
            folder = ("notes", "team/north", "team/south/archive 2019")[number % 3]
            yield _kept(
                f"{folder}/{suffix[1:]} note {number}{suffix}", write(next(notes)), *_left_out(suffix)
            )
    yield from _site(notes)
    yield from _wiki(notes)
    yield from _archives(notes)
    yield from _encodings(notes)
    yield from _variants(notes)
    for name, made in printed.by_browser(list(islice(notes, 5))).items():
        yield _kept(f"printed/{name}", made)


def _kept(path: str, made: Made, *absent: str) -> Kept:
    return path, made.data, made.read(*absent)


def _left_out(suffix: str) -> tuple[str, ...]:
    """What a reader has to leave out of a format."""
    if suffix == ".html":
        return formats.NAVIGATION, formats.FOOTER, "secret"
    if suffix == ".ipynb":
        return ("This line was only printed by a run.",)
    return formats.LICENCE if suffix in (".py", ".js", ".c") else ()


def _site(notes: Iterator[Note]) -> Iterator[Kept]:
    """Twelve pages with the same navigation and footer, in half of them without any element that says so."""
    for number in range(12):
        made = formats.web_page(next(notes), semantic=number % 2 == 0)
        yield _kept(f"site/page {number}.html", made, formats.NAVIGATION, formats.FOOTER)


def _wiki(notes: Iterator[Note]) -> Iterator[Kept]:
    """Ten pages that end in the same words."""
    for number in range(10):
        made = formats.markdown(next(notes), front=number % 2 == 0, footer=_WIKI_FOOTER)
        yield _kept(f"wiki/page-{number}.md", made, _WIKI_FOOTER)


def _archives(notes: Iterator[Note]) -> Iterator[Kept]:
    """An archive of every format, and one with names that lead elsewhere, a link, and one name twice."""
    members = {f"inner/{suffix[1:]}{suffix}": write(next(notes)) for suffix, write in WRITERS.items()}
    data = packed.archive(
        {**{name: made.data for name, made in members.items()}, "inner/photo.png": b"\x89PNG"}
    )
    yield "everything.zip", data, Expected("left out")
    for name, made in members.items():
        yield f"everything.zip/{name}", None, made.read()
    yield "everything.zip/inner/photo.png", None, Expected("skipped", "no reader for .png files")
    good, old = formats.markdown(next(notes)), formats.markdown(next(notes))
    names = ("../../escape.md", "/etc/absolute.md", "C:\\drive.md", ".hidden.md", "__MACOSX/fork.md")
    odd = [
        *((name, b"# Out\n\nThis must not be read.\n") for name in names),
        ("twice.md", old.data),
        ("twice.md", good.data),
    ]
    yield "odd names.zip", _with_duplicates(odd), Expected("left out")
    yield "odd names.zip/twice.md", None, good.read("This must not be read.")


def _with_duplicates(members: list[tuple[str, bytes]]) -> bytes:
    import warnings

    with warnings.catch_warnings(
        action="ignore"
    ):  # zipfile warns of a name that comes twice, which is the point here
        return packed.archive(members)


def _encodings(notes: Iterator[Note]) -> Iterator[Kept]:
    """A text per encoding; those for other languages hold nothing else."""
    for encoding, foreign in _FOREIGN.items():
        sentences = (foreign, *(next(notes).sentences[:2] if encoding in _ENGLISH_TOO else ()))
        text = "\n\n".join(sentences) + "\n"
        whole = text * (1 if encoding in _ENGLISH_TOO else 5)
        yield (
            f"encodings/{encoding}.txt",
            whole.encode(encoding),
            Expected("read", quotable=dict.fromkeys(sentences, "")),
        )
    note = next(notes)
    page = (
        formats.web_page(note)
        .data.decode()
        .replace("charset=utf-8", "charset=iso-8859-2")
        .replace("<ul>", "<p>Vážení.</p><ul>")
    )
    yield (
        "encodings/declared.html",
        page.encode("iso-8859-2"),
        Expected("read", quotable={"Vážení.": "", note.sentences[0]: ""}),
    )
    for name, ends in (("windows", "\r\n"), ("old mac", "\r")):
        made = formats.markdown(next(notes))
        yield f"encodings/{name} line ends.md", made.data.replace(b"\n", ends.encode()), made.read()


def _variants(notes: Iterator[Note]) -> Iterator[Kept]:
    """Copies, other spellings of a suffix, other delimiters."""
    made = formats.markdown(next(notes))
    for name in ("copies/original.md", "copies/copy of original.md", "copies/deeper/original.md"):
        yield _kept(name, made)
    for suffix, write in (
        (".markdown", formats.markdown),
        (".TXT", formats.plain),
        (".htm", formats.web_page),
    ):
        yield _kept(f"notes/variant{suffix}", write(next(notes)))
    yield _kept("notes/semicolons.csv", formats.table(next(notes), ";"))
    yield _kept("notes/bars.csv", formats.table(next(notes), "|"))
    made = formats.notebook(next(notes))
    old = json.loads(made.data)
    whole = {"worksheets": [{"cells": old["cells"]}], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}
    yield "notes/format 3.ipynb", json.dumps(whole).encode(), made.read()
