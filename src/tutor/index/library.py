"""The index of a data folder: a sequence of generations, one of them current.

    index/
      CURRENT              the name of the current generation, replaced atomically
      writer.lock          held while a generation is being written; writer.json names the holder
      generations/<name>/  store.sqlite, chroma/, lexical/, spans.f16, manifest.json (written last)

Publishing replaces CURRENT in one rename. A reader that holds the old generation keeps it; the one before the
current stays on disk for roll-back, older ones and unfinished ones are removed by the next writer.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tutor.errors import IndexDamagedError, IndexLockedError, NoIndexError
from tutor.index.generation import Generation
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.manifest import REBUILD

POINTER = "CURRENT"


class Index:
    """The index below a data folder. Opening it reads nothing; `current` opens the current generation."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "index"
        self.generations = self.root / "generations"
        self._open: Generation | None = None
        self._mutex = threading.Lock()

    def current_name(self) -> str | None:
        """The name of the current generation, None before the first ingest."""
        try:
            return (self.root / POINTER).read_text(encoding="ascii").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None

    def current(self) -> Generation:
        """The current generation, opened once and again whenever another has been published.

        Raises NoIndexError before the first ingest, IndexDamagedError or IndexMismatchError.
        """
        with self._mutex:
            name = self.current_name()
            if name is None:
                raise NoIndexError(
                    f"nothing has been ingested into {self.root.parent}", help="Run `tutor ingest` first."
                )
            if self._open is None or self._open.name != name:
                folder = self.generations / name
                if not folder.is_dir():
                    raise IndexDamagedError(
                        f"the current generation {name} is gone from {self.generations}", help=REBUILD
                    )
                # The generation that was open is not closed here: requests may still hold it. Its files are released
                # when the last of them lets it go.
                self._open = Generation(folder)
            return self._open

    def close(self) -> None:
        """Close the generation that is open, if any."""
        with self._mutex:
            if self._open is not None:
                self._open.close()
                self._open = None

    def new_folder(self) -> Path:
        """An empty folder for the next generation, numbered after the newest that exists."""
        self.generations.mkdir(parents=True, exist_ok=True)
        numbers = [int(p.name[:6]) for p in self.generations.iterdir() if p.name[:6].isdigit()]
        folder = self.generations / f"{max(numbers, default=0) + 1:06d}"
        folder.mkdir()
        return folder

    def switch(self, folder: Path) -> None:
        """Make a finished generation the current one: everything is on disk first, then one rename."""
        for path in sorted(folder.rglob("*")):
            _fsync(path)
        _fsync(folder)
        _fsync(self.generations)
        draft = self.root / f"{POINTER}.new"
        draft.write_text(folder.name, encoding="ascii")
        _fsync(draft)
        draft.replace(self.root / POINTER)
        _fsync(self.root)

    def remove_leftovers(self) -> None:
        """Remove what killed writers left: generations never finished, or never made the current one."""
        current = self.current_name() or ""
        if self.generations.is_dir():
            for folder in self.generations.iterdir():
                if folder.name > current or not (folder / MANIFEST).is_file():
                    shutil.rmtree(folder, ignore_errors=True)

    def remove_all_but(self, *keep: str | None) -> None:
        """Remove every other generation, finished or not."""
        if self.generations.is_dir():
            for folder in self.generations.iterdir():
                if folder.name not in keep:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock. Raises IndexLockedError at once if another process holds it, naming that process."""
        self.root.mkdir(parents=True, exist_ok=True)
        lock, holder = FileLock(self.root / "writer.lock"), self.root / "writer.json"
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise IndexLockedError(
                f"the index is being written by {_holder(holder)}",
                help="Wait for it to finish, then try again.",
            ) from None
        try:
            since = datetime.now(UTC).isoformat(timespec="seconds")
            holder.write_text(json.dumps({"pid": os.getpid(), "host": platform.node(), "since": since}))
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _holder(path: Path) -> str:
    try:
        record = json.loads(path.read_text())
        return f"process {record['pid']} on {record['host']} since {record['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"


def _fsync(path: Path) -> None:
    """Flush a file or, where the system allows it, a folder to disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
