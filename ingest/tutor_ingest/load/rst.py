"""reStructuredText, plain or written for Sphinx, as Markdown whose places are the lines of the source."""

from __future__ import annotations

import io
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree

from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.encoding import decode
from tutor_ingest.load.markdown import first_heading
from tutor_ingest.load.marked import join_marked
from tutor_ingest.load.rst_markdown import RstWriter
from tutor_ingest.load.rst_sphinx import sphinx_names

_NOTHING_STOPS = 6  # above every level that docutils knows
_SETTINGS: dict[str, Any] = {
    "_disable_config": True,  # no docutils.conf of this machine has a say
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "sectnum_xform": False,
    "syntax_highlight": "none",
    "trim_footnote_reference_space": True,
    "line_length_limit": 10**9,
    "report_level": _NOTHING_STOPS,
    "halt_level": _NOTHING_STOPS,
}


def read(data: bytes, name: str) -> Content:
    """A document in reStructuredText as Markdown; marks name the source's line wherever it is known for sure.

    What Sphinx adds is read too; unknown directives and roles keep their words. Included files, raw HTML,
    tables of contents, comments and pictures are left out. The title is the first heading. Raises ReadError
    for binary content, for a file without text, and for one that is nested too deeply.
    """
    source = decode(data)
    try:
        blocks = list(RstWriter(_tree(source), source).blocks())
    except RecursionError as error:
        raise ReadError("is nested too deeply") from error
    text, marks = join_marked((block, f"line {line}" if line else "") for block, line in blocks)
    if not text.strip():
        raise ReadError("holds no text")
    if not marks or marks[0][0] > 0:
        marks = ((0, f"line {1 + source.count(chr(10), 0, len(source) - len(source.lstrip()))}"), *marks)
    return Content(text=text, format="markdown", title=first_heading(text), marks=marks)


def _tree(source: str) -> nodes.document:
    with sphinx_names(source):
        settings = {**_SETTINGS, "warning_stream": io.StringIO()}
        return publish_doctree(source, settings_overrides=settings)
