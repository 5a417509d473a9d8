"""Which files an ingest reads: folders and files, walked in a fixed order, less what `.tutorignore` names.

A `.tutorignore` at the top of a folder has the syntax of `.gitignore`. Hidden files and folders are left out. A file
that lies in two sources is read once. A ZIP archive is walked as if it were a folder of its name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from tutor.errors import ReadError, SourceError
from tutor.index.manifest import SourceRecord
from tutor_ingest.load import archive

IGNORE_FILE = ".tutorignore"
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ROOT = "."  # the relative path of a source that cannot be listed itself
_CORPUS = "corpus"  # the label of the corpus from the settings, whatever its folder is called


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read, its path relative to the folder that was named, and the id its document gets.

    `member` is its name in the archive at `path`; an archive that cannot be walked stands for itself, without one. A
    folder that cannot be walked stands for its files, with the `problem`. `label` tells its source from others.
    """

    path: Path
    relative: str
    document_id: str
    member: str = ""
    problem: str = ""
    label: str = ""

    def holds(self, document_id: str, relative: str) -> bool:
        """Whether a document of this id and path lies in the folder or archive for which this stands."""
        inside = self.relative == ROOT or relative.startswith(f"{self.relative}/")
        return inside and document_id == _id(self.label, relative)


def resolve(
    corpus_dir: Path, paths: Sequence[Path], known: Sequence[SourceRecord], *, replace: bool
) -> list[SourceRecord]:
    """The sources of the next generation.

    Without paths: the corpus and whatever was added before. With paths: those are added to what there was, or with
    `replace` stand alone. Raises SourceError for a path that does not exist.
    """
    named = [SourceRecord(path=str(_existing(path))) for path in paths]
    if named and replace:
        return _unique(named)
    added = [source for source in known if not source.corpus]
    if not named:
        corpus = SourceRecord(path=str(_existing(corpus_dir)), corpus=True)
        return _unique([corpus, *added])
    return _unique([*known, *named])


def files(sources: Sequence[SourceRecord]) -> list[SourceFile]:
    """All files of the sources, by source and then by path. Raises SourceError for a source that is gone."""
    names = [_CORPUS if source.corpus else Path(source.path).name for source in sources]
    found: dict[tuple[Path, str], SourceFile] = {}
    for source, name in zip(sources, names, strict=True):
        root = _existing(Path(source.path))
        label = name if source.corpus or names.count(name) == 1 else source.path
        for path, relative, member, problem in _walk(root):
            key = _id(label, relative)
            # A name need not be valid Unicode, and may hold what rewrites a terminal or a page.
            printable = _UNSHOWN.sub("?", relative.encode(errors="replace").decode())
            found.setdefault((path, member), SourceFile(path, printable, key, member, problem, label))
    return list(found.values())


def _id(label: str, relative: str) -> str:
    return hashlib.sha256(f"{label}/{relative}".encode(errors="surrogateescape")).hexdigest()[:12]


def _existing(path: Path) -> Path:
    absolute = path.expanduser().absolute()
    if not absolute.exists():
        raise SourceError(f"{path} does not exist", help="Name a folder or a file, or set TUTOR_CORPUS_DIR.")
    return absolute


def _unique(sources: list[SourceRecord]) -> list[SourceRecord]:
    unique: dict[str, SourceRecord] = {}
    for source in sources:
        unique.setdefault(source.path, source)
    return list(unique.values())


_Found = tuple[Path, str, str, str]  # path, relative path, member, problem


def _walk(root: Path) -> Iterator[_Found]:
    """Each file; at the end the folders that cannot be listed."""
    if root.is_file():
        yield from _in_archive(root, root.name, GitIgnoreSpec([]))
        return
    spec = _ignored(root / IGNORE_FILE)
    failures: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=failures.append):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        # Links to folders are not followed, since they may lead round in a circle, but they are not kept quiet about.
        links = {name for name in subfolders if (Path(folder) / name).is_symlink()}
        for name in sorted([*names, *links]):
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if name.startswith(".") or spec.match_file(f"{relative}/" if name in links else relative):
                continue
            if name in links:
                yield path, relative, "", "is a link to a folder; name that folder itself"
            else:
                yield from _in_archive(path, relative, spec)
    for failure in failures:
        path = Path(failure.filename)
        relative = path.relative_to(root).as_posix()
        if not spec.match_file(f"{relative}/"):
            yield path, relative, "", f"is a folder that cannot be listed: {failure.strerror or failure}"


def _in_archive(path: Path, relative: str, spec: GitIgnoreSpec) -> Iterator[_Found]:
    """The files of an archive, or the file itself: also an archive without files, for its reading to say why."""
    try:
        members = archive.members(path) if path.suffix.lower() == archive.SUFFIX else []
    except ReadError:
        members = []
    if not members:
        yield path, relative, "", ""
    for member in members:
        if not spec.match_file(f"{relative}/{member}"):
            yield path, f"{relative}/{member}", member, ""


def _ignored(file: Path) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(
            file.read_text(encoding="utf-8-sig").splitlines() if file.is_file() else []
        )
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{file} cannot be read ({error})", help="It takes patterns as in .gitignore."
        ) from error
