"""The index of a data folder: a sequence of generations, one of them current.

    index/
      CURRENT              names the current generation and the one before, replaced atomically (pointer.py)
      writer.lock          held while a generation is being written; writer.json names the holder
      generations/<name>/  store.sqlite, vectors.f16, chroma/, lexical/, spans.f16, manifest.json (written last)

A reader that holds the old generation keeps it; the one before the current stays on disk for roll-back, older ones and
unfinished ones are removed by the next writer. A current generation that is damaged is never served: the one before
is, and `problem` says so.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tutor.errors import IndexDamagedError, IndexLockedError, IndexStateError, NoIndexError
from tutor.index.generation import Generation
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.manifest import REPAIR, SourceRecord, manifest_sha256, recorded_sources
from tutor.index.pointer import FILE as POINTER
from tutor.index.pointer import Entry, Pointer, flush, read_pointer, write_pointer

log = logging.getLogger("tutor.index")

Step = Callable[[str], None]


class Index:
    """The index below a data folder. Opening it reads nothing; `current` opens the current generation."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "index"
        self.generations = self.root / "generations"
        self.problem = ""
        self._open: Generation | None = None
        self._opened_for: tuple[Pointer | None, ...] = ()
        self._mutex = threading.Lock()

    @property
    def pointer(self) -> Pointer | None:
        """What `CURRENT` says; None if it is missing or damaged."""
        return read_pointer(self.root)

    def current_name(self) -> str | None:
        """The name of the current generation, None before the first ingest."""
        pointer = self.pointer
        return pointer.current.name if pointer else None

    def names(self) -> list[str]:
        """All finished generations on disk, oldest first."""
        if not self.generations.is_dir():
            return []
        return sorted(p.name for p in self.generations.iterdir() if (p / MANIFEST).is_file())

    def current(self) -> Generation:
        """The current generation, opened once and again whenever another has been published.

        Where it is damaged, the one before, and `problem` says what is wrong. Raises NoIndexError before the first
        ingest, IndexDamagedError if no generation is whole, IndexMismatchError if another version wrote it.
        """
        with self._mutex:
            state = (self.pointer,)
            if self._open is None or self._opened_for != state:
                # The generation that was open is not closed here: requests may still hold it. Its files are released
                # when the last of them lets it go.
                self._open = self._first_whole(state[0])
                self._opened_for = state
            return self._open

    def _first_whole(self, pointer: Pointer | None) -> Generation:
        failures: list[IndexStateError] = []
        for entry in self._candidates(pointer):
            try:
                opened = Generation(self.generations / entry.name, entry.manifest_sha256)
            except IndexStateError as error:
                if not isinstance(error, IndexDamagedError) and not failures:
                    raise
                failures.append(error)
                continue
            self._tell(pointer, opened, failures)
            return opened
        if failures:
            raise failures[0]
        raise NoIndexError(
            f"nothing has been ingested into {self.root.parent}", help="Run `tutor ingest` first."
        )

    def _candidates(self, pointer: Pointer | None) -> list[Entry]:
        """What may be served, best first; without a pointer whatever is finished, newest first."""
        if pointer is None:
            return [Entry(name) for name in reversed(self.names())]
        return [pointer.current, *([pointer.previous] if pointer.previous else [])]

    def _tell(self, pointer: Pointer | None, opened: Generation, failures: list[IndexStateError]) -> None:
        reason = str(failures[0]) if failures else f"{self.root / POINTER} is missing or damaged"
        wrong = bool(failures) or pointer is None
        self.problem = f"{reason}; generation {opened.name} answers instead" if wrong else ""
        if wrong:
            log.warning("%s. %s", self.problem, REPAIR)

    def close(self) -> None:
        """Close the generation that is open, if any."""
        with self._mutex:
            if self._open is not None:
                self._open.close()
                self._open = None

    def known_sources(self) -> tuple[SourceRecord, ...]:
        """The sources of the current generation, of whatever schema, or else of the newest that names any."""
        pointer = self.pointer
        order = [e.name for e in self._candidates(pointer)] + list(reversed(self.names()))
        return next((found for name in order if (found := recorded_sources(self.generations / name))), ())

    def new_folder(self) -> Path:
        """An empty folder for the next generation, numbered after the newest that exists."""
        self.generations.mkdir(parents=True, exist_ok=True)
        numbers = [int(p.name) for p in self.generations.iterdir() if p.name.isdecimal()]
        folder = self.generations / f"{max(numbers, default=0) + 1:06d}"
        folder.mkdir()
        return folder

    def switch(self, folder: Path, on_step: Step = lambda step: None) -> None:
        """Make a finished generation the current one: everything is on disk first, then one rename.

        The generation before stays for going back if it is whole enough to have a manifest; where it was so damaged
        that another answered in its place, that one.
        """
        on_step("flush")
        for path in sorted(folder.rglob("*")):
            flush(path)
        flush(folder)
        flush(self.generations)
        on_step("pointer")
        made = Entry(folder.name, manifest_sha256(folder))
        write_pointer(self.root, Pointer(made, self._to_go_back_to(folder)), on_step)

    def _to_go_back_to(self, new: Path) -> Entry | None:
        pointer, answering = self.pointer, self._open.name if self._open else ""
        if pointer is None:
            finished = [name for name in self.names() if name != new.name]
            name = answering if answering in finished else next(reversed(finished), "")
            return Entry(name, manifest_sha256(self.generations / name)) if name else None
        if pointer.previous and pointer.previous.name == answering:
            return pointer.previous
        return pointer.current if (self.generations / pointer.current.name / MANIFEST).is_file() else None

    def roll_back(self) -> str:
        """Make the generation before the current one again; returns its name. Again undoes it.

        Raises NoIndexError if there is none, IndexDamagedError if it is not whole, IndexLockedError.
        """
        with self.writing():
            pointer = self.pointer
            if pointer is None or pointer.previous is None:
                raise NoIndexError(
                    "there is no generation before the current one", help="`tutor index list` names all."
                )
            target = pointer.previous
            with closing(Generation(self.generations / target.name, target.manifest_sha256)) as generation:
                generation.verify()
            write_pointer(self.root, Pointer(target, pointer.current))
            return target.name

    def tidy(self, *keep: str) -> None:
        """Remove every generation that the pointer does not name, finished or not, but those in `keep`.

        Without a readable pointer only unfinished ones go.
        """
        pointer = self.pointer
        if not self.generations.is_dir():
            return
        for folder in self.generations.iterdir():
            stays = folder.name in pointer.names if pointer else (folder / MANIFEST).is_file()
            if not stays and folder.name not in keep:
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

    def writer(self) -> str:
        """Who holds the writer's lock, for a person; empty if nobody does. Changes nothing. Raises OSError."""
        lock = FileLock(self.root / "writer.lock")
        if not Path(lock.lock_file).is_file():
            return ""
        try:
            with lock.acquire(timeout=0):
                return ""
        except Timeout:
            return _holder(self.root / "writer.json")


def _holder(path: Path) -> str:
    try:
        record = json.loads(path.read_text())
        return f"process {record['pid']} on {record['host']} since {record['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
