"""PDF files as bytes, written by hand: as much of the format as the tests of the PDF reader need."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

FONTS = {"regular": "Helvetica", "bold": "Helvetica-Bold", "mono": "Courier"}
_MATRICES = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_PERMISSIONS = -4
_FILE_ID = b"0123456789abcdef"


@dataclass(frozen=True)
class Put:
    """One string at a place on a page, in points from the lower left corner.

    `angle` is by how many degrees, 0, 90, 180 or 270, it is turned counter-clockwise.
    """

    text: str
    y: float
    x: float = 72
    size: float = 11
    font: str = "regular"
    angle: int = 0


def lines(*texts: str, top: float = 700, step: float = 13, **style: object) -> list[Put]:
    """Lines at an even distance, as a paragraph is set."""
    return [Put(text, top - step * number, **style) for number, text in enumerate(texts)]  # type: ignore[arg-type]


def pdf(*pages: Sequence[Put], title: str = "", password: str | None = None, rotate: int = 0) -> bytes:
    """A PDF of these pages; with a password, even an empty one, it is encrypted (RC4, 40 bits).

    `rotate` is by how many degrees a viewer turns each page before it is shown.
    """
    key = _key(password) if password is not None else b""
    first_page = 4 + len(FONTS)
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    fonts = " ".join(f"/{name} {4 + number} 0 R" for number, name in enumerate(FONTS))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Title " + _string(title.encode("latin-1"), key, 3) + b" >>",
        *(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
            for name in FONTS.values()
        ),
    ]
    for number, page in enumerate(pages):
        here = first_page + 2 * number
        stream = _rc4(_object_key(key, here + 1), _content(page)) if key else _content(page)
        turned = f"/Rotate {rotate} " if rotate else ""
        parts = (
            f"{turned}/MediaBox [0 0 595 842] /Resources << /Font << {fonts} >> >> /Contents {here + 1} 0 R"
        )
        objects += [
            f"<< /Type /Page /Parent 2 0 R {parts} >>".encode(),
            f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream",
        ]
    return _file(objects, key, password)


def _content(page: Sequence[Put]) -> bytes:
    shown = (
        f"BT /{put.font} {put.size} Tf {_MATRICES[put.angle]} {put.x} {put.y} Tm ({_escaped(put.text)}) Tj ET"
        for put in page
    )
    return "\n".join(shown).encode("cp1252")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _string(text: bytes, key: bytes, number: int) -> bytes:
    return b"<" + (_rc4(_object_key(key, number), text) if key else text).hex().encode() + b">"


def _file(objects: list[bytes], key: bytes, password: str | None) -> bytes:
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    start = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R /Info 3 0 R "
    return body + start.encode() + _encryption(key) + f">>\nstartxref\n{len(body)}\n%%EOF".encode()


def _encryption(key: bytes) -> bytes:
    if not key:
        return b""
    user = _rc4(key, _PADDING).hex()
    entries = f"/Filter /Standard /V 1 /R 2 /O <{_PADDING.hex()}> /U <{user}> /P {_PERMISSIONS}"
    return f"/Encrypt << {entries} >> /ID [<{_FILE_ID.hex()}> <{_FILE_ID.hex()}>] ".encode()


def _key(password: str) -> bytes:
    """PDF 32000-1, algorithm 2; the owner's entry is the padding, for nobody opens these files as owner."""
    padded = (password.encode("latin-1") + _PADDING)[:32]
    return hashlib.md5(padded + _PADDING + struct.pack("<i", _PERMISSIONS) + _FILE_ID).digest()[:5]


def _object_key(key: bytes, number: int) -> bytes:
    return hashlib.md5(key + struct.pack("<I", number)[:3] + b"\0\0").digest()[: len(key) + 5]


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
