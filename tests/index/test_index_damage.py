"""Every file of an index damaged in every way: it is noticed, something whole is served or one line says what helps, and repaired."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tutor.config import Settings
from tutor.errors import IndexDamagedError
from tutor.index.examination import PARTS, examine
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.repair import Kind, plan, repair
from tutor.index.terms import terms
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest

QUERIES = ("How long does the northern roadmap take?", "salary in Norway", "overfitting", "Python and NumPy")
Results = list[list[tuple[int, float]]]


def deleted(path: Path) -> None:
    path.unlink()


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def flipped_in_the_middle(path: Path) -> None:
    _flip(path, path.stat().st_size // 2)


def flipped_at_the_start(path: Path) -> None:
    _flip(path, 0)


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + 1] = bytes(byte ^ 1 for byte in data[at : at + 1])
    path.write_bytes(bytes(data))


DAMAGES: tuple[Callable[[Path], None], ...] = (
    deleted,
    halved,
    emptied,
    zeroed,
    flipped_in_the_middle,
    flipped_at_the_start,
)
POINTER, MANIFEST = "CURRENT", "manifest.json"


@dataclass(frozen=True)
class Published:
    """A data folder to be copied, what its corpus is, and what each generation finds, by the hash of its contents."""

    settings: Settings
    found: dict[str, Results]

    @contextmanager
    def copied(self, to: Path) -> Iterator[tuple[Settings, Index]]:
        """A copy of the data folder, to be damaged."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.settings.data_dir, to)
        settings = self.settings.model_copy(update={"data_dir": to})
        with closing(Index(to)) as index:
            yield settings, index

    def files(self, part: str) -> list[str]:
        """The files of one part of the current generation, relative to the index."""
        index = Index(self.settings.data_dir)
        if part == POINTER:
            return [POINTER]
        folder = index.generations / str(index.current_name())
        walked = sorted(p for p in folder.rglob("*") if p.is_file())
        paths = [p for p in walked if p.relative_to(folder).parts[0] == part]
        return [p.relative_to(index.root).as_posix() for p in paths]


def results(generation: Generation) -> Results:
    """What both searches find, but for rows that share no term with the query: of those any comes last."""
    fake = HashingEmbeddings()
    found = [generation.dense(fake.embed_query(query), 5) for query in QUERIES]
    found += [generation.lexical_search(terms(query), 5) for query in QUERIES]
    return [[(row, score) for row, score in each if score > 0.01] for each in found]


def publish(folder: Path, times: int) -> Published:
    settings = small_settings(folder)
    write_corpus(settings.corpus_dir)
    found = {}
    for number in range(times):
        (settings.corpus_dir / "new.md").write_text(f"# New\n\nOverfitting was told of {number} times.\n")
        ingest(settings, embeddings=HashingEmbeddings(), loader=in_process)
        with closing(Index(settings.data_dir)) as index:
            found[index.current().manifest.content_sha256] = results(index.current())
    return Published(settings, found)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """An index that was published once."""
    return publish(tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """An index with a generation to go back to."""
    return publish(tmp_path_factory.mktemp("two"), 2)


def test_the_parts_are_all_that_there_is(two: Published) -> None:
    """A file that a generation gains is damaged below too."""
    index = Index(two.settings.data_dir)
    assert {p.name for p in (index.generations / "000002").iterdir()} == {*PARTS, MANIFEST}
    assert {p.name for p in index.root.iterdir()} <= {POINTER, "generations", "writer.lock"}
    assert all(two.files(part) for part in (*PARTS, MANIFEST))


def repaired(settings: Settings, index: Index, found: dict[str, Results]) -> Kind:
    """Repair as `tutor doctor --repair` does; what answers then is whole and finds what it found."""
    done = repair(index, HashingEmbeddings, sources_there=True).plan.kind
    if done is Kind.INGEST:
        ingest(settings, embeddings=HashingEmbeddings(), loader=in_process, reread=True)
    while (more := repair(index, HashingEmbeddings, sources_there=True).plan.kind) is not Kind.NOTHING:
        assert more is Kind.FORGET
    with closing(Index(settings.data_dir)) as again:
        generation = again.current()
        generation.verify()
        generation.check_canaries(HashingEmbeddings())
        assert not again.problem
        got = results(generation)
        expected = found[generation.manifest.content_sha256]
        assert [[row for row, _ in each] for each in got] == [[row for row, _ in each] for each in expected]
        for mine, theirs in zip(got, expected, strict=True):
            assert [score for _, score in mine] == pytest.approx([score for _, score in theirs], abs=1e-5)
    assert plan(index, examine(index)).kind is Kind.NOTHING
    return done


@pytest.mark.parametrize("part", [*PARTS, MANIFEST, POINTER])
@pytest.mark.parametrize("damage", DAMAGES)
def test_with_a_generation_before_that_one_is_served(
    two: Published, damage: Callable[[Path], None], part: str, tmp_path: Path
) -> None:
    """The damaged one is never served, `problem` says what is wrong, and a repair makes it whole."""
    for path in two.files(part):
        with two.copied(tmp_path / "data") as (settings, index):
            file = index.root / path
            if damage in (zeroed, halved) and not file.stat().st_size:
                continue  # it is as it was
            before = file.read_bytes()
            damage(file)
            changed = not file.exists() or file.read_bytes() != before
            served = index.current()
            served.verify()
            if part == POINTER:
                assert served.name in ("000001", "000002")
            elif changed:
                assert served.name == "000001"
                assert "000002" in index.problem
                assert "000001 answers instead" in index.problem
            assert results(served) == two.found[served.manifest.content_sha256]
            index.close()
            if (
                damage is deleted or path == two.files(part)[0]
            ):  # a part is repaired whole, whichever file it was
                repaired(settings, index, two.found)


@pytest.mark.parametrize("part", [*PARTS, MANIFEST, POINTER])
@pytest.mark.parametrize("damage", DAMAGES)
def test_without_one_the_error_names_the_repair(
    one: Published, damage: Callable[[Path], None], part: str, tmp_path: Path
) -> None:
    """Nothing damaged is served; one line names the command, and the command helps."""
    for path in one.files(part):
        with one.copied(tmp_path / "data") as (settings, index):
            file = index.root / path
            before = file.read_bytes()
            damage(file)
            if file.exists() and file.read_bytes() == before:
                continue  # it was empty, or held nothing but zeros
            error = _served_whole(index, part, one.found)
            assert error is None or ("tutor doctor --repair" in error.help and "\n" not in error.line)
            index.close()
            if damage is deleted or path == one.files(part)[0]:
                repaired(settings, index, one.found)


def _served_whole(index: Index, part: str, found: dict[str, Results]) -> IndexDamagedError | None:
    """The error that keeps a damaged index from being served; if none does, what is served is whole."""
    try:
        served = index.current()
    except IndexDamagedError as error:
        return error
    assert part == POINTER
    assert index.problem
    assert results(served) == found[served.manifest.content_sha256]
    return None
