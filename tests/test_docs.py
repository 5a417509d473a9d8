"""What the documentation says is so: links lead somewhere, commands and options exist, settings are all listed, code runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tutor.cli import app
from tutor.config import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

DEFAULT_IN_WORDS = {
    "corpus_dir": "the `corpus/` of the checkout or of the installed package",
    "data_dir": "`data/` of a checkout, else the user's data folder",
    "api_keys": "none",
}
"""Where the default is found at run time, or is nothing."""

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<target>[^)\s]+)\)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, *languages: str) -> list[str]:
    return [found["body"] for found in FENCE.finditer(text_of(path)) if found["language"] in languages]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(path: Path) -> Iterator[list[str]]:
    """The words of each `tutor …` that a page shows, in its code blocks and in its text."""
    lines = [
        line.strip().removeprefix("$ ").strip()
        for block in blocks(path, "sh", "console", "bash")
        for line in block.replace("\\\n", " ").splitlines()
        if "tutor" in line
    ]
    lines += INLINE_CODE.findall(FENCE.sub("", text_of(path)))
    for line in lines:
        for part in re.split(r"\s*(?:\||&&|;)\s*", line):
            if re.match(r"(?:\w+=\S+ )*tutor\s", part) and "COMMAND" not in part:
                words = part[part.index("tutor") :].replace("…", "x")
                yield shlex.split(words, comments=True)[1:]


def settings_table() -> str:
    """The table of settings as the README has to show it."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = DEFAULT_IN_WORDS.get(name) or f"`{field.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    """Relative links only; the network is not asked."""
    for found in LINK.finditer(FENCE.sub("", text_of(page))):
        target, _, anchor = found["target"].partition("#")
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), f"{found['target']} leads nowhere"
        if anchor:
            assert anchor in anchors(place), f"{found['target']} names no heading of {named(place)}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_shown_can_be_parsed(page: Path) -> None:
    """Command and options exist; nothing is run."""
    root: Any = get_command(app)
    for words in commands(page):
        context = root.make_context("tutor", list(words) or ["--help"], resilient_parsing=True)
        rest = [*context._protected_args, *context.args]
        if not rest:
            continue
        command = root.get_command(context, rest[0])
        assert command is not None, f"tutor has no command {rest[0]!r}"
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {
            "--help",
            "-h",
        }
        for word in rest[1:]:
            if word.startswith("-") and word != "-":
                assert word.split("=")[0] in known, f"tutor {rest[0]} has no option {word}"


def test_the_readme_shows_each_command() -> None:
    shown = {words[0] for words in commands(README) if words}
    assert set(get_command(app).commands) <= shown  # type: ignore[attr-defined]  # it is a group


def test_the_settings_table_is_complete() -> None:
    """Every setting with its default and its description, word for word; on failure copy the expected one."""
    assert settings_table() in text_of(README), f"the README's table has to be\n\n{settings_table()}\n"


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for page in PAGES:
        assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", text_of(page))) <= known, named(page)


@pytest.mark.parametrize(
    ("page", "source"),
    [(page, source) for page in PAGES for source in blocks(page, "python")],
    ids=lambda value: named(value) if isinstance(value, Path) else "block",
)
def test_python_blocks_run(page: Path, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each on its own, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    exec(compile(source, named(page), "exec"), {"__name__": "__docs__"})  # our own documentation


def test_decisions_are_numbered_in_one_row() -> None:
    """0001, 0002 and so on, without gaps or doubles, and each title bears its page's number."""
    pages = sorted(DECISIONS.glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for number, page in zip(numbers, pages, strict=True):
        title = text_of(page).splitlines()[0]
        assert re.match(rf"# (?:0*{number})[.:] \S", title), f"{page.name} is headed {title!r}"


def test_the_architecture_page_names_every_module_of_the_tutor() -> None:
    """Whoever adds a module puts it on the map."""
    text = text_of(ROOT / "docs" / "architecture.md")
    for folder in (
        "src/tutor",
        "src/tutor/index",
        "src/tutor/retrieval",
        "src/tutor/answering",
        "ingest/tutor_ingest",
        "ingest/tutor_ingest/structure",
        "ingest/tutor_ingest/split",
    ):
        for module in sorted((ROOT / folder).glob("[a-z]*.py")):
            assert re.search(rf"\b{module.stem}\b", text), f"{named(module)} is not on the map"


def test_no_page_names_a_place_on_somebodys_machine() -> None:
    """Paths are relative, or plainly made up."""
    for page in PAGES:
        assert not re.search(r"/(?:root|work|Users|home/\w+)/", text_of(page)), named(page)
