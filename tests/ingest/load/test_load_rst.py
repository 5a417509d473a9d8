from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.rst import read


def content(text: str) -> Content:
    return read(text.encode(), "x.rst")


def text_of(text: str) -> str:
    return content(text).text


def located(found: Content, words: str) -> str:
    document = Document("d", "x.rst", "x", found.text, found.format, "0" * 64, marks=found.marks)
    return document.locator(found.text.index(words))


def test_headings_keep_their_levels_and_the_first_is_the_title() -> None:
    """Levels are those in which the underlines appear, whatever their characters."""
    found = content(
        "=======\n Guide\n=======\n\nIntro.\n\nPart\n----\n\nDetail\n~~~~~~\n\nText.\n\nMore\n----\n\nEnd."
    )
    assert found.text == "# Guide\n\nIntro.\n\n## Part\n\n### Detail\n\nText.\n\n## More\n\nEnd."
    assert (found.title, found.format) == ("Guide", "markdown")


def test_inline_markup_becomes_plain_words() -> None:
    """Emphasis, links and substitutions leave their words; code keeps its backticks, a formula its dollars."""
    source = (
        "Use *this* **now**: ``pip``, `a link <http://x.example>`_, |name|, :math:`x^2`, x\\ :sup:`2` [1]_.\n\n"
        ".. |name| replace:: the name\n\n.. [1] A footnote."
    )
    assert text_of(source) == "Use this now: `pip`, a link, the name, $x^2$, x^2.\n\n[1] A footnote."


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (":func:`numpy.sum`", "`numpy.sum()`"),
        (":meth:`run()`", "`run()`"),
        (":class:`~sklearn.tree.Tree`", "`Tree`"),
        (":py:attr:`!secret`", "`secret`"),
        (":ref:`the guide <label>`", "the guide"),
        (":ref:`goal`", "The goal"),
        (":ref:`elsewhere`", "elsewhere"),
        (":doc:`the other page </other>`", "the other page"),
        (":made-up:`some words`", "some words"),
        (":pep:`8`", "PEP 8"),
    ],
)
def test_the_words_of_any_role_are_kept(role: str, words: str) -> None:
    """Sphinx's roles, an extension's and docutils' own all leave what a reader of the page would see."""
    assert f"See {words} here." in text_of(f"See {role} here.\n\n.. _goal:\n\nThe goal\n========\n\nText.")


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (".. note:: Mind this.\n\n   And that.", "Note: Mind this.\n\nAnd that."),
        (".. tip::\n\n   - one", "- one"),
        (".. versionadded:: 1.2\n   The ``x`` option.", "Added in version 1.2: The `x` option."),
        (".. versionchanged:: 1.3", "Changed in version 1.3"),
        (".. deprecated:: 2.0\n\n   Use y.", "Deprecated since version 2.0: Use y."),
        (".. seealso:: Others.", "See also: Others."),
        (".. made-up:: Its argument\n   :option: x\n\n   Its body.", "Its argument\n\nIts body."),
        (".. code-block:: c\n   :linenos:\n   :unknown: 1\n\n   int x;", "```c\nint x;\n```"),
        (".. code-block::\n   int x;\n   int y;", "```\nint x;\nint y;\n```"),
        ("Text::\n\n   literal ``` here", "Text:\n\n````\nliteral ``` here\n````"),
        (">>> 1 + 1\n2", "```python\n>>> 1 + 1\n2\n```"),
        (".. math::\n   :label: e\n\n   a = b", "```math\na = b\n```"),
        (".. figure:: x.png\n   :made-up: y\n\n   The caption.", "The caption."),
        (".. rubric:: Aside", "Aside"),
        ("| One line\n| and another", "One line\nand another"),
        ("term : kind\n   What it is.", "- term : kind: What it is."),
        ("-v, --verbose  Say more.", "- `-v, --verbose`: Say more."),
        (":param int n: How many.\n:returns: All.", "- n (int): How many.\n- returns: All."),
        ("3. three\n4. four\n\n   * nested", "3. three\n4. four\n   - nested"),
        (".. autosummary::\n\n   a.b\n   a.c", "- `a.b`\n- `a.c`"),
        (".. epigraph::\n\n   Said well.", "> Said well."),
    ],
)
def test_each_construct_has_its_markdown(source: str, written: str) -> None:
    """Directives of docutils, of Sphinx and unknown ones keep their content in the form that fits it."""
    assert text_of(source) == written


@pytest.mark.parametrize(
    "source",
    [
        ".. toctree::\n   :maxdepth: 2\n\n   hidden",
        ".. contents:: hidden",
        ".. a comment, hidden",
        ".. image:: hidden.png\n   :alt: hidden",
        ".. raw:: html\n\n   <b>hidden</b>",
        ".. index:: hidden",
        ".. _hidden:",
    ],
)
def test_what_is_not_text_is_left_out(source: str) -> None:
    """Lists of pages, comments, pictures and raw markup say nothing that could be quoted."""
    assert text_of(f":orphan:\n\nBefore.\n\n{source}\n\nAfter.") == "Before.\n\nAfter."


def test_tables_become_tables_with_their_spans_filled() -> None:
    """A simple, a grid and a list table alike; a cell that spans rows is repeated in each."""
    assert (
        text_of("===  ===\nA    B\n===  ===\n1    x|y\n===  ===") == "| A | B |\n| --- | --- |\n| 1 | x\\|y |"
    )
    grid = "+---+---+\n| 1 | 2 |\n|   +---+\n|   | 3 |\n+---+---+"
    assert text_of(grid) == "|  |  |\n| --- | --- |\n| 1 | 2 |\n| 1 | 3 |"
    listed = ".. list-table:: Caption\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2"
    assert text_of(listed) == "Caption\n\n| A | B |\n| --- | --- |\n| 1 | 2 |"


def test_a_table_that_docutils_rejects_keeps_its_text() -> None:
    """An error of the author loses no content."""
    assert "1    2" in text_of(
        ".. table:: T\n   :widths: wrong\n\n   ===  ===\n   A    B\n   ===  ===\n   1    2\n   ===  ==="
    )


def test_functions_and_classes_stand_under_their_own_headings() -> None:
    """The path of what is said about a method names its class, and what follows is the section's again."""
    source = (
        "Tools\n=====\n\n.. class:: Tree(depth=3)\n\n   A tree.\n\n   .. method:: fit(X)\n                grow(X)\n\n"
        "      Fits it.\n\n   It is done.\n\n.. autofunction:: pkg.leaf\n\nLoose text."
    )
    assert text_of(source) == (
        "# Tools\n\n## Tree\n\n```python\nTree(depth=3)\n```\n\nA tree.\n\n"
        "### fit\n\n```python\nfit(X)\ngrow(X)\n```\n\nFits it.\n\n## Tree\n\nIt is done.\n\n"
        "## pkg.leaf\n\n```python\npkg.leaf\n```\n\n# Tools\n\nLoose text."
    )


def test_the_class_directive_of_docutils_is_told_from_that_of_sphinx() -> None:
    """A style class is in lower case and no text; what it styles is."""
    assert text_of(".. class:: special\n\nStyled.") == "Styled."


def test_a_quote_is_located_by_the_line_of_its_source() -> None:
    """Markup that vanishes, wrapped paragraphs and tables do not shift the lines."""
    found = content(
        ":orphan:\n\n.. _top:\n\nTitle\n=====\n\nA paragraph\nof two lines.\n\n.. code-block:: c\n   :linenos:\n\n"
        "   int x;\n\n.. note::\n\n   Inside.\n\n====  ====\nA     B\n====  ====\n1     2\n====  ====\n\n- An item.\n"
    )
    lines = {"# Title": 5, "A paragraph": 8, "int x": 14, "Inside": 18, "| A": 21, "An item": 26}
    assert {words: located(found, words) for words in lines} == {w: f"line {n}" for w, n in lines.items()}


def test_the_text_is_located_from_its_start() -> None:
    """Also where docutils does not say on which line the first block stands, no other line is named."""
    found = content("\n\n.. |a| replace:: unseen\n\n|a|\n")
    assert found.marks[0] == (0, "line 3")


def test_no_file_is_read_and_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A document may name any file of the machine; its content never comes in, and errors stay quiet."""
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    found = content(
        f"Text.\n\n.. include:: {secret}\n\n.. literalinclude:: {secret}\n\n.. csv-table::\n   :file: {secret}\n\n"
        f".. raw:: html\n   :file: {secret}\n\n`broken_ *markup* |here|\n"
    )
    assert "hunter2" not in found.text
    assert capfd.readouterr() == ("", "")


def test_no_file_changes_how_the_next_is_read() -> None:
    """A role that one file defines is unknown to the others."""
    plain = content("A :fancy:`word`.")
    content(".. role:: fancy(math)\n\n.. default-role:: fancy\n\nA :fancy:`word`.")
    assert content("A :fancy:`word`.") == plain


@pytest.mark.parametrize(("text", "reason"), [("", "holds no text"), (".. only a comment", "holds no text")])
def test_a_document_without_text_is_refused(text: str, reason: str) -> None:
    """Nothing to quote is a reason, not an empty document."""
    with pytest.raises(ReadError, match=reason):
        content(text)


def test_a_document_that_is_nested_without_end_is_refused() -> None:
    """Thousands of lists within lists are damage, and end in a reason."""
    with pytest.raises(ReadError, match="nested too deeply"):
        content("\n\n".join("  " * depth + "- x" for depth in range(400)))


PIECES = st.sampled_from(
    [
        *(
            "word ",
            "*em* ",
            "``code`` ",
            "`x`_ ",
            "[1]_ ",
            ":f:`a` ",
            "|s| ",
            "\n",
            "\n\n",
            "\n   ",
            "::\n\n   ",
        ),
        *(
            "\n====\n",
            "\n- ",
            "\n1. ",
            "\n.. note:: ",
            "\n.. py:class:: A\n\n   ",
            "\n.. [1] ",
            "\n== ==\n",
            "| ",
        ),
        *("\n:field: ", "\n>>> ", "\n.. |s| image:: ", "`", "*", "\\", "\t", "\x0b", "\u2028", "é"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join).map(str.encode) | st.binary(max_size=200))
def test_any_markup_is_read_or_refused_and_marked_with_lines_of_the_file(data: bytes) -> None:
    """Broken markup fails in no other way, marks rise strictly, and each names a line that the file has."""
    try:
        found = read(data, "x.rst")
    except ReadError:
        return
    offsets = [offset for offset, _ in found.marks]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    last = len(re.split(rb"\r\n|\r|\n", data))
    assert all(1 <= int(name.removeprefix("line ")) <= last for _, name in found.marks)
