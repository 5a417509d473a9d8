from __future__ import annotations

import io
import struct
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.errors import ReadError
from tutor_ingest.load.zipped import member, open_zip, packed, parse_xml


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as written:
        for name, data in members.items():
            written.writestr(name, data)
    return file.getvalue()


def test_members_come_out_as_they_went_in() -> None:
    """A name gives its bytes, a name that is not there gives nothing."""
    opened = open_zip(archive({"a.xml": b"<a/>", "b/c.txt": b""}))
    assert (member(opened, "a.xml"), member(opened, "b/c.txt")) == (b"<a/>", b"")
    assert member(opened, "d") is None


@settings(deadline=None)
@given(members=st.dictionaries(st.text("abc/", min_size=1), st.binary(max_size=50), max_size=5))
def test_what_is_packed_can_be_opened(members: dict[str, bytes]) -> None:
    """Packing and opening are each other's inverse."""
    opened = open_zip(packed(members).getvalue())
    assert {name: member(opened, name) for name in opened.namelist()} == members


def test_an_archive_that_expands_too_far_is_not_unpacked() -> None:
    """300 MiB of zeros, in 300 KiB, are refused for what they declare."""
    zeros = archive({f"{number}.xml": bytes(50 * 1024**2) for number in range(6)})
    with pytest.raises(ReadError, match=r"^expands to more than 256 MiB$"):
        open_zip(zeros)


def test_an_archive_cannot_declare_less_than_it_holds() -> None:
    """A member whose directory entry states a tenth of its size is damaged, and is not read to its end."""
    data = archive({"a.xml": bytes(100_000)})
    forged = data.replace(struct.pack("<I", 100_000), struct.pack("<I", 10_000))
    assert forged != data
    with pytest.raises(ReadError, match=r"^is damaged: a\.xml cannot be unpacked$"):
        member(open_zip(forged), "a.xml")


def test_an_archive_of_very_many_files_is_refused() -> None:
    """Ten thousand files are no document."""
    with pytest.raises(ReadError, match=r"^is an archive of more than 10,000 files$"):
        open_zip(archive({str(number): b"" for number in range(10_001)}, zipfile.ZIP_STORED))


def test_an_encrypted_archive_says_so() -> None:
    """The flag of encryption, in the directory at the end, is believed before anything is unpacked."""
    data = bytearray(archive({"a": b"text"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ReadError, match=r"^is encrypted$"):
        open_zip(bytes(data))


@settings(deadline=None)
@given(
    data=st.binary(max_size=200)
    | st.binary(max_size=60).map(lambda tail: archive({"a": b"some text"}) + tail)
)
def test_any_bytes_are_opened_or_refused(data: bytes) -> None:
    """Nothing but a ReadError comes of bytes that are no archive."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of odd names
        try:
            opened = open_zip(data)
        except ReadError:
            return
        for name in opened.namelist():
            assert member(opened, name) is not None


@settings(deadline=None)
@given(at=st.integers(0, 130), byte=st.integers(0, 255))
def test_a_damaged_archive_gives_its_text_or_an_error(at: int, byte: int) -> None:
    """One changed byte never gives other text under the name of a member."""
    data = bytearray(archive({"a.xml": b"one two three four"}))
    data[at % len(data)] = byte
    try:
        found = member(open_zip(bytes(data)), "a.xml")
    except ReadError:
        return
    assert found in (None, b"one two three four")


def test_entities_of_xml_are_not_expanded() -> None:
    """Neither a file named as an entity nor one that multiplies gets into the text."""
    bomb = b"""<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c SYSTEM "file:///etc/hostname">]><a>x&b;&c;y</a>"""
    root = parse_xml(bomb, "a.xml")
    assert root.text == "x"
    assert [child.tail for child in root] == [None, "y"]


def test_xml_that_is_not_well_formed_names_the_file() -> None:
    """The reason says which part of the archive is damaged."""
    with pytest.raises(ReadError, match=r"^is damaged: word/a\.xml is no valid XML$"):
        parse_xml(b"<a><b></a>", "word/a.xml")
