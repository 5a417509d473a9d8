"""Source code by what its authors wrote for readers: docstrings, doc comments, and the definitions they explain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tutor.errors import ReadError
from tutor_ingest.load.code_comments import comment_blocks
from tutor_ingest.load.code_python import module_blocks, parse
from tutor_ingest.load.content import Content
from tutor_ingest.load.encoding import decode
from tutor_ingest.load.marked import join_marked

# Suffixes and the names by which Pygments and Markdown know their languages.
LANGUAGES = {
    ".py": "python",
    **dict.fromkeys((".js", ".mjs", ".jsx"), "javascript"),
    **dict.fromkeys((".ts", ".tsx"), "typescript"),
    ".java": "java",
    ".go": "go",
    ".rs": "rust",
    **dict.fromkeys((".c",), "c"),
    **dict.fromkeys((".h", ".cc", ".cpp", ".hpp"), "cpp"),
    ".cs": "csharp",
    ".rb": "ruby",
    ".php": "php",
    ".swift": "swift",
    ".kt": "kotlin",
    ".scala": "scala",
    ".r": "r",
    ".jl": "julia",
    ".lua": "lua",
    **dict.fromkeys((".sh", ".bash"), "bash"),
    ".sql": "sql",
}
_DECLARED = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)  # PEP 263, lines 1 and 2
_MINIFIED = 1_000  # characters on a line that nobody wrote by hand
_LARGEST = 3_000_000  # characters; Pygments takes some seconds for a million
_MINIFIABLE = ("javascript", "typescript")


def read(data: bytes, name: str) -> Content:
    """What a source file defines and says about it, as Markdown; marks name the lines of the file.

    Each definition is a heading, its signature as written, and its docstring or the comment before it.
    Licence headers are left out. Python of another version is read by its words like other languages.
    Raises ReadError for minified scripts, and where there are neither comments nor definitions.
    """
    path = PurePosixPath(name)
    language = LANGUAGES.get(path.suffix.lower(), "")
    declared = _DECLARED.search(b"\n".join(data.split(b"\n", 2)[:2])) if language == "python" else None
    source = decode(data, declared[1].decode("ascii", "replace") if declared else None)
    if language in _MINIFIABLE and _is_minified(source, path.name):
        raise ReadError("is minified code, made for machines; its source may be readable")
    if len(source) > _LARGEST:
        raise ReadError(
            f"is longer than {_LARGEST // 1_000_000} million characters of code, so a program wrote it"
        )
    blocks = list(_blocks(source, language))
    if not blocks:
        raise ReadError("holds no docstrings or definitions")
    title = _title(path, blocks[0][0])
    text, marks = join_marked(
        [(f"# {title}", "line 1"), *((block, f"line {line}") for block, line in blocks)]
    )
    return Content(text=text, format="markdown", title=title, marks=marks)


def _blocks(source: str, language: str) -> Iterator[tuple[str, int]]:
    tree = parse(source) if language == "python" else None
    found = module_blocks(tree, source) if tree else comment_blocks(source, language)
    return (each for each in found if each[0].strip())


def _title(path: PurePosixPath, first: str) -> str:
    """The module's name; a package's file is called by what it says first."""
    if path.stem == "__init__" and first[:1].isalnum():
        return " ".join(first.split())[:80]
    return path.stem if path.suffix == ".py" else path.name


def _is_minified(source: str, name: str) -> bool:
    """Whether most of a file stands on endless lines."""
    endless = sum(len(line) for line in source.split("\n") if len(line) > _MINIFIED)
    return ".min." in name.lower() or endless * 2 > len(source)
