"""A backup restored elsewhere finds the same, and nothing that is not a whole backup is taken for one."""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
import tarfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tutor.config import Settings
from tutor.errors import (
    IndexDamagedError,
    IndexLockedError,
    IndexMismatchError,
    NoIndexError,
    SourceError,
    TutorError,
)
from tutor.index import backup
from tutor.index.backup import export, import_
from tutor.index.library import Index
from tutor.retrieval.retriever import Retriever
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest

WORDS = (
    *("model", "data", "loss", "train", "test", "graph", "matrix", "vector", "search"),
    *("index", "token", "layer", "weight", "batch", "epoch", "label", "class", "rate"),
)


def passages(seed: int, count: int) -> dict[str, str]:
    """Documents of made-up sentences, each section a passage of its own."""
    made = random.Random(seed)
    return {
        f"{number:03}.md": "\n\n".join(
            f"# Topic {number}\n\n" if part == 0 else f"## Part {part}\n\n" + " ".join(
                f"The {' '.join(made.choices(WORDS, k=8))} is {made.randrange(10_000)}." for _ in range(3)
            )
            for part in range(6)
        )
        for number in range(count)
    }  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An index of a few hundred passages."""
    settings = small_settings(tmp_path_factory.mktemp("published"))
    write_corpus(settings.corpus_dir, passages(7, 60))
    assert ingest(settings, embeddings=HashingEmbeddings(), loader=in_process).chunks >= 300
    return settings


@pytest.fixture
def source(published: Settings) -> Index:
    return Index(published.data_dir)


@pytest.fixture
def target(tmp_path: Path) -> Index:
    return Index(tmp_path / "elsewhere")


@pytest.fixture
def file(source: Index, tmp_path: Path) -> Path:
    """A backup, uncompressed so that it can be taken apart."""
    return export(source, tmp_path / "backup.tar").file


def top_ten(index: Index, queries: list[str]) -> list[Any]:
    """The ten best passages of each query, with all their scores."""
    retriever = Retriever(index=index, embeddings=HashingEmbeddings(), k=10)
    with closing(index):
        return [retriever.find(q, k=10, generation=index.current()).passages for q in queries]


@pytest.mark.parametrize("name", ["backup.tar.gz", "backup.tgz", "backup.tar"])
def test_restored_elsewhere_a_hundred_queries_find_the_same_ten(
    source: Index, target: Index, tmp_path: Path, name: str
) -> None:
    """The same passages in the same order with the same scores of each search."""
    done = export(source, tmp_path / name)
    assert (done.generation, done.bytes) == ("000001", (tmp_path / name).stat().st_size)
    restored = import_(target, tmp_path / name, identity=HashingEmbeddings().identity)
    assert (restored.generation, restored.exported_as, restored.previous) == ("000001", "000001", "")
    made = random.Random(1)
    queries = [" ".join(made.choices(WORDS, k=made.randrange(1, 7))) + "?" for _ in range(100)]
    assert top_ten(target, queries) == top_ten(source, queries)


def test_equal_generations_give_equal_files(source: Index, tmp_path: Path) -> None:
    """Neither the time nor the person is in it; compressed it is smaller."""
    one, two = export(source, tmp_path / "one.tar.gz").file, export(source, tmp_path / "two.tar.gz").file
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        assert {(m.uid, m.gid, m.uname, m.gname, m.mode) for m in archive} == {(0, 0, "", "", 0o644)}
    assert one.stat().st_size < export(source, tmp_path / "plain.tar").bytes


def test_what_was_current_stays_for_roll_back(source: Index, target: Index, file: Path) -> None:
    """An import is a publication like any other, under a number of its own; the manifest bears it."""
    import_(target, file)
    again = import_(target, file)
    assert (again.generation, again.previous, again.manifest.generation) == ("000002", "000001", "000002")
    assert target.current().manifest == again.manifest
    assert target.current().manifest.sources == source.current().manifest.sources
    assert target.roll_back() == "000001"
    target.current().verify()
    target.close()
    source.close()


def test_an_import_makes_a_damaged_index_whole(published: Settings, file: Path, target: Index) -> None:
    """Whatever was there before."""
    shutil.copytree(published.data_dir, target.root.parent)
    (target.generations / "000001" / "store.sqlite").write_bytes(b"")
    (target.root / "CURRENT").write_text("?")
    import_(target, file)
    assert (target.current().name, target.problem) == ("000002", "")
    target.close()


def test_the_generation_before_can_be_exported_too(
    source: Index, target: Index, file: Path, tmp_path: Path
) -> None:
    """By its name; one that is not there is refused by name."""
    import_(target, file)
    import_(target, file)
    assert export(target, tmp_path / "before.tar", name="000001").generation == "000001"
    with pytest.raises(NoIndexError, match="'000009'"):
        export(target, tmp_path / "no.tar", name="000009")
    with pytest.raises(NoIndexError):
        export(target, tmp_path / "no.tar", name="../..")


def test_a_file_is_overwritten_only_on_request(source: Index, tmp_path: Path) -> None:
    """The line says how."""
    file = tmp_path / "backup.tar"
    file.write_text("something dear")
    with pytest.raises(TutorError, match="already exists") as caught:
        export(source, file)
    assert "--force" in caught.value.help
    assert file.read_text() == "something dear"
    assert export(source, file, force=True).bytes == file.stat().st_size


@pytest.mark.parametrize(
    ("name", "problem"), [("no/such/folder/b.tar", "is not a folder"), (".", "is a folder")]
)
def test_a_place_that_cannot_be_written_is_one_line(
    source: Index, tmp_path: Path, name: str, problem: str
) -> None:
    """Before anything is read."""
    with pytest.raises(TutorError, match=problem):
        export(source, tmp_path / name)


def test_nothing_to_export_is_one_line(target: Index, tmp_path: Path) -> None:
    """Before the first ingest."""
    with pytest.raises(NoIndexError, match="no current generation"):
        export(target, tmp_path / "backup.tar")
    assert not list(tmp_path.glob("backup*"))


def test_a_damaged_generation_is_not_exported(published: Settings, target: Index, tmp_path: Path) -> None:
    """A backup of it would be worth nothing; no file is left."""
    shutil.copytree(published.data_dir, target.root.parent)
    with (target.generations / "000001" / "spans.f16").open("r+b") as file:
        file.write(b"?")
    with pytest.raises(IndexDamagedError, match=r"spans\.f16") as caught:
        export(target, tmp_path / "backup.tar")
    assert "--repair" in caught.value.help
    assert [p.name for p in tmp_path.iterdir()] == ["elsewhere"]


def test_another_model_is_refused_before_anything_is_written(target: Index, file: Path) -> None:
    """By name, by weights and by dimension."""
    own = HashingEmbeddings().identity
    for other in (replace(own, name="other"), replace(own, sha256="x"), replace(own, dimension=64)):
        with pytest.raises(IndexMismatchError, match="'hashing' \\(256 dimensions\\)") as caught:
            import_(target, file, identity=other)
        assert ("weights are others" in str(caught.value)) == (other.name == "hashing")
    assert not target.generations.exists()


def test_a_file_that_is_not_there_is_one_line(target: Index, tmp_path: Path) -> None:
    """Nor is a folder a backup."""
    for name in ("none.tar", "."):
        with pytest.raises(SourceError, match="cannot be read"):
            import_(target, tmp_path / name)


def test_while_another_writes_nothing_is_imported(target: Index, file: Path) -> None:
    """The writer is named."""
    with target.writing(), pytest.raises(IndexLockedError, match="process"):
        import_(Index(target.root.parent), file)


def test_without_room_nothing_is_written(target: Index, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says how much is missing."""
    monkeypatch.setattr(backup, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(TutorError, match="MB are free"):
        import_(target, file)
    assert not target.generations.exists()


def nothing(data: bytes) -> bytes:
    return b""


def noise(data: bytes) -> bytes:
    return random.Random(3).randbytes(5000)


def text(data: bytes) -> bytes:
    return b"This is no archive.\n" * 100


def zip_file(data: bytes) -> bytes:
    return b"PK\x03\x04" + data


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def half_compressed(data: bytes) -> bytes:
    packed = gzip.compress(data)
    return packed[: len(packed) // 2]


def garbled_compressed(data: bytes) -> bytes:
    packed = bytearray(gzip.compress(data))
    packed[len(packed) // 2] ^= 1
    return bytes(packed)


def without_its_end(data: bytes) -> bytes:
    return data[:-20_000]


@pytest.mark.parametrize(
    "change",
    [nothing, noise, text, zip_file, half, half_compressed, garbled_compressed, without_its_end],
)
def test_what_is_no_whole_archive_is_one_line(
    target: Index, file: Path, change: Callable[[bytes], bytes]
) -> None:
    """Cut short anywhere or no archive at all: the index stays as it was, and no folder is left."""
    import_(target, file)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(IndexDamagedError, match=r"backup\.tar is no whole backup") as caught:
        import_(target, file)
    assert "\n" not in caught.value.line
    assert [p.name for p in target.generations.iterdir()] == ["000001"]
    assert target.current().name == "000001"
    target.close()


@pytest.mark.parametrize("at", [0.02, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_flipped_bit_anywhere_is_found(target: Index, file: Path, at: float) -> None:
    """Each file is compared with its hash, the manifest with the files."""
    data = bytearray(file.read_bytes())
    with tarfile.open(file) as archive:
        contents = [range(m.offset_data, m.offset_data + m.size) for m in archive if m.size]
    place = int(at * len(data))
    place = min((p for r in contents for p in (r[0], r[-1], place) if p in r), key=lambda p: abs(p - place))
    data[place] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises((IndexDamagedError, IndexMismatchError)):
        import_(target, file)
    assert target.current_name() is None


Members = list[tuple[tarfile.TarInfo, bytes]]


def repacked(file: Path, change: Callable[[Members], None]) -> None:
    """Take a backup apart, change it, put it together again."""
    with tarfile.open(file) as archive:
        members: Members = [(m, archive.extractfile(m).read()) for m in archive]  # type: ignore[union-attr]
    change(members)
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        for member, data in members:
            archive.addfile(member, io.BytesIO(data))


def rewritten(members: Members, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the manifest."""
    record = json.loads(members[0][1])
    change(record)
    data = json.dumps(record).encode()
    members[0][0].size = len(data)
    members[0] = (members[0][0], data)


def a_file_more(members: Members) -> None:
    extra = tarfile.TarInfo("extra")
    extra.size = 1
    members.append((extra, b"x"))


def a_file_less(members: Members) -> None:
    members.pop()


def another_order(members: Members) -> None:
    members[1], members[2] = members[2], members[1]


def no_manifest(members: Members) -> None:
    members.pop(0)


def a_link(members: Members) -> None:
    members[1][0].type, members[1][0].linkname, members[1][0].size = tarfile.SYMTYPE, "/etc/passwd", 0


def a_hard_link(members: Members) -> None:
    members[1][0].type, members[1][0].linkname, members[1][0].size = tarfile.LNKTYPE, "manifest.json", 0


def a_device(members: Members) -> None:
    members[1][0].type, members[1][0].size = tarfile.CHRTYPE, 0


def renamed_to(name: str) -> Callable[[Members], None]:
    """Both the archive and its manifest name a file elsewhere."""

    def rename(members: Members) -> None:
        rewritten(members, lambda record: record["files"][0].update(path=name))
        members[1][0].name = name

    rename.__name__ = f"renamed_to_{name!r}"
    return rename


def another_size(members: Members) -> None:
    rewritten(members, lambda record: record["files"][0].update(bytes=7))


def the_same_twice(members: Members) -> None:
    rewritten(members, lambda record: record["files"].append(record["files"][0]))


def fields_of_its_own(members: Members) -> None:
    rewritten(members, lambda record: record.update(more=1))


def no_json(members: Members) -> None:
    members[0][0].size = 3
    members[0] = (members[0][0], b"\xff{]")


def a_list(members: Members) -> None:
    members[0][0].size = 2
    members[0] = (members[0][0], b"[]")


def very_deep(members: Members) -> None:
    members[0][0].size = 200_000
    members[0] = (members[0][0], b"[" * 200_000)


def other_counts(members: Members) -> None:
    rewritten(members, lambda record: record["counts"].update(chunks=3))


@pytest.mark.parametrize(
    "change",
    [
        *(a_file_more, a_file_less, another_order, no_manifest, a_link, a_hard_link, a_device, another_size),
        *(the_same_twice, fields_of_its_own, no_json, a_list, very_deep, other_counts),
        *map(
            renamed_to,
            ("/tmp/evil", "../evil", "chroma/../../evil", "C:\\evil", "manifest.json", "", "a\0b", "a:b"),
        ),
    ],
)
def test_an_archive_of_anything_else_is_refused(
    target: Index, file: Path, tmp_path: Path, change: Callable[[Members], None]
) -> None:
    """Nothing is written outside the new folder, which goes again; the line says what is not right."""
    repacked(file, change)
    with pytest.raises(IndexDamagedError):
        import_(target, file)
    assert not target.generations.exists() or not list(target.generations.iterdir())
    assert sorted(p.name for p in tmp_path.iterdir()) in (["backup.tar"], ["backup.tar", "elsewhere"])


def test_another_schema_is_told_from_damage(target: Index, file: Path) -> None:
    """The line names both schemas and what to do."""
    repacked(file, lambda members: rewritten(members, lambda record: record.update(schema_version=1)))
    with pytest.raises(IndexMismatchError, match=r"schema 1, this tutor reads 2") as caught:
        import_(target, file)
    assert "tutor ingest" in caught.value.help


def test_a_header_that_claims_any_length_is_not_read(target: Index, tmp_path: Path) -> None:
    """An extended header of gigabytes, which compresses to kilobytes, does not fill the memory."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    file = tmp_path / "bomb.tar.gz"
    with gzip.open(file, "wb", 1) as packed:
        packed.write(header.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(64):
            packed.write(bytes(1 << 20))
    with pytest.raises(IndexDamagedError, match="no whole backup"):
        import_(target, file)
