"""The report of an ingest, for a person."""

from __future__ import annotations

import io

from rich.console import Console

from tutor.commands.ingest import headline, summary
from tutor_ingest.report import IngestReport, Skipped


def report(**changes: object) -> IngestReport:
    fields: dict[str, object] = {
        "generation": "000002",
        "published": True,
        "dry_run": False,
        "files": 3,
        "documents": 2,
        "skipped": (Skipped(path="odd [name].pdf", reason="is not a readable PDF"),),
        "chunks": 12,
        "embedded": 4,
        "reused": 8,
        "removed": 0,
        "seconds": 1.25,
        "sources": ("corpus",),
    }
    return IngestReport.model_validate(fields | changes)


def drawn(shown: IngestReport) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=80).print(summary(shown))
    return [line.strip() for line in stream.getvalue().splitlines()]


def test_counts_that_are_nought_are_left_out_and_skipped_files_named() -> None:
    assert drawn(report()) == [
        "Published index 000002 in 1.2 s.",
        "2 of 3 files are in the index",
        "1 skipped, listed below",
        "12 passages",
        "4 of them embedded now",
        "8 of them as before",
        "",
        "skipped         reason",
        "odd [name].pdf  is not a readable PDF",
    ]


def test_what_was_kept_moved_and_left_out_is_told() -> None:
    """A file that cannot be opened now is named apart from those that were skipped."""
    kept = (Skipped(path="locked.md", reason="cannot be opened: Permission denied"),)
    lines = drawn(report(skipped=(), kept=kept, unchanged=9, moved=2, removed=1, boilerplate=30))
    assert lines[1:] == [
        "2 of 3 files are in the index",
        "9 of them as they were",
        "2 moved",
        "1 cannot be opened now and stay as they were",
        "1 gone since the last ingest",
        "30 repeated headers and footers left out",
        "12 passages",
        "4 of them embedded now",
        "8 of them as before",
        "",
        "kept as before  reason",
        "locked.md       cannot be opened: Permission denied",
    ]


def test_the_headline_says_what_became_of_it() -> None:
    assert "nothing was written" in headline(report(dry_run=True, published=False))
    assert "Nothing has changed: index 000002 is current" in headline(report(published=False))
