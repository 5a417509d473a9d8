"""What an EPUB book says about itself: its title, its pages in order, its table of contents, its locks."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from tutor.errors import ReadError
from tutor_ingest.load.boilerplate import Element
from tutor_ingest.load.zipped import member, parse_xml

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are scrambled so that nobody copies them out of the book; the text is open.
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_NCX = "application/x-dtbncx+xml"
_NO_TEXT = ("image/", "audio/", "video/", _NCX)
_LEFT_OUT = ("cover", "toc")  # of the guide of an EPUB 2 book


@dataclass(frozen=True, slots=True)
class Package:
    """A book's title and further metadata, the paths of its pages in reading order, and chapter names by path."""

    title: str | None
    metadata: dict[str, str]
    pages: tuple[str, ...]
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    media_type: str
    properties: tuple[str, ...]


def open_package(archive: zipfile.ZipFile) -> Package:
    """The package of a book. Raises ReadError for one under DRM and for what is no book."""
    _refuse_drm(archive)
    path = _package_path(archive)
    data = member(archive, path)
    if data is None:
        raise ReadError(f"is damaged: {path} is missing")
    root = parse_xml(data, path)
    items = {
        item.get("id", ""): _Item(
            _resolved(path, item.get("href")),
            item.get("media-type", ""),
            tuple(item.get("properties", "").split()),
        )
        for item in root.iterfind("{*}manifest/{*}item")
    }
    titles = filter(None, map(_folded, root.iterfind(f"{{*}}metadata//{_DUBLIN_CORE}title")))
    return Package(
        title=next(titles, None),
        metadata=_metadata(root),
        pages=tuple(_pages(root, items, path)),
        labels=_labels(archive, items),
    )


def _refuse_drm(archive: zipfile.ZipFile) -> None:
    locks = member(archive, _ENCRYPTION)
    if locks is None:
        return
    methods = parse_xml(locks, _ENCRYPTION).iter("{*}EncryptionMethod")
    if any(method.get("Algorithm") not in _FONT_SCRAMBLING for method in methods):
        raise ReadError("is protected by DRM")


def _package_path(archive: zipfile.ZipFile) -> str:
    container = member(archive, _CONTAINER)
    if container is None:
        raise ReadError("is no EPUB book")
    files = [file.get("full-path") for file in parse_xml(container, _CONTAINER).iter("{*}rootfile")]
    path = next(filter(None, files), None)
    if path is None:
        raise ReadError("is damaged: its container names no package")
    return str(path)


def _pages(root: Element, items: dict[str, _Item], path: str) -> Iterator[str]:
    """The paths of the spine in order, each once; covers and tables of contents left out."""
    left_out = {
        _resolved(path, reference.get("href"))
        for reference in root.iterfind("{*}guide/{*}reference")
        if reference.get("type", "").lower() in _LEFT_OUT and "#" not in reference.get("href", "")
    }
    for entry in root.iterfind("{*}spine/{*}itemref"):
        item = items.get(entry.get("idref", ""))
        if item is None or item.path in left_out:
            continue
        left_out.add(item.path)
        if "nav" not in item.properties and not item.media_type.startswith(_NO_TEXT):
            yield item.path


def _labels(archive: zipfile.ZipFile, items: dict[str, _Item]) -> dict[str, str]:
    """The names of pages in the table of contents: that of EPUB 3 or, where there is none, that of EPUB 2."""
    found: dict[str, str] = {}
    navs = [item for item in items.values() if "nav" in item.properties]
    for item in navs or [item for item in items.values() if item.media_type == _NCX]:
        try:
            contents = parse_xml(member(archive, item.path) or b"", item.path)
        except ReadError:  # the chapters themselves may be whole, and have headings
            continue
        for target, label in _entries(contents):
            if target and label:
                found.setdefault(_resolved(item.path, target), label)
    return found


def _entries(contents: Element) -> Iterator[tuple[str, str]]:
    """The targets and names in a table of contents; those below another name are parts of a chapter."""
    for point in contents.iter("{*}navPoint"):
        source = point.find("{*}content")
        if source is not None:
            yield source.get("src", ""), _folded(point.find("{*}navLabel/{*}text"))
    for nav in contents.iter("{*}nav"):
        if "toc" in nav.get("{http://www.idpf.org/2007/ops}type", "toc").split():
            for link in nav.iter("{*}a"):
                yield link.get("href", ""), _folded(link)


def _metadata(root: Element) -> dict[str, str]:
    authors = filter(None, map(_folded, root.iterfind(f"{{*}}metadata//{_DUBLIN_CORE}creator")))
    language = root.find(f"{{*}}metadata//{_DUBLIN_CORE}language")
    found = {"author": ", ".join(authors), "language": _folded(language)}
    return {key: value for key, value in found.items() if value}


def _resolved(base: str, reference: str | None) -> str:
    """The path in the archive to which a file refers, without the place in it."""
    path = unquote((reference or "").partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path))


def _folded(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())
