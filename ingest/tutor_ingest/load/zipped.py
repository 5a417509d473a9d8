"""Formats that are ZIP archives inside: opened only where they are whole, not encrypted and of a sane size.

A few kilobytes can hold an archive that expands to terabytes, so what it declares is added up first. It cannot
declare less than it holds: a member is read up to its declared size, and then its checksum does not fit.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping

from lxml import etree  # type: ignore[import-untyped]  # the library ships no types

from tutor.errors import ReadError
from tutor_ingest.load.boilerplate import Element

_LARGEST = 256 * 1024 * 1024  # bytes, of all members together once expanded
_MOST_MEMBERS = 10_000
# What the zipfile module raises for archives that are damaged, or packed in a way that it does not know.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)
_ENCRYPTED = 0x1  # of a member's flags, by the ZIP specification
_COMPOUND_FILE = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of old Office files and of encrypted new ones
)
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # the stream that holds an encrypted file


def open_zip(data: bytes) -> zipfile.ZipFile:
    """The archive in these bytes.

    Raises ReadError where it is damaged or encrypted, has more than 10,000 members or expands to more than
    256 MiB.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGE as error:
        raise ReadError("is damaged: not a readable ZIP archive") from error
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise ReadError(f"is an archive of more than {_MOST_MEMBERS:,} files")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise ReadError("is encrypted")
    if sum(member.file_size for member in members) > _LARGEST:
        raise ReadError(f"expands to more than {_LARGEST // 1024**2} MiB")
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of one file of an archive, None if it has none of that name.

    Raises ReadError where the bytes are not those that the archive declares.
    """
    try:
        with archive.open(name) as file:
            return file.read()
    except KeyError:
        return None
    except _DAMAGE as error:
        raise ReadError(f"is damaged: {name} cannot be unpacked") from error


def packed(members: Mapping[str, bytes]) -> io.BytesIO:
    """An archive of these files, uncompressed: a library that unpacks it meets no surprise."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    file.seek(0)
    return file


def is_compound(data: bytes) -> bool:
    """Whether this is the container of old Office files, which Office also puts around an encrypted file."""
    return data.startswith(_COMPOUND_FILE)


def is_encrypted(data: bytes) -> bool:
    """Whether this is a modern Office file under a password."""
    return is_compound(data) and _ENCRYPTED_PACKAGE in data


def parse_xml(data: bytes, name: str) -> Element:
    """The root of an XML file; entities stay unexpanded and nothing outside is looked up.

    Raises ReadError where it is not well-formed.
    """
    try:
        return etree.fromstring(data, xml_parser())
    except etree.XMLSyntaxError as error:
        raise ReadError(f"is damaged: {name} is no valid XML") from error


def xml_parser() -> Element:
    """A parser that expands no entities, fetches nothing and drops comments."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
