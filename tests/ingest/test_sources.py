"""Which files are read, and under which names."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import ReadError, SourceError
from tutor.index.manifest import SourceRecord
from tutor.testing import write_corpus
from tutor_ingest.load import load, refusal
from tutor_ingest.sources import files, resolve


def record(path: Path, corpus: bool = False) -> SourceRecord:
    return SourceRecord(path=str(path), corpus=corpus)


def relative(*roots: Path) -> list[str]:
    return [file.relative for file in files([record(root) for root in roots])]


def test_a_folder_is_walked_in_a_fixed_order(tmp_path: Path) -> None:
    """Names in order, subfolders after the files beside them, with forward slashes."""
    write_corpus(tmp_path, dict.fromkeys(("b.md", "a/z.md", "a/b/c.txt", "A.md", "c/a.md"), "x"))
    assert relative(tmp_path) == ["A.md", "b.md", "a/z.md", "a/b/c.txt", "c/a.md"]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    """Whatever begins with a dot is not the author's text; a hidden folder that is named is read."""
    write_corpus(
        tmp_path, dict.fromkeys((".git/a.md", ".hidden.md", "a/.b/c.md", "shown.md", ".notes/n.md"), "x")
    )
    assert relative(tmp_path) == ["shown.md"]
    assert relative(tmp_path / ".notes") == ["n.md"]


def test_tutorignore_leaves_files_out_as_gitignore_does(tmp_path: Path) -> None:
    """Patterns, folders, comments and exceptions, also after a byte order mark."""
    names = ("a.md", "drafts/b.md", "c.tmp.md", "keep.tmp.md", "x/drafts/d.md", "x/y.md")
    write_corpus(
        tmp_path,
        {**dict.fromkeys(names, "x"), ".tutorignore": "\ufeff*.tmp.md\n# drafts\n/drafts/\n!keep.tmp.md\n"},
    )
    assert relative(tmp_path) == ["a.md", "keep.tmp.md", "x/y.md", "x/drafts/d.md"]


@pytest.mark.parametrize("content", [b"!\n", b"\xff\xfe\n"])
def test_a_tutorignore_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    """Reading what was meant to be ignored would be worse."""
    (tmp_path / ".tutorignore").write_bytes(content)
    with pytest.raises(SourceError, match=r"\.tutorignore"):
        files([record(tmp_path)])


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    """Its relative path is its name."""
    write_corpus(tmp_path, {"a.md": "x", "b.md": "x"})
    (file,) = files([record(tmp_path / "a.md")])
    assert (file.relative, file.path) == ("a.md", tmp_path / "a.md")


def test_ids_depend_on_names_not_on_where_the_folder_lies(tmp_path: Path) -> None:
    """A corpus that is moved or checked out elsewhere keeps its document ids."""
    first, second = (write_corpus(tmp_path / name, {"a.md": "x", "s/b.md": "y"}) for name in ("one", "two"))
    assert [f.document_id for f in files([record(first, corpus=True)])] == [
        f.document_id for f in files([record(second, corpus=True)])
    ]


def test_two_roots_with_one_name_keep_their_files_apart(tmp_path: Path) -> None:
    """Both have `notes/a.md`; each document has an id of its own."""
    roots = [write_corpus(tmp_path / parent / "notes", {"a.md": parent}) for parent in ("x", "y")]
    found = files([record(root) for root in roots])
    assert [file.relative for file in found] == ["a.md", "a.md"]
    assert len({file.document_id for file in found}) == 2


def test_a_root_called_corpus_is_not_the_corpus(tmp_path: Path) -> None:
    """An added folder of that name and a corpus of another name keep their files apart."""
    kb, other = (write_corpus(tmp_path / name, {"a.md": "x"}) for name in ("kb", "other/corpus"))
    ids = {file.document_id for file in files([record(kb, corpus=True), record(other)])}
    assert len(ids) == 2


def test_a_file_in_two_sources_is_read_once(tmp_path: Path) -> None:
    """The first source has it: a folder, its subfolder and its file do not make three documents."""
    write_corpus(tmp_path / "c", {"a.md": "x", "c/d.md": "y"})
    assert relative(tmp_path / "c", tmp_path / "c" / "c", tmp_path / "c" / "a.md") == ["a.md", "c/d.md"]


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_unicode_can_be_shown(tmp_path: Path) -> None:
    """Its relative path can be printed and stored, and names that look alike then keep ids of their own."""
    for name in (b"\xff.md", b"\xfe.md"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x")
    found = files([record(tmp_path)])
    assert [file.relative for file in found] == ["?.md", "?.md"]
    assert all(file.path.read_text() == "x" for file in found)
    assert len({file.document_id for file in found}) == 2


@pytest.mark.skipif(os.name == "nt", reason="such characters are not allowed there")
def test_a_name_that_could_rewrite_a_terminal_is_shown_otherwise(tmp_path: Path) -> None:
    """Line breaks, bells and what turns the direction of writing, but not other scripts."""
    for name in ("a\nb.md", "c\x1b[2Jd.md", "e\u202ef.md", "שלום 🦊.md"):
        (tmp_path / name).write_text("x")
    assert sorted(relative(tmp_path)) == ["a?b.md", "c?[2Jd.md", "e?f.md", "שלום 🦊.md"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_to_a_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    """It may lead back to where it lies; one that is ignored or hidden is not named either."""
    write_corpus(tmp_path, {"a/b.md": "x", ".tutorignore": "/old/\n"})
    for name in ("a/up", "old", ".hidden", "z"):
        (tmp_path / name).symlink_to(tmp_path)
    found = {file.relative: file.problem for file in files([record(tmp_path)])}
    problem = "is a link to a folder; name that folder itself"
    assert found == {"z": problem, "a/b.md": "", "a/up": problem}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes there")
def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path) -> None:
    """Whatever its suffix: to open it would be to wait for its other end."""
    for name in ("a.md", "b.zip", "c.pdf"):
        os.mkfifo(tmp_path / name)
    found = files([record(tmp_path)])
    assert [refusal(file.path, file.member) for file in found] == ["is no regular file"] * 3


def test_without_paths_the_corpus_and_what_was_added_are_read(tmp_path: Path) -> None:
    """A corpus of former settings is not."""
    corpus, old, added = (write_corpus(tmp_path / name, {"a.md": "x"}) for name in ("corpus", "old", "added"))
    known = [record(old, corpus=True), record(added)]
    assert resolve(corpus, [], known, replace=False) == [record(corpus, corpus=True), record(added)]
    assert resolve(corpus, [], known, replace=True) == [record(corpus, corpus=True), record(added)]


def test_paths_join_what_was_known_or_replace_it(tmp_path: Path) -> None:
    """A path that is named twice is there once."""
    corpus, added, new = (write_corpus(tmp_path / name, {"a.md": "x"}) for name in ("corpus", "added", "new"))
    known = [record(corpus, corpus=True), record(added)]
    assert resolve(corpus, [new, new], known, replace=False) == [*known, record(new)]
    assert resolve(corpus, [new, added], known, replace=True) == [record(new), record(added)]


def test_naming_a_known_source_again_changes_nothing(tmp_path: Path) -> None:
    """The corpus stays the corpus, and in its place, so that its documents keep their ids and order."""
    corpus, added = (write_corpus(tmp_path / name, {"a.md": "x"}) for name in ("corpus", "added"))
    known = [record(corpus, corpus=True), record(added)]
    assert resolve(corpus, [corpus], known, replace=False) == known


def test_a_path_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    """Also a corpus folder that is missing and a source that has gone since."""
    missing = tmp_path / "missing"
    for attempt in (
        lambda: resolve(tmp_path, [missing], [], replace=False),
        lambda: resolve(missing, [], [], replace=False),
        lambda: files([record(missing)]),
    ):
        with pytest.raises(SourceError, match="missing does not exist"):
            attempt()


NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=4)


@given(paths=PATHS)
def test_document_ids_never_clash(tmp_path_factory: pytest.TempPathFactory, paths: list[str]) -> None:
    """However roots are nested and named, one file is one document with an id of its own."""
    root = tmp_path_factory.mktemp("roots")
    write_corpus(
        root, {f"{path}/{name}.md": "x" for path in ["a", "b", "a/a", *paths] for name in ("m", "n")}
    )
    found = files([record(root / "a", corpus=True), *(record(root / path) for path in paths)])
    assert len({file.document_id for file in found}) == len({file.path for file in found}) == len(found)


def archive(path: Path, *names: str) -> Path:
    """A ZIP archive with files of these names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return path


def test_an_archive_is_walked_as_a_folder(tmp_path: Path) -> None:
    """Its files stand where it stands, each with its name in the archive and an id of its own."""
    write_corpus(tmp_path, dict.fromkeys(("a.md", "c.md", "d/e.md"), "x"))
    path = archive(tmp_path / "b.ZIP", "z.md", "inner/y.md", ".hidden.md")
    found = files([record(tmp_path)])
    assert [(file.relative, file.member) for file in found] == [
        ("a.md", ""),
        ("b.ZIP/z.md", "z.md"),
        ("b.ZIP/inner/y.md", "inner/y.md"),
        ("c.md", ""),
        ("d/e.md", ""),
    ]
    assert [file.path for file in found[1:3]] == [path, path]
    assert len({file.document_id for file in found}) == 5


def test_an_archive_that_is_unpacked_in_its_place_keeps_its_ids(tmp_path: Path) -> None:
    """A folder of its name, in a corpus, holds the same documents."""
    archive(tmp_path / "one" / "a.zip", "b/c.md", "d.md")
    write_corpus(tmp_path / "two", dict.fromkeys(("a.zip/b/c.md", "a.zip/d.md"), "x"))
    one, two = (files([record(tmp_path / name, corpus=True)]) for name in ("one", "two"))
    assert [(f.relative, f.document_id) for f in one] == [(f.relative, f.document_id) for f in two]


def test_an_archive_can_be_named_as_a_source(tmp_path: Path) -> None:
    """Its files bear its name; in a second source they are not read again."""
    path = archive(tmp_path / "a.zip", "b.md")
    assert relative(path) == ["a.zip/b.md"]
    assert relative(path, tmp_path) == ["a.zip/b.md"]


def test_tutorignore_reaches_into_archives(tmp_path: Path) -> None:
    """Patterns apply to the paths within, and to whole archives."""
    write_corpus(tmp_path, {".tutorignore": "drafts/\n*.tmp.md\n/a.zip/x.md\nold.zip\n"})
    archive(tmp_path / "a.zip", "drafts/a.md", "b.tmp.md", "x.md", "y/x.md")
    archive(tmp_path / "old.zip", "a.md")
    archive(tmp_path / "s" / "drafts" / "b.zip", "a.md")
    assert relative(tmp_path) == ["a.zip/y/x.md"]


@pytest.mark.parametrize("broken", [True, False])
def test_an_archive_without_files_stands_for_itself(tmp_path: Path, broken: bool) -> None:
    """So that it is reported, with the reason that reading it gives."""
    path = archive(tmp_path / "a.zip")
    if broken:
        path.write_bytes(b"no archive")
    (file,) = files([record(tmp_path)])
    assert (file.path, file.relative, file.member) == (path, "a.zip", "")
    with pytest.raises(ReadError, match="not a readable ZIP archive" if broken else "holds no files"):
        load(file.path, file.relative, file.document_id, file.member)
