"""A note in every format that is text: each writer also says at which place a sentence then stands."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Callable, Iterable

from messy.made import Made
from messy.prose import Note

Writer = Callable[[Note], Made]

LICENCE = (
    "Copyright 2024 the Lakeside Learning Group.",
    "Licensed under the terms that come with this program; redistribution without this notice is not allowed.",
)
NAVIGATION = "Start page Handbook Calendar Contact"
FOOTER = "The Lakeside Learning Group meets every second Thursday above the bakery."


def lines_of(text: str, sentences: Iterable[str]) -> dict[str, str]:
    """The line of a text on which each sentence stands."""
    return {each: f"line {text.count(chr(10), 0, text.index(each)) + 1}" for each in sentences}


def markdown(note: Note, front: bool = False, footer: str = "") -> Made:
    """Headings, paragraphs on one line each, a list and a table."""
    parts = [f"---\ntitle: {note.title}\ntags: [notes, messy]\n---\n"] if front else []
    parts.append(f"# {note.title}")
    for heading, sentences in note.sections:
        parts += [f"## {heading}", " ".join(sentences)]
    parts.append("\n".join(f"- {item}" for item in note.items))
    table = [note.header, tuple("---" for _ in note.header), *note.rows]
    parts.append("\n".join(f"| {' | '.join(row)} |" for row in table))
    text = "\n\n".join([*parts, *([footer] if footer else [])]) + "\n"
    rows = [f"| {' | '.join(row)} |" for row in note.rows]
    return Made(text.encode(), lines_of(text, [*note.sentences, *note.items, *rows]))


def plain(note: Note, width: int = 78) -> Made:
    """Wrapped paragraphs: a sentence begins on one line and ends on another."""
    parts = [note.title]
    for _, sentences in note.sections:
        parts.append(
            textwrap.fill(" ".join(sentences), width, break_on_hyphens=False)
            if width
            else " ".join(sentences)
        )
    text = "\n\n".join(parts) + "\n"
    return Made(text.encode(), dict.fromkeys(note.sentences, ""))


def web_page(note: Note, semantic: bool = True) -> Made:
    """A page of a site, with navigation above and a footer below, by element or in plain paragraphs."""
    head, foot = ("<nav>{}</nav>", "<footer><p>{}</p></footer>") if semantic else ("<p>{}</p>", "<p>{}</p>")
    body = [head.format(NAVIGATION), f"<h1>{note.title}</h1>"]
    for heading, sentences in note.sections:
        body += [f"<h2>{heading}</h2>", f"<p>{' '.join(sentences)}</p>"]
    body.append("<ul>" + "".join(f"<li>{item}</li>" for item in note.items) + "</ul>")
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in note.rows)
    names = "".join(f"<th>{name}</th>" for name in note.header)
    body += [
        f"<table><tr>{names}</tr>{rows}</table>",
        "<script>let secret = 1;</script>",
        foot.format(FOOTER),
    ]
    page = f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{note.title}</title></head><body>"
    quotable = dict.fromkeys([*note.sentences, *note.items], "")
    return Made((page + "\n".join(body) + "</body></html>\n").encode(), quotable)


def notebook(note: Note) -> Made:
    """Markdown cells with code between them; cells are counted from 1."""
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "metadata": {}, "source": f"# {note.title}"}]
    quotable: dict[str, str] = {}
    for heading, sentences in note.sections:
        source = f"## {heading}\n\n{' '.join(sentences)}".splitlines(keepends=True)
        cells.append({"cell_type": "markdown", "metadata": {}, "source": source})
        quotable |= dict.fromkeys(sentences, f"cell {len(cells)}")
        code = {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "model.fit(rows, target)",
        }
        printed = {
            "output_type": "stream",
            "name": "stdout",
            "text": "This line was only printed by a run.\n",
        }
        cells.append({**code, "outputs": [printed]})
    whole = {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return Made(json.dumps(whole, indent=1).encode(), quotable)


def restructured(note: Note) -> Made:
    """Titles underlined, a directive, a list."""
    parts = [f"{note.title}\n{'=' * len(note.title)}"]
    for heading, sentences in note.sections:
        parts += [f"{heading}\n{'-' * len(heading)}", " ".join(sentences)]
    parts += [".. note::\n\n   " + note.items[0] + ".", "\n".join(f"* {item}" for item in note.items[1:])]
    text = "\n\n".join(parts) + "\n"
    return Made(text.encode(), lines_of(text, note.sentences))


def table(note: Note, delimiter: str = ",") -> Made:
    """The table alone, with the title in a line above it if it is separated by semicolons, as exports do."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    above = [[note.title], []] if delimiter == ";" else []
    writer.writerows([*above, note.header, *note.rows])
    first = len(above) + 2
    quotable = {f"| {' | '.join(row)} |": f"line {first + at}" for at, row in enumerate(note.rows)}
    return Made(file.getvalue().encode(), quotable)


def subtitles(note: Note, web: bool = False) -> Made:
    """Cues of a few words, which part the sentences anywhere."""
    point, clock = "." if web else ",", 0
    cues: list[str] = ["WEBVTT\n"] if web else []
    begins: dict[str, int] = {}
    for sentence in note.sentences:
        words = sentence.split()
        begins[sentence] = clock
        for at in range(0, len(words), 6):
            number = "" if web else f"{len(cues) + 1}\n"
            shown = f"{_stamp(clock, point)} --> {_stamp(clock + 3, point)}"
            cues.append(f"{number}{shown}\n{' '.join(words[at : at + 6])}\n")
            clock += 3
    quotable = {sentence: _stamp(at, "")[:8] for sentence, at in begins.items()}
    return Made("\n".join(cues).encode(), quotable)


def _stamp(seconds: int, point: str) -> str:
    clock = f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    return f"{clock}{point}000" if point else clock


def python(note: Note) -> Made:
    """A module with a licence, a docstring and a function."""
    (_, first), (_, second) = note.sections
    licence = "".join(f"# {line}\n" for line in LICENCE)
    text = (
        f'{licence}"""{note.title}.\n\n{first[0]}\n"""\n\nimport math\n\n\n'
        f'def error(rows: list[float]) -> float:\n    """{second[0]}\n\n    {second[1]}\n    """\n'
        "    return math.sqrt(sum(rows))\n"
    )
    return Made(text.encode(), lines_of(text, (first[0], second[0], second[1])))


def javascript(note: Note) -> Made:
    """A block comment above a function."""
    (_, first), (_, second) = note.sections
    licence = "/*\n" + "".join(f" * {line}\n" for line in LICENCE) + " */\n\n"
    text = (
        f"{licence}/**\n * {first[0]}\n */\nfunction error(rows) {{\n  return rows.length;\n}}\n\n"
        f"/**\n * {second[0]}\n */\nfunction fit(rows) {{\n  return error(rows);\n}}\n"
    )
    return Made(text.encode(), lines_of(text, (first[0], second[0])))


def c_source(note: Note) -> Made:
    """Comments above functions."""
    (_, first), (_, second) = note.sections
    licence = "/* " + "\n   ".join(LICENCE) + " */\n\n"
    text = (
        f"{licence}#include <math.h>\n\n/* {first[0]} */\ndouble error(int rows)\n{{\n    return sqrt(rows);\n}}\n\n"
        f"/* {second[0]} */\nint fit(int rows)\n{{\n    return rows;\n}}\n"
    )
    return Made(text.encode(), lines_of(text, (first[0], second[0])))


def sql(note: Note) -> Made:
    """Comments above a table and a query."""
    (_, first), (_, second) = note.sections
    made = "CREATE TABLE runs (\n    model text,\n    error real\n);"
    view = "CREATE VIEW best AS SELECT model FROM runs ORDER BY error LIMIT 1;"
    text = f"-- {first[0]}\n{made}\n\n-- {second[0]}\n{view}\n"
    return Made(text.encode(), lines_of(text, (first[0], second[0])))


TEXT_WRITERS: dict[str, Writer] = {
    ".md": markdown,
    ".txt": plain,
    ".html": web_page,
    ".ipynb": notebook,
    ".rst": restructured,
    ".csv": table,
    ".tsv": lambda note: table(note, "\t"),
    ".srt": subtitles,
    ".vtt": lambda note: subtitles(note, web=True),
    ".py": python,
    ".js": javascript,
    ".c": c_source,
    ".sql": sql,
}
