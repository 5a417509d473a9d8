"""The least that helps: what a repair does in each state of an index, and what it leaves alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tutor.config import Settings
from tutor.embedding import Vectors
from tutor.errors import EmbeddingError, IndexDamagedError, IndexLockedError, IndexMismatchError
from tutor.index.examination import Examination, Role, examine
from tutor.index.library import Index
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.manifest import manifest_sha256
from tutor.index.pointer import Pointer, read_pointer
from tutor.index.rebuild import content_sha256, store_problem
from tutor.index.repair import Kind, Repaired, plan, repair
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two generations, 000002 the current one."""
    settings = small_settings(tmp_path_factory.mktemp("published"))
    write_corpus(settings.corpus_dir)
    for text in ("One.", "Two."):
        (settings.corpus_dir / "new.md").write_text(f"# New\n\n{text}\n")
        ingest(settings, embeddings=HashingEmbeddings(), loader=in_process)
    return settings


@pytest.fixture
def index(published: Settings, tmp_path: Path) -> Index:
    shutil.copytree(published.data_dir, tmp_path / "data")
    return Index(tmp_path / "data")


@pytest.fixture
def alone(index: Index) -> Index:
    """An index without a generation to go back to."""
    pointer = index.pointer
    assert pointer
    shutil.rmtree(index.generations / "000001")
    (index.root / "CURRENT").write_text(f"{pointer.current.name} {pointer.current.manifest_sha256}\n")
    return index


def no_model() -> HashingEmbeddings:
    raise AssertionError("the model is not needed for this")


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def spoil_part(index: Index, *names: str, generation: str = "000002") -> None:
    for name in names:
        path = index.generations / generation / name
        spoil(
            path if path.is_file() else max(path.rglob("*"), key=lambda p: p.is_file() and p.stat().st_size)
        )


def kind(index: Index, *, sources_there: bool = True) -> Kind:
    return plan(index, examine(index), sources_there=sources_there).kind


def whole(index: Index, name: str) -> None:
    """The index is in order, and `name` is current."""
    with closing(Index(index.root.parent)) as again:
        again.current().verify()
        assert (again.current().name, again.problem) == (name, "")
    assert kind(index) is Kind.NOTHING


def test_before_the_first_ingest_there_is_nothing_to_repair(tmp_path: Path) -> None:
    """Nor is anything written by looking."""
    index = Index(tmp_path / "data")
    assert examine(index) == Examination(None, "", (), (), "")
    assert kind(index) is Kind.NOTHING
    assert not (tmp_path / "data").exists()


def test_a_whole_index_is_described_and_left_alone(index: Index) -> None:
    """Names, roles, counts and sources; nothing is written."""
    before = (index.root / "CURRENT").read_bytes()
    found = examine(index)
    assert [(one.name, one.role, one.whole, one.schema) for one in found.generations] == [
        ("000002", Role.CURRENT, True, 2),
        ("000001", Role.PREVIOUS, True, 2),
    ]
    assert found.current
    assert found.previous
    assert found.current.manifest
    assert (found.current.manifest.counts.documents, found.current.sentence) == (4, "whole")
    assert found.current.bytes == sum(
        p.stat().st_size for p in (index.generations / "000002").rglob("*") if p.is_file()
    )
    assert [source.corpus for source in found.sources] == [True]
    assert repair(index, no_model).plan.kind is Kind.NOTHING
    assert (index.root / "CURRENT").read_bytes() == before


def test_looking_quickly_reads_manifests_alone(index: Index) -> None:
    """For a list of what there is."""
    spoil_part(index, "store.sqlite")
    assert examine(index, thorough=False).current == examine(index, thorough=False).generations[0]
    assert [one.whole for one in examine(index, thorough=False).generations] == [True, True]


def test_every_damaged_part_is_named_with_its_reason(index: Index) -> None:
    """Not only the first, and the whole ones are not."""
    spoil_part(index, "store.sqlite", "lexical")
    (index.generations / "000002" / "canaries.f16").unlink()
    current = examine(index).current
    assert current
    assert current.parts == {"store.sqlite", "lexical", "canaries.f16"}
    assert "canaries.f16 is missing" in [damage.reason for damage in current.damaged]
    assert "and 2 more" in current.sentence


@pytest.mark.parametrize("contents", [None, "", "\0" * 144, "somewhere else\n"])
def test_a_lost_pointer_is_written_anew(index: Index, contents: str | None) -> None:
    """At the newest whole generation, the one before kept; no model is needed, nothing is copied."""
    pointer = index.root / "CURRENT"
    published = read_pointer(index.root)
    pointer.unlink()
    if contents is not None:
        pointer.write_text(contents)
    assert examine(index).pointer_problem.endswith("missing" if contents is None else "damaged")
    assert repair(index, no_model).plan.kind is Kind.POINT
    assert read_pointer(index.root) == published
    whole(index, "000002")


@pytest.mark.parametrize("parts", [("chroma",), ("lexical",), ("chroma", "lexical")])
def test_what_is_made_from_other_files_is_made_anew_without_the_model(
    index: Index, parts: tuple[str, ...]
) -> None:
    """In a new generation with the same contents; the one to go back to stays, the damaged one goes."""
    old = examine(index).current
    spoil_part(index, *parts)
    done = repair(index, no_model)
    assert (done.plan.kind, done.plan.parts, done.current) == (Kind.REBUILD, frozenset(parts), "000003")
    whole(index, "000003")
    new = examine(index).current
    assert old
    assert old.manifest
    assert new
    assert new.manifest
    assert new.manifest.content_sha256 == old.manifest.content_sha256
    kept = {file.path: file.sha256 for file in new.manifest.files}
    assert all(kept[f.path] == f.sha256 for f in old.manifest.files if f.path.partition("/")[0] not in parts)
    assert sorted(p.name for p in index.generations.iterdir()) == ["000001", "000003"]


@pytest.mark.parametrize("part", ["vectors.f16", "spans.f16", "canaries.f16"])
def test_vectors_are_computed_from_the_stored_texts(index: Index, part: str) -> None:
    """They come out as they were, the other files of vectors are not touched, and no source is read."""
    path = index.generations / "000002" / part
    before = np.fromfile(path, np.float16)
    spoil(path)
    told: list[tuple[int, int]] = []
    done = repair(index, HashingEmbeddings, tell=lambda done, total: told.append((done, total)))
    assert done.plan.kind is Kind.EMBED
    assert np.array_equal(np.fromfile(index.generations / "000003" / part, np.float16), before)
    assert told == ([] if part == "canaries.f16" else [(0, told[-1][1]), (told[-1][1],) * 2])
    whole(index, "000003")


def test_vectors_of_another_model_are_never_mixed_in(index: Index) -> None:
    """The line says which model it takes; what there is stays, and goes on answering."""
    spoil_part(index, "spans.f16")
    with pytest.raises(IndexMismatchError, match=r"'hashing' \(256 dimensions\).*'other' \(64\)") as caught:
        repair(index, lambda: HashingEmbeddings(64, "other"))
    assert "TUTOR_EMBEDDING_MODEL" in caught.value.help
    assert sorted(p.name for p in index.generations.iterdir()) == ["000001", "000002"]
    assert index.current().name == "000001"
    index.close()


def test_a_model_that_cannot_be_opened_leaves_all_as_it_was(index: Index) -> None:
    """Its own error comes out, and no half-made folder stays."""

    def broken() -> HashingEmbeddings:
        raise EmbeddingError("the model is damaged", help="Install it again.")

    spoil_part(index, "vectors.f16")
    with pytest.raises(EmbeddingError):
        repair(index, broken)
    assert sorted(p.name for p in index.generations.iterdir()) == ["000001", "000002"]


def test_with_its_store_gone_the_generation_before_becomes_current(index: Index) -> None:
    """The damaged one stays on disk, for a person to look at, until the next ingest."""
    spoil_part(index, "store.sqlite")
    done = repair(index, no_model)
    assert (done.plan.kind, done.current) == (Kind.GO_BACK, "000001")
    assert "tutor ingest" in done.plan.says
    assert index.pointer == Pointer(done_pointer(index))
    assert (index.generations / "000002").is_dir()
    whole(index, "000001")


def done_pointer(index: Index) -> object:
    pointer = index.pointer
    assert pointer
    return pointer.current


def test_a_damaged_generation_before_is_forgotten(index: Index) -> None:
    """The current one is whole, so nothing else is touched."""
    spoil_part(index, "store.sqlite", generation="000001")
    assert repair(index, no_model).plan.kind is Kind.FORGET
    assert [p.name for p in index.generations.iterdir()] == ["000002"]
    whole(index, "000002")


def test_with_both_damaged_the_newer_is_repaired_and_the_older_not_kept(index: Index) -> None:
    """Until the new one is current both stay."""
    spoil_part(index, "lexical")
    spoil_part(index, "store.sqlite", generation="000001")

    def seen() -> HashingEmbeddings:
        assert sorted(p.name for p in index.generations.iterdir()) == ["000001", "000002", "000003"]
        return HashingEmbeddings()

    spoil_part(index, "canaries.f16")
    assert repair(index, seen).plan.kind is Kind.EMBED
    assert [p.name for p in index.generations.iterdir()] == ["000003"]
    whole(index, "000003")


def test_the_older_is_repaired_where_the_newer_cannot_be(index: Index) -> None:
    """Better an older answer than none."""
    spoil_part(index, "store.sqlite")
    spoil_part(index, "chroma", generation="000001")
    done = repair(index, no_model)
    assert (done.plan.kind, done.plan.of and done.plan.of.name) == (Kind.REBUILD, "000001")
    whole(index, "000003")


@pytest.mark.parametrize("sources_there", [True, False])
def test_stored_documents_survive_a_lost_manifest(alone: Index, sources_there: bool) -> None:
    """All else is made from them; the next ingest is made to read everything again."""
    old = examine(alone).current
    assert old
    assert old.manifest
    (alone.generations / "000002" / MANIFEST).unlink()
    done = repair(alone, HashingEmbeddings, sources_there=sources_there)
    assert done.plan.kind is Kind.RESCUE
    assert "tutor ingest PATH" in done.plan.says  # which sources there were stood in the manifest
    whole(alone, "000003")
    new = examine(alone).current
    assert new
    assert new.manifest
    assert (new.manifest.counts, new.manifest.content_sha256) == (
        old.manifest.counts,
        old.manifest.content_sha256,
    )
    assert (new.manifest.versions.readers, new.manifest.splitter.target_tokens) == (0, 0)
    assert {f.path: f.sha256 for f in new.manifest.files if not f.path.startswith("chroma")} == {
        f.path: f.sha256 for f in old.manifest.files if not f.path.startswith("chroma")
    }


def test_after_a_rescue_an_ingest_reads_all_again(published: Settings, alone: Index) -> None:
    """And then the index is as good as new."""
    (alone.generations / "000002" / MANIFEST).unlink()
    repair(alone, HashingEmbeddings)
    settings = published.model_copy(update={"data_dir": alone.root.parent})
    report = ingest(settings, embeddings=HashingEmbeddings(), loader=in_process)
    assert (report.published, report.documents, report.unchanged) == (True, 4, 0)
    assert not ingest(settings, embeddings=HashingEmbeddings(), loader=in_process).published


def test_a_damaged_store_alone_is_for_the_sources(alone: Index) -> None:
    """An index reads no sources: it says that they have to be read, and does nothing."""
    _harm_text(alone)
    done = repair(alone, no_model, sources_there=True)
    assert (done.plan.kind, done.plan.own) == (Kind.INGEST, False)
    assert "Which sources" not in done.plan.says
    assert [p.name for p in alone.generations.iterdir()] == ["000002"]


def _harm_text(index: Index) -> None:
    """Change a letter of a passage, as a flipped bit would."""
    path = index.generations / "000002" / "store.sqlite"
    path.write_bytes(path.read_bytes().replace(b"northern roadmap takes", b"northern roadmap tales"))


def test_without_sources_either_it_says_so(alone: Index) -> None:
    """With the two ways that are left."""
    _harm_text(alone)
    todo = plan(alone, examine(alone), sources_there=False)
    assert todo.kind is Kind.HOPELESS
    assert "tutor index import FILE" in todo.says
    assert "tutor ingest --replace PATH" in todo.says


def test_documents_whose_passages_all_agree_are_a_last_resort(alone: Index) -> None:
    """Without sources, a store that is damaged where nothing is quoted is better than none."""
    with closing(sqlite3.connect(alone.generations / "000002" / "store.sqlite")) as db, db:
        db.execute("UPDATE files SET reason = 'x' WHERE rowid = 1")
    assert kind(alone, sources_there=True) is Kind.INGEST
    done = repair(alone, HashingEmbeddings, sources_there=False)
    assert done.plan.kind is Kind.RESCUE
    assert "not quite" in done.plan.says
    whole(alone, "000003")


def test_another_schema_is_read_anew_from_the_sources(alone: Index) -> None:
    """It is not damage: the sentence names both schemas."""
    path = alone.generations / "000002" / MANIFEST
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "schema_version": 1, "files": []}))
    (alone.root / "CURRENT").write_text("000002\n")
    found = examine(alone).current
    assert found
    assert (found.schema, found.whole) == (1, False)
    assert "has schema 1, this tutor reads 2" in found.outdated
    assert kind(alone, sources_there=True) is Kind.INGEST
    assert kind(alone, sources_there=False) is Kind.HOPELESS


def test_terms_of_another_version_are_made_anew(alone: Index) -> None:
    """No source is read and no vector computed for it."""
    folder = alone.generations / "000002"
    record = json.loads((folder / MANIFEST).read_text())
    record["versions"]["terms"] = 0
    (folder / MANIFEST).write_text(json.dumps(record))
    (alone.root / "CURRENT").write_text(f"000002 {manifest_sha256(folder)}\n")
    with pytest.raises(IndexMismatchError, match="another version"):
        alone.current()
    done = repair(alone, no_model)
    assert (done.plan.kind, done.plan.parts) == (Kind.REBUILD, {"lexical"})
    whole(alone, "000003")


def test_an_unfinished_first_ingest_is_no_index(index: Index) -> None:
    """Nothing is made of what a killed first ingest left; it is left to the next."""
    shutil.rmtree(index.generations / "000001")
    (index.generations / "000002" / MANIFEST).unlink()
    (index.root / "CURRENT").unlink()
    assert [one.role for one in examine(index).generations] == [Role.LEFT_OVER]
    assert kind(index, sources_there=True) is Kind.NOTHING
    with closing(sqlite3.connect(index.generations / "000002" / "store.sqlite")) as db:
        db.execute("DROP INDEX spans_by_chunk")  # the last thing that is written
        db.commit()
    assert store_problem(index.generations / "000002" / "store.sqlite").endswith("never finished")
    assert kind(index, sources_there=False) is Kind.NOTHING


def test_while_another_writes_nothing_is_repaired(index: Index) -> None:
    """The error names who, and looking still works and says the same."""
    spoil_part(index, "lexical")
    with index.writing():
        other = Index(index.root.parent)
        assert "process" in examine(other).writer
        with pytest.raises(IndexLockedError):
            repair(other, no_model)
    assert examine(index).writer == ""


def test_a_repair_that_fails_its_own_checks_publishes_nothing(index: Index) -> None:
    """The vectors that a model computes have to be found again; the folder is removed, the index stays."""

    class Confused(HashingEmbeddings):
        def _vector(self, text: str) -> Vectors:
            return np.zeros(256, np.float32)

    spoil_part(index, "vectors.f16")
    before = (index.root / "CURRENT").read_bytes()
    with pytest.raises(IndexDamagedError, match="does not find its own row"):
        repair(index, Confused)
    assert sorted(p.name for p in index.generations.iterdir()) == ["000001", "000002"]
    assert (index.root / "CURRENT").read_bytes() == before


def test_the_hash_of_the_contents_is_that_of_an_ingest(index: Index) -> None:
    """Two modules compute it: equal contents, equal hash."""
    generation = index.current()
    assert content_sha256(generation.store) == generation.manifest.content_sha256
    assert store_problem(generation.folder / "store.sqlite") == ""
    index.close()


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), file=st.sampled_from(["CURRENT", MANIFEST])
)
def test_any_flipped_bit_of_pointer_or_manifest_is_survived(
    index: Index, at: float, bit: int, file: str, tmp_path: Path
) -> None:
    """Looking and planning never fail, and something whole is served: there are two generations."""
    path = index.root / file if file == "CURRENT" else index.generations / "000002" / file
    good = path.read_bytes()
    data = bytearray(good)
    data[int(at * len(data))] ^= 1 << bit
    path.write_bytes(bytes(data))
    try:
        assert isinstance(plan(index, examine(index), sources_there=True).says, str)
        index.current().verify()
        index.close()
    finally:
        path.write_bytes(good)


def test_what_was_done_is_told(index: Index) -> None:
    """The plan that was carried out, and what is current now."""
    spoil_part(index, "lexical")
    done = repair(index, no_model)
    assert isinstance(done, Repaired)
    assert "lexical of generation 000002" in done.plan.says
    assert done.current == "000003"
