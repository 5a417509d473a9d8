"""The one file that says which generation is current, replaced in a single rename.

    CURRENT
      000007 <sha256 of its manifest>     the current generation
      000006 <sha256 of its manifest>     the one before, for going back

The hash of the manifest vouches for the manifest, and the manifest's hashes for every other file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FILE = "CURRENT"
_LINE = re.compile(r"(\d{6,})(?: ([0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A generation by name, with the hash of its manifest (empty in the first schema, which had none)."""

    name: str
    manifest_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Pointer:
    """The current generation and the one before."""

    current: Entry
    previous: Entry | None = None

    @property
    def names(self) -> set[str]:
        """The generations that must stay."""
        return {entry.name for entry in (self.current, self.previous) if entry}


def read_pointer(root: Path) -> Pointer | None:
    """The pointer of an index; None if it is not there or holds no pointer."""
    try:
        text = (root / FILE).read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    found = [_LINE.fullmatch(line.rstrip()) for line in text.splitlines()]
    entries = [Entry(match[1], match[2] or "") for match in found if match]
    if not entries or len(entries) != len(found) or len(entries) > 2:
        return None
    return Pointer(*entries)


def write_pointer(root: Path, pointer: Pointer, on_step: Callable[[str], None] = lambda step: None) -> None:
    """Replace the pointer: flushed under another name first, then renamed, then the folder flushed."""
    entries = [pointer.current, *([pointer.previous] if pointer.previous else [])]
    draft = root / f"{FILE}.new"
    draft.write_text("".join(f"{e.name} {e.manifest_sha256}".rstrip() + "\n" for e in entries), "ascii")
    flush(draft)
    on_step("pointer written")
    draft.replace(root / FILE)
    on_step("pointer moved")
    flush(root)


def flush(path: Path) -> None:
    """Flush a file or, where the system allows it, a folder to disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
