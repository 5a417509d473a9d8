"""What has changed since the generation before: told by the hashes of files, before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tutor.index.integrity import file_sha256
from tutor.index.store import StoredFile
from tutor_ingest.load import archive, refusal
from tutor_ingest.sources import SourceFile


@dataclass(slots=True)
class Changes:
    """All files as they are now, by document id in the order of reading, and what has to be done with them.

    `unchanged` were read or skipped before and are the same; `to_read` are new or changed; the others are not worth
    opening, for the reason that stands with them. `kept`, a part of `unchanged`, cannot be opened now, which
    says nothing about their contents: the reason by document id.
    """

    files: dict[str, StoredFile] = field(default_factory=dict)
    unchanged: set[str] = field(default_factory=set)
    to_read: list[SourceFile] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def changes(
    files: Sequence[SourceFile], known: Mapping[str, StoredFile], tell: Callable[[int, str], None]
) -> Changes:
    """Hash all files and compare them with those of the generation before."""
    hashes: dict[Path, str] = {}
    found = Changes()
    for done, file in enumerate(files):
        tell(done, file.relative)
        before = known.get(file.document_id)
        now = _now(file, hashes)
        if before and before.path == now.path and not before.reason and now.reason and not now.sha256:
            found.kept[file.document_id] = now.reason
            now = before
        elif (
            before
            and (before.path, before.sha256) == (now.path, now.sha256)
            and (now.sha256 or before == now)
        ):
            now = before
        found.files[file.document_id] = now
        if now is before:
            found.unchanged.add(file.document_id)
        elif not now.reason:
            found.to_read.append(file)
    for file in files:
        now = found.files[file.document_id]
        outer = file.problem or (not file.member and file.path.suffix.lower() == archive.SUFFIX)
        if outer and now.reason and not now.sha256 and not file.path.is_symlink():
            _keep_inner(file, now.reason, known, found)
    return found


def _keep_inner(outer: SourceFile, reason: str, known: Mapping[str, StoredFile], found: Changes) -> None:
    """What was read before from a folder or an archive that cannot be opened now stays, as such a file itself does."""
    for document_id, before in known.items():
        if document_id not in found.files and outer.holds(document_id, before.path):
            found.files[document_id] = before
            found.unchanged.add(document_id)
            if not before.reason:
                found.kept[document_id] = f"{outer.relative} {reason}"


def _now(file: SourceFile, hashes: dict[Path, str]) -> StoredFile:
    """A file with its hash, that of its archive for a member of one, or with the reason why it is not opened."""
    if reason := file.problem or refusal(file.path, file.member):
        return StoredFile(file.document_id, file.relative, "", reason)
    try:
        digest = hashes.get(file.path) or file_sha256(file.path)
    except OSError as error:
        return StoredFile(file.document_id, file.relative, "", f"cannot be opened: {error.strerror or error}")
    hashes[file.path] = digest
    return StoredFile(file.document_id, file.relative, digest)
