"""What can be odd about where a file lies: its name, its kind, its size, who may open it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from messy import formats
from messy.made import Expected, skipped
from messy.prose import Note

_NAMES = (
    *(
        "with some spaces in it",
        "-leading dash",
        "--help",
        "quote'\"s",
        "[brackets] (and) {more}",
        "percent %20 & co",
    ),
    *(
        "two.dots.in.it",
        "CON",
        "*",
        "$(echo hello)",
        "~tilde",
        "#hash",
        "semi;colon",
        "<b>bold",
        "back\\slash",
        "'",
    ),
    *(
        "🦊 emoji 👩‍🔬 family",
        "שלום עולם",
        "日本語の名前",
        "Ünïcödé",
        "e\u0301 decomposed",
        "trailing space ",
        "x" * 240,
    ),
)
# Names with characters that would rewrite a terminal are shown with others in their place.
_UNSHOWN = {
    "line\nbreak": "line?break",
    "tab\tstop": "tab?stop",
    "bell\a": "bell?",
    "over\u202edm.exe": "over?dm.exe",
}
_OVERSIZED = 300 * 1024**2


def odd_names(root: Path, notes: Iterator[Note]) -> Iterator[tuple[str, Expected]]:
    """Notes under names that people and programs stumble over."""
    folder = root / "names"
    folder.mkdir(parents=True)
    for name, shown in {**dict(zip(_NAMES, _NAMES, strict=True)), **_UNSHOWN}.items():
        made = formats.markdown(next(notes))
        with suppress(OSError, ValueError):  # not every file system has every name
            (folder / f"{name}.md").write_bytes(made.data)
            yield f"names/{shown}.md", made.read()
    made = formats.markdown(next(notes))
    with suppress(OSError, ValueError):
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_bytes(made.data)
        yield "names/caf?.md", made.read()
    for name in ("README", "Makefile", "no suffix.", ".hidden.md"):
        (folder / name).write_bytes(formats.markdown(next(notes)).data)
        hidden = name.startswith(".")
        yield (
            f"names/{name}",
            Expected("left out") if hidden else skipped("no reader for files without a suffix"),
        )
    deep = folder / "/".join("abcdefghijklmnopqrstuvwxyz")
    deep.mkdir(parents=True)
    made = formats.markdown(next(notes))
    (deep / "deep.md").write_bytes(made.data)
    yield (deep / "deep.md").relative_to(root).as_posix(), made.read()


def special_files(root: Path, notes: Iterator[Note]) -> Iterator[tuple[str, Expected]]:
    """Links, pipes, sockets, a sparse file of 300 MiB, and one that may not be opened."""
    folder = root / "special"
    folder.mkdir(parents=True)
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(_OVERSIZED)
    yield "special/sparse.txt", skipped("is larger than 256 MiB")
    locked = folder / "locked.md"
    made = formats.markdown(next(notes))
    locked.write_bytes(made.data)
    locked.chmod(0)
    may_open = os.access(locked, os.R_OK)  # whoever is root may open everything
    yield "special/locked.md", made.read() if may_open else skipped("cannot be opened: Permission denied")
    if sys.platform != "win32":
        yield from _of_unix(folder, notes)


def _of_unix(folder: Path, notes: Iterator[Note]) -> Iterator[tuple[str, Expected]]:
    for name in ("pipe.md", "pipe.pdf", "pipe.zip"):
        os.mkfifo(folder / name)
        yield f"special/{name}", skipped("is no regular file")
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket may have no more than a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket.txt")
    finally:
        os.chdir(here)
    yield "special/socket.txt", skipped("is no regular file")
    note = formats.markdown(next(notes))
    (folder / "target.md").write_bytes(note.data)
    yield "special/target.md", note.read()
    for name, target, expected in (
        ("link.md", "target.md", note.read()),
        ("dangling.md", "nowhere.md", skipped("cannot be opened: No such file")),
        ("loop.md", "loop.md", skipped("cannot be opened: ")),
        ("device.md", "/dev/zero", skipped("is no regular file")),
        ("up", "..", skipped("is a link to a folder")),
        ("folder.md", ".", skipped("is a link to a folder")),
    ):
        (folder / name).symlink_to(target)
        yield f"special/{name}", expected
    (folder / "called like a file.md").mkdir()
    note = formats.markdown(next(notes))
    (folder / "called like a file.md" / "inside.md").write_bytes(note.data)
    yield "special/called like a file.md/inside.md", note.read()
