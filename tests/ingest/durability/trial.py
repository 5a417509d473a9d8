"""Runs ingests that are killed, starved of disk or locked out of it, each in a process of its own, and reports what is left.

A script, started by the tests beside it: `trial.py FOLDER` reads trials as lines of JSON and answers each with one.
It imports everything once and forks for each process that may die, which is what makes hundreds of them affordable.
Nothing that starts threads (Chroma) is touched before a fork.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import chromadb  # noqa: F401 - imported before the forks

from tutor.config import Settings
from tutor.errors import TutorError
from tutor.index.library import Index
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest
from tutor_ingest.report import Progress

DOCUMENTS = 30
OLD, NEW = "okapi", "zebra"  # the word that every document of a generation holds


def corpus(word: str) -> dict[str, str]:
    """Documents of several sections, each of which holds the word."""
    section = "## Part {i}\n\nThe " + word + " of part {i} in document {n} runs through field {i}.\n\n"
    return {
        f"{n:02}.md": f"# Document {n}\n\n" + "".join(section.format(i=i, n=n) for i in range(8))
        for n in range(DOCUMENTS)
    }


def run(settings: Settings, tell: Callable[[Progress], None] = lambda progress: None) -> Any:
    """One ingest with fakes."""
    return ingest(settings, embeddings=HashingEmbeddings(), loader=in_process, progress=tell)


def forked(work: Callable[[], Any], *, kill_after: float | None = None) -> tuple[int, Any]:
    """Do work in a forked process; its wait status, and what it returned if it came to that."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        code = 1
        try:
            os.write(writer, json.dumps(work()).encode())
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it was, the parent learns that it failed
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(reader, "rb") as file:
        data = file.read()
    _, status = os.waitpid(pid, 0)
    return status, json.loads(data) if data else None


def killing(at: list[Any]) -> Callable[[Progress], None]:
    """A progress callback that kills its process at [phase, n-th call or name of the step]."""
    seen = 0

    def tell(progress: Progress) -> None:
        nonlocal seen
        phase, where = at
        if progress.phase != phase:
            return
        if where in (seen, progress.path):
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    return tell


def locking(step: str, folder: Path) -> Callable[[Progress], None]:
    """A progress callback that takes away the right to write at a step; what is open for writing stays so."""

    def tell(progress: Progress) -> None:
        if progress.path == step:
            writable(folder, False)

    return tell


def writable(folder: Path, may: bool) -> None:
    """Give or take the right to write in a folder and to all that is in it."""
    for path in [folder, *folder.rglob("*")]:
        with suppress(FileNotFoundError):
            path.chmod((0o755 if path.is_dir() else 0o644) if may else (0o555 if path.is_dir() else 0o444))


def bound_by_modes(work: Callable[[], Any]) -> Any:
    """Work without the capabilities by which root may write wherever it likes (Linux, capabilities 1 and 2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    assert libc.capget(header, sets) == 0
    for number in range(3):
        sets[number] &= ~0b110
    assert libc.capset(header, sets) == 0
    return work()


def served(settings: Settings) -> dict[str, Any]:
    """What a start finds: the words of the generation that answers, whether it is whole, and its name."""
    with closing(Index(settings.data_dir)) as index:
        generation = index.current()
        generation.verify()
        words = [word for word in (OLD, NEW) if generation.lexical.frequency(word)]
        texts = [chunk.text for chunk in generation.store.all_chunks()]
        found = generation.dense(HashingEmbeddings().embed_query(f"{OLD} {NEW} of part 3"), 5)
        return {
            "name": generation.name,
            "words": words,
            "pure": all(words[0] in text for text in texts) and len(found) == 5,
            "chunks": generation.manifest.counts.chunks,
            "problem": index.problem,
        }


def again(settings: Settings) -> dict[str, Any]:
    """The next ingest, without anybody having tidied up, and what a start finds then."""
    report = run(settings)
    folders = sorted(p.name for p in Index(settings.data_dir).generations.iterdir())
    return {
        "published": report.published,
        "embedded": report.embedded,
        "folders": folders,
        **served(settings),
    }


def attempt(settings: Settings, tell: Callable[[Progress], None]) -> dict[str, Any]:
    """An ingest that a person's disk may stop: the line that it ends with."""
    try:
        report = run(settings, tell)
    except TutorError as error:
        return {"line": error.line}
    return {"published": report.published}


def main() -> None:
    """Prepare an index of the old corpus, then one trial after another on copies of it."""
    folder = Path(sys.argv[1])
    base = small_settings(folder / "base")
    write_corpus(base.corpus_dir, corpus(OLD))
    status, _ = forked(lambda: run(base).generation)
    assert status == 0, "the first ingest failed"
    write_corpus(base.corpus_dir, corpus(NEW))
    measured = copied(base, folder / "measured")
    begun = time.monotonic()
    forked(lambda: run(measured).generation)
    seconds = time.monotonic() - begun
    random_ = random.Random(7)
    for number, line in enumerate(sys.stdin):
        trial = json.loads(line)
        if trial["kind"] == "kill" and not trial["at"]:
            trial["after"] = random_.uniform(0, seconds)
        settings = copied(base, folder / f"{number}")
        result = TRIALS[trial["kind"]](settings, trial)
        print(json.dumps({"trial": trial} | result), flush=True)  # noqa: T201 - the answer
        shutil.rmtree(folder / f"{number}", ignore_errors=True)


def kill(settings: Settings, trial: dict[str, Any]) -> dict[str, Any]:
    """An ingest that is killed at a point, or after some time."""
    tell = killing(trial["at"]) if trial["at"] else lambda progress: None
    status, _ = forked(lambda: run(settings, tell).generation, kill_after=trial.get("after"))
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {
        "killed": killed,
        "served": forked(lambda: served(settings))[1],
        "again": forked(lambda: again(settings))[1],
    }


def fill(settings: Settings, trial: dict[str, Any]) -> dict[str, Any]:
    """An ingest on a disk that has only so many bytes left."""
    kept = settings.data_dir.with_name("kept")
    settings.data_dir.rename(kept)
    settings.data_dir.mkdir()
    mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(settings.data_dir))
    try:
        shutil.copytree(kept, settings.data_dir, dirs_exist_ok=True)
        usage = shutil.disk_usage(settings.data_dir)
        mount("-o", f"remount,size={usage.used + trial['free']}", str(settings.data_dir))
        status, outcome = forked(lambda: attempt(settings, lambda progress: None))
        found = forked(lambda: served(settings))[1]
        mount("-o", "remount,size=64m", str(settings.data_dir))
        return {
            "status": status,
            "attempt": outcome,
            "served": found,
            "again": forked(lambda: again(settings))[1],
        }
    finally:
        subprocess.run(["umount", "-l", str(settings.data_dir)], check=True, capture_output=True)


def lock(settings: Settings, trial: dict[str, Any]) -> dict[str, Any]:
    """An ingest that loses the right to write at a step."""
    tell = locking(trial["step"], settings.data_dir)
    status, outcome = forked(lambda: bound_by_modes(lambda: attempt(settings, tell)))
    writable(settings.data_dir, False)
    found = forked(lambda: bound_by_modes(lambda: served(settings)))[1]
    writable(settings.data_dir, True)
    return {
        "status": status,
        "attempt": outcome,
        "served": found,
        "again": forked(lambda: bound_by_modes(lambda: again(settings)))[1],
    }


TRIALS = {"kill": kill, "fill": fill, "lock": lock}


def copied(base: Settings, folder: Path) -> Settings:
    """The prepared index and the new corpus in a folder of their own."""
    settings = small_settings(folder)
    shutil.copytree(base.corpus_dir, settings.corpus_dir)
    shutil.copytree(base.data_dir, settings.data_dir)
    return settings


def mount(*arguments: str) -> None:
    """Mount, or raise."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
