"""A generation: whole when it is opened, and damage is found, not served."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutor.embedding import EmbeddingIdentity, Vectors
from tutor.errors import IndexDamagedError, IndexMismatchError
from tutor.index import vectors
from tutor.index.generation import CANARIES, CHROMA, LEXICAL, SPAN_VECTORS, STORE, VECTORS, Generation
from tutor.index.integrity import records_of
from tutor.index.manifest import FILE, load_manifest
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.pipeline import ingest


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished generation; tests copy it before they damage it."""
    settings = small_settings(tmp_path_factory.mktemp("built"))
    write_corpus(settings.corpus_dir)
    ingest(settings, embeddings=HashingEmbeddings())
    return settings.data_dir / "index" / "generations" / "000001"


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "000001"))


@pytest.fixture(scope="module")
def generation(built: Path) -> Iterator[Generation]:
    opened = Generation(built)
    yield opened
    opened.close()


def test_a_whole_generation_verifies(generation: Generation) -> None:
    """Counts agree and every probed vector finds itself."""
    generation.verify()
    assert generation.name == "000001"


def test_both_searches_find_and_can_be_limited_to_documents(generation: Generation) -> None:
    """The dense and the lexical search give rows of the allowed documents only."""
    (south,) = [d.id for d in generation.store.summaries if d.path == "south.md"]
    rows = set(np.flatnonzero(np.array(generation.store.document_of_rows()) == south).tolist())
    vector = HashingEmbeddings().embed_query("salary roadmap")
    for found in (
        generation.dense(vector, 50, generation.rows_of([south])),
        generation.lexical_search(["salari", "roadmap"], 50, generation.rows_of([south])),
    ):
        assert found
        assert {row for row, _ in found} <= rows
    assert len(generation.dense(vector, 500)) == generation.manifest.counts.chunks
    for nobody in (generation.rows_of([]), generation.rows_of(["nobody"])):
        assert generation.dense(vector, 5, nobody) == []
        assert generation.lexical_search(["roadmap"], 5, nobody) == []


def test_a_spans_vector_is_most_similar_to_its_own_text(generation: Generation) -> None:
    """Span rows and span vectors are in step over the whole generation."""
    fake = HashingEmbeddings()
    for chunk in generation.store.all_chunks():
        document = generation.store.document(chunk.document_id)
        for span in generation.store.spans([chunk.row]):
            vector = np.array(fake.embed_query(document.text[span.start : span.end]), np.float32)
            assert generation.spans_similarity([span.row], vector)[0] == pytest.approx(1, abs=2e-3)


def test_the_model_that_made_the_index_may_search_it(generation: Generation) -> None:
    """Name, weights and dimension agree."""
    generation.check_model(HashingEmbeddings().identity)


@pytest.mark.parametrize(
    "other",
    [
        HashingEmbeddings(name="other").identity,
        HashingEmbeddings(dimension=64).identity,
        EmbeddingIdentity("hashing", "tampered", 256),
    ],
)
def test_another_model_is_refused_with_the_command_that_fixes_it(
    generation: Generation, other: EmbeddingIdentity
) -> None:
    """Name, dimension and hash each count."""
    with pytest.raises(IndexMismatchError, match="'hashing'") as caught:
        generation.check_model(other)
    assert "tutor ingest" in caught.value.help
    assert "TUTOR_EMBEDDING_MODEL" in caught.value.help


class Drifted(HashingEmbeddings):
    """Bears the same name, hash and dimension, but turns its vectors a little."""

    def _vector(self, text: str) -> Vectors:
        vector = super()._vector(text) + 0.05
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def test_the_model_that_made_the_index_makes_its_canaries_again(generation: Generation) -> None:
    """Half precision and a little noise do not matter."""
    generation.check_canaries(HashingEmbeddings())


@pytest.mark.parametrize("other", [Drifted(), HashingEmbeddings(dimension=64)])
def test_a_model_that_gives_other_vectors_is_refused_whatever_it_is_called(
    generation: Generation, other: HashingEmbeddings
) -> None:
    """Pooling, tokenizer or settings may have changed where name and hash have not."""
    with pytest.raises(IndexMismatchError, match="gives other vectors") as caught:
        generation.check_canaries(other)
    assert "tutor ingest --reread" in caught.value.help


def signed(folder: Path) -> None:
    """Write the hashes of a folder anew, so that only what the files say can give it away."""
    manifest = load_manifest(folder)
    manifest.model_copy(update={"files": records_of(folder)}).save(folder)


@pytest.mark.parametrize("rows", [slice(0, 7), slice(1, 8)])
def test_a_missing_vector_is_found(folder: Path, rows: slice) -> None:
    """One chunk without a vector would silently never be found again."""
    with Generation(folder) as opened:
        kept = np.asarray(opened.chunk_vectors[rows], np.float32)
    shutil.rmtree(folder / CHROMA)
    vectors.build(kept, folder / CHROMA)
    signed(folder)
    assert_damaged(folder, "vectors for")


def test_a_vector_under_another_row_is_found(folder: Path) -> None:
    """The count is right, and the rows are not."""
    with Generation(folder) as opened:
        turned = np.roll(np.asarray(opened.chunk_vectors, np.float32), 1, axis=0)
    shutil.rmtree(folder / CHROMA)
    vectors.build(turned, folder / CHROMA)
    signed(folder)
    assert_damaged(folder, "own row 0")


@pytest.mark.parametrize("what", ["documents", "chunks", "spans"])
def test_wrong_counts_are_found(folder: Path, what: str) -> None:
    """Each count of the manifest is compared with what is there."""
    record = json.loads((folder / FILE).read_text())
    record["counts"][what] += 1
    (folder / FILE).write_text(json.dumps(record))
    assert_damaged(folder, "its store holds")


def test_an_index_of_another_text_analysis_is_not_searched(folder: Path) -> None:
    """Its terms would not be those of a question."""
    record = json.loads((folder / FILE).read_text())
    record["versions"]["terms"] += 1
    (folder / FILE).write_text(json.dumps(record))
    with pytest.raises(IndexMismatchError, match="another version") as caught:
        Generation(folder)
    assert "tutor ingest" in caught.value.help


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        (STORE, Path.unlink),
        (STORE, empty),
        (VECTORS, Path.unlink),
        (VECTORS, cut),
        (CANARIES, Path.unlink),
        (CHROMA, shutil.rmtree),
        (LEXICAL, shutil.rmtree),
        (SPAN_VECTORS, Path.unlink),
        (SPAN_VECTORS, cut),
        (f"{CHROMA}/chroma.sqlite3", Path.unlink),
        (FILE, Path.unlink),
    ],
)
def test_a_lost_or_cut_file_is_damage(folder: Path, name: str, harm: Callable[[Path], object]) -> None:
    """Whichever file it is, opening or verifying says that the index is damaged and how to build it anew."""
    harm(folder / name)
    assert_damaged(folder, "000001")


def test_a_lexical_index_of_another_generation_is_damage(folder: Path, tmp_path: Path) -> None:
    """Its rows would be other chunks."""
    settings = small_settings(tmp_path / "other")
    write_corpus(settings.corpus_dir, {"a.md": "# A\n\nOne text.\n"})
    ingest(settings, embeddings=HashingEmbeddings())
    shutil.rmtree(folder / LEXICAL)
    shutil.copytree(settings.data_dir / "index" / "generations" / "000001" / LEXICAL, folder / LEXICAL)
    signed(folder)
    assert_damaged(folder, "rows")


def assert_damaged(folder: Path, reason: str) -> None:
    with pytest.raises(IndexDamagedError, match=reason) as caught, Generation(folder) as opened:
        opened.verify()
    assert "tutor doctor" in caught.value.help


def test_a_generation_is_read_where_nothing_may_be_written(folder: Path) -> None:
    """Opening and searching change no byte of it, so that its hashes hold and a read-only disk will do."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for _ in range(2):
        with Generation(folder) as opened:
            opened.verify()
            assert opened.dense(HashingEmbeddings().embed_query("roadmap"), 3)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_a_condition_lets_pass_is_worked_out_once(generation: Generation) -> None:
    """Rows of the documents that pass; the same condition costs no second look at them."""

    class Southern:
        asked = 0

        def allows(self, document_id: str, path: str, metadata: Mapping[str, Any]) -> bool:
            self.asked += 1
            return path == "south.md"

    southern = Southern()
    (south,) = [d.id for d in generation.store.summaries if d.path == "south.md"]
    for _ in range(2):
        assert generation.chosen(southern).tolist() == generation.rows_of([south]).tolist() != []
    assert southern.asked == len(generation.store.summaries)


def test_an_exact_search_agrees_with_chroma(generation: Generation) -> None:
    """Limited to all documents it gives the same rows and, but for rounding, the same similarities."""
    vector = HashingEmbeddings().embed_query("how long does the northern roadmap take")
    everything = generation.rows_of([summary.id for summary in generation.store.summaries])
    exact, found = generation.dense(vector, 8, everything), generation.dense(vector, 8)
    assert [score for _, score in exact] == pytest.approx([score for _, score in found], abs=1e-3)
    rows = [row for row, _ in found]
    assert generation.similarity(rows, np.array(vector, np.float32)) == pytest.approx(
        [score for _, score in found], abs=1e-3
    )
