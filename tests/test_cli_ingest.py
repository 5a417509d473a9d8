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


def skipped(*names: str, reason: str) -> tuple[Skipped, ...]:
    return tuple(Skipped(path=name, reason=reason) for name in names)


def test_of_many_files_with_one_reason_a_few_are_named() -> None:
    """The reason stands once, below the files that have one of their own, the commonest first."""
    files = (
        *skipped(*(f"p{n}.png" for n in range(120)), reason="no reader for .png files"),
        *skipped("a.pdf", reason="is encrypted"),
        *skipped(*(f"e{n}.md" for n in range(5)), reason="is empty"),
        *skipped(*(f"x{n}.md" for n in range(4)), reason="looks binary"),
    )
    lines = drawn(report(skipped=files))
    assert lines[lines.index("skipped  reason") :] == [
        "skipped  reason",
        "a.pdf    is encrypted",
        *(f"x{n}.md    looks binary" for n in range(4)),
        "",
        "120 skipped: no reader for .png files",
        *(f"p{n}.png" for n in range(3)),
        "and 117 more (--json names all)",
        "",
        "5 skipped: is empty",
        *(f"e{n}.md" for n in range(3)),
        "and 2 more (--json names all)",
    ]


def test_hundreds_of_reasons_are_not_all_printed() -> None:
    """The report ends with how many more there are, and where they are named."""
    files = tuple(Skipped(path=f"{n}.md", reason=f"front matter line {n}") for n in range(250))
    lines = drawn(report(skipped=files))
    assert "99.md    front matter line 99" in lines
    assert "100.md   front matter line 100" not in lines
    assert lines[-1] == "and 150 more (--json names all)"


def test_long_and_odd_names_leave_room_for_the_reason() -> None:
    """A name is never cut where it stands beside its reason, and never takes lines that are not its own."""
    lines = drawn(report(skipped=(Skipped(path=f"{'x' * 100}\n\x1b[2J.md", reason="is a Git LFS pointer"),)))
    table = lines[lines.index("") + 1 :]
    assert table[1].endswith("  is a Git LFS pointer")
    assert "".join(line.split()[0] for line in table[1:]) == f"{'x' * 100}"
    assert table[-1].endswith("[2J.md")
    many = skipped(*(f"{'y' * 200}/{n}.png" for n in range(9)), reason="no reader for .png files")
    assert all(len(line) <= 80 for line in drawn(report(skipped=many)))
    assert any(line.startswith("…y") and line.endswith("/2.png") for line in drawn(report(skipped=many)))


def test_the_headline_says_what_became_of_it() -> None:
    assert "nothing was written" in headline(report(dry_run=True, published=False))
    assert "Nothing has changed: index 000002 is current" in headline(report(published=False))
