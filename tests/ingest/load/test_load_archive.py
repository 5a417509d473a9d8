"""Archives are read as folders, and none can do more harm than a folder."""

from __future__ import annotations

import os
import re
import stat
import struct
import time
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tutor.errors import ReadError
from tutor_ingest.load import load
from tutor_ingest.load.archive import members, problem, read_member
from tutor_ingest.load.isolated import IsolatedReader
from tutor_ingest.load.request import Request

MIB = 1024**2


def write(path: Path, files: Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    """An archive of these files, compressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(name, data)
    return path


def patched(path: Path, old: bytes, new: bytes) -> Path:
    """The archive with bytes of its headers replaced."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


def directory_entry(path: Path, offset: int, form: str, value: int) -> Path:
    """The archive with one number in the first entry of its directory replaced."""
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, data.index(b"PK\x01\x02") + offset, value)
    path.write_bytes(data)
    return path


def test_files_come_in_the_order_in_which_a_folder_is_walked(tmp_path: Path) -> None:
    """Names in order, subfolders after the files beside them; folders themselves are not named."""
    names = ("b.md", "a/z.md", "a/", "a/b/c.txt", "A.md", "c/a.md", "empty/")
    path = write(tmp_path / "a.zip", dict.fromkeys(names, b""))
    assert members(path) == ["A.md", "b.md", "a/z.md", "a/b/c.txt", "c/a.md"]


def test_hidden_files_and_what_macs_add_are_left_out(tmp_path: Path) -> None:
    """As in a folder."""
    names = (".git/a.md", ".hidden.md", "a/.b/c.md", "shown.md", "__MACOSX/._shown.md", "a/__MACOSX/b.md")
    assert members(write(tmp_path / "a.zip", dict.fromkeys(names, b"x"))) == ["shown.md"]


def test_names_that_lead_out_of_the_archive_are_left_out(tmp_path: Path) -> None:
    """Absolute ones, those with drives or `..`, also with backslashes; and those too long to be a path."""
    names = ("/a.md", "../a.md", "a/../../b.md", "C:\\a.md", "c:a.md", "\\\\host\\a.md", "x\\..\\..\\y.md")
    unsafe = dict.fromkeys((*names, "n" * 1001), b"x")
    assert members(write(tmp_path / "a.zip", {**unsafe, "fine.md": b"x"})) == ["fine.md"]


def test_a_name_with_a_nul_is_left_out(tmp_path: Path) -> None:
    """What comes after it would be hidden from some programs and not from others."""
    path = patched(write(tmp_path / "a.zip", {"aXb.md": b"x", "c.md": b"y"}), b"aXb.md", b"a\0b.md")
    assert members(path) == ["c.md"]


def test_names_are_normalised(tmp_path: Path) -> None:
    """Backslashes of Windows, a leading `./` and doubled slashes."""
    path = write(tmp_path / "a.zip", {"a\\b.md": b"1", "./c/./d.md": b"2", "e//f.md": b"3"})
    assert members(path) == ["a/b.md", "c/d.md", "e/f.md"]
    assert [read_member(path, name) for name in members(path)] == [b"1", b"2", b"3"]


def test_links_are_left_out(tmp_path: Path) -> None:
    """Their bytes are the path of another file."""
    link = zipfile.ZipInfo("link.md")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    assert members(write(tmp_path / "a.zip", [(link, b"/etc/passwd"), ("a.md", b"x")])) == ["a.md"]


@pytest.mark.parametrize(
    ("written", "stored", "name"),
    [
        ("café.md", None, "café.md"),
        ("cafX.md", b"caf\x82.md", "café.md"),
        ("cafXY.md", b"caf\xc3\xa9.md", "café.md"),
    ],
    ids=["flagged as UTF-8", "CP437", "UTF-8 without the flag"],
)
def test_names_in_each_encoding_are_understood(
    tmp_path: Path, written: str, stored: bytes | None, name: str
) -> None:
    """The format knows two, and many programs write the second without saying so."""
    path = write(tmp_path / "a.zip", {written: b"x"})
    if stored:
        patched(path, written.encode(), stored)
    assert members(path) == [name]
    assert read_member(path, name) == b"x"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_of_one_name_the_last_counts(tmp_path: Path) -> None:
    """As when an archive is unpacked, also where only the spelling of the path differs."""
    path = write(tmp_path / "a.zip", [("a.md", b"1"), ("a.md", b"2"), ("b/c.md", b"3"), ("b\\c.md", b"4")])
    assert members(path) == ["a.md", "b/c.md"]
    assert [read_member(path, name) for name in members(path)] == [b"2", b"4"]


def test_a_broken_archive_says_so(tmp_path: Path) -> None:
    """Cut short, empty, something else, or with a damaged directory; a pipe and a missing file too."""
    whole = write(tmp_path / "whole.zip", {"a.md": b"Text." * 100}).read_bytes()
    bad_name = patched(write(tmp_path / "name.zip", {"é.md": b"x"}), "é".encode(), b"\xff\xfe").read_bytes()
    path = tmp_path / "a.zip"
    for data in (
        whole[:-10],
        whole[: len(whole) // 2],
        b"",
        b"no archive",
        whole.replace(b"PK\1\2", b"PK\1\3"),
        bad_name,
    ):
        path.write_bytes(data)
        with pytest.raises(ReadError, match=r"^is not a readable ZIP archive$"):
            members(path)
        with pytest.raises(ReadError, match=r"^is not a readable ZIP archive$"):
            read_member(path, "a.md")
    for attempt in (lambda path: members(path), lambda path: read_member(path, "a.md")):
        with pytest.raises(ReadError, match=r"^cannot be opened: No such file"):
            attempt(tmp_path / "gone.zip")


@pytest.mark.parametrize(
    ("holds", "kind"),
    [
        ("word/document.xml", "a Word document (.docx)"),
        ("xl/workbook.xml", "an Excel workbook (.xlsx)"),
        ("META-INF/container.xml", "an EPUB book (.epub)"),
    ],
)
def test_a_document_that_is_an_archive_inside_is_not_walked(tmp_path: Path, holds: str, kind: str) -> None:
    """Under the name of an archive it would be a dozen files that nobody knows."""
    path = write(tmp_path / "a.zip", {"[Content_Types].xml": b"<a/>", holds: b"<a/>", "readme.md": b"x"})
    with pytest.raises(ReadError, match=f"^is {re.escape(kind)} under another name$"):
        members(path)


@pytest.mark.skipif(os.name == "nt", reason="no named pipes")
def test_a_pipe_is_no_archive(tmp_path: Path) -> None:
    """Opening it would wait for somebody to write."""
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(ReadError, match=r"^is no regular file$"):
        members(tmp_path / "a.zip")


def test_an_encrypted_archive_says_so(tmp_path: Path) -> None:
    """One encrypted file among those that would be read suffices."""
    path = directory_entry(write(tmp_path / "a.zip", {"a.md": b"x", "b.md": b"y"}), 8, "<H", 1)
    with pytest.raises(ReadError, match=r"^is encrypted$") as raised:
        members(path)
    assert "password" in raised.value.help


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    """Ten thousand are allowed."""
    path = write(tmp_path / "a.zip", {f"{number}": b"" for number in range(10_001)})
    with pytest.raises(ReadError, match=r"^holds 10,001 files, more than 10,000$"):
        members(path)


def test_a_directory_that_is_too_long_is_not_even_read(tmp_path: Path) -> None:
    """An archive can claim millions of files in as many bytes."""
    size, path = 9 * MIB, tmp_path / "a.zip"
    path.write_bytes(bytes(size) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0))
    with pytest.raises(ReadError, match=r"^has a directory of more than 8 MiB$"):
        members(path)


def test_an_archive_that_declares_too_much_is_refused(tmp_path: Path) -> None:
    """All its files together, also those that would be left out."""
    path = directory_entry(write(tmp_path / "a.zip", {".a": b"x", "b.md": b"y"}), 24, "<L", 1024**3 + 1)
    with pytest.raises(ReadError, match=r"^expands to more than 1 GiB$"):
        members(path)


def test_a_bomb_is_known_by_its_ratio(tmp_path: Path) -> None:
    """Text that repeats itself is packed well, but not like this."""
    path = write(tmp_path / "a.zip", {"a.txt": bytes(20 * MIB)})
    with pytest.raises(
        ReadError, match=r"^expands to more than 200 times its size, as no honest archive does$"
    ):
        members(path)
    repeated = b"".join(b"%d The same sentence once more.\n" % number for number in range(600_000))
    assert members(write(tmp_path / "b.zip", {"a.txt": repeated})) == ["a.txt"]


def test_a_file_is_never_unpacked_beyond_the_limit(tmp_path: Path) -> None:
    """Neither if it says how large it is nor if it says less."""
    path = write(tmp_path / "a.zip", {"a.txt": bytes(3 * MIB)})
    with pytest.raises(ReadError, match=r"^is larger than 2 MiB$"):
        read_member(path, "a.txt", 2 * MIB)
    assert len(read_member(path, "a.txt", 3 * MIB)) == 3 * MIB
    directory_entry(path, 24, "<L", 100)
    os.utime(path, ns=(1, 1))
    with pytest.raises(ReadError, match=r"^cannot be unpacked: Bad CRC-32"):
        read_member(path, "a.txt", 2 * MIB)


def test_a_damaged_file_costs_itself_only(tmp_path: Path) -> None:
    """The others of its archive are read."""
    noise = bytes(number * number % 251 for number in range(1000))
    path = write(tmp_path / "a.zip", {"a.md": noise, "b.md": b"Text."})
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(ReadError, match=r"^cannot be unpacked"):
        read_member(path, "a.md")
    assert read_member(path, "b.md") == b"Text."


def test_a_compression_that_is_not_known_is_named(tmp_path: Path) -> None:
    """Explorer packs large files with one of its own."""
    path = directory_entry(write(tmp_path / "a.zip", {"a.md": b"Text." * 100}), 10, "<H", 9)
    with pytest.raises(ReadError, match=r"^cannot be unpacked: .*compression"):
        read_member(path, "a.md")


def test_an_archive_that_changes_is_opened_anew(tmp_path: Path) -> None:
    """The directory that was kept is that of the archive as it was."""
    path = write(tmp_path / "a.zip", {"a.md": b"one", "b.md": b"two"})
    assert read_member(path, "a.md") == b"one"
    write(path, {"a.md": b"another"})
    assert read_member(path, "a.md") == b"another"
    with pytest.raises(ReadError, match=r"^is no longer in the archive$"):
        read_member(path, "b.md")


def test_reading_all_files_takes_time_in_proportion_to_their_number(tmp_path: Path) -> None:
    """The directory is read once, not once for every file."""
    path = write(tmp_path / "a.zip", {f"{number}.md": b"x" for number in range(4_000)})
    names = members(path)
    begun = time.monotonic()
    assert all(read_member(path, name) == b"x" for name in names)
    assert time.monotonic() - begun < 10  # anew for each file it would be minutes


def test_a_member_is_loaded_as_a_file_is(tmp_path: Path) -> None:
    """Its own name gives format and title, its own bytes the hash; also in the child process."""
    text = b"---\ntags: [a]\n---\nText.\n"
    (tmp_path / "02-a-plan.md").write_bytes(text)
    path = write(tmp_path / "a.zip", {"inner/02-a-plan.md": text})
    relative = "a.zip/inner/02-a-plan.md"
    document = load(path, relative, "d1", "inner/02-a-plan.md")
    assert document == load(tmp_path / "02-a-plan.md", relative, "d1")
    assert (document.title, document.path) == ("A plan", relative)
    with IsolatedReader() as reader:
        assert reader.load(Request(path, relative, "d1", "inner/02-a-plan.md")) == document


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("inner.zip", "is an archive within an archive"),
        ("picture.png", "no reader for .png files"),
        ("README", "no reader for files without a suffix"),
        ("empty.md", "is empty"),
        ("pointer.md", "is a Git LFS pointer, not the file itself"),
    ],
)
def test_a_member_that_cannot_be_read_says_why(tmp_path: Path, member: str, reason: str) -> None:
    """As a file in a folder does; what lies in an archive in an archive is not looked for."""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    names = ("inner.zip", "picture.png", "README", "empty.md")
    path = write(tmp_path / "a.zip", {**dict.fromkeys(names, b""), "pointer.md": pointer})
    with pytest.raises(ReadError) as raised:
        load(path, f"a.zip/{member}", "d1", member)
    assert str(raised.value) == reason


def test_an_archive_itself_is_no_document(tmp_path: Path) -> None:
    """Reading it tells what is wrong with it."""
    path = tmp_path / "a.zip"
    path.write_bytes(b"no archive")
    empty = write(tmp_path / "b.zip", {"folder/": b"", ".hidden": b"x"})
    pointer = tmp_path / "c.zip"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    for file, reason in (
        (path, "is not a readable ZIP archive"),
        (empty, "holds no files"),
        (pointer, "is a Git LFS pointer, not the file itself"),
        (tmp_path / "gone.zip", "cannot be opened: No such file or directory"),
    ):
        with pytest.raises(ReadError) as raised:
            load(file, file.name, "d1")
        assert str(raised.value) == reason
    assert str(problem(write(tmp_path / "d.zip", {"a.md": b"x"}))).startswith("is an archive, whose files")
