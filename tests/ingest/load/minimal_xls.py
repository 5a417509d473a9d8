"""Old Excel workbooks, written by hand: a compound file that holds one BIFF8 stream."""

from __future__ import annotations

import struct

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SMALLEST = 4096  # bytes; a shorter stream would need a second table of sectors


def xls(cells: dict[tuple[int, int], str | float], *, locked: bool = False) -> bytes:
    """A workbook of one sheet, `Prices`, with these cells by row and column from 0."""
    globals_ = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 1997, 0, 0))]
    if locked:
        globals_.append(_record(0x002F, struct.pack("<HHHH", 1, 1, 1, 48) + bytes(48)))
    size = sum(map(len, globals_)) + 4 + 8 + len("Prices") + 4
    name = struct.pack("<IBBBB", size, 0, 0, len("Prices"), 0) + b"Prices"
    sheet = [
        _record(0x0809, struct.pack("<HHHHII", 0x0600, 16, 0, 1997, 0, 0)),
        *(_cell(*place, value) for place, value in cells.items()),
        _record(0x000A, b""),
    ]
    stream = b"".join([*globals_, _record(0x0085, name), _record(0x000A, b""), *sheet])
    return _compound(stream.ljust(_SMALLEST, b"\0"))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
    return _record(0x0203, place + struct.pack("<d", value))


def _compound(stream: bytes) -> bytes:
    """Sector 0 is the allocation table, 1 the directory, the stream fills the rest."""
    sectors = -(-len(stream) // _SECTOR)
    table = [_FAT, _END, *range(3, 2 + sectors), _END]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, _SMALLEST, _END, 0, _END, 0, 0)
    header += struct.pack("<I", _FREE) * 108
    directory = _entry("Root Entry", 5, child=1, start=_END, size=0) + _entry(
        "Workbook", 2, child=_FREE, start=2, size=len(stream)
    )
    directory += _entry("", 0, child=_FREE, start=0, size=0) * 2
    return (
        header + struct.pack(f"<{len(table)}I", *table) + directory + stream.ljust(sectors * _SECTOR, b"\0")
    )


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    written = (name + "\0").encode("utf-16-le") if name else b""
    return (
        written.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(written), kind, 1, _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
