from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.notebook import read

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n`~# "))


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}


def markdown(source: object, **keys: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **keys}


def code(source: object, **keys: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, **keys}


def content(value: object) -> Content:
    return read(json.dumps(value).encode(), "x.ipynb")


def test_prose_stays_and_code_becomes_a_fence_in_the_kernels_language() -> None:
    """Markdown cells are kept as written, code cells are fenced, magics and shell lines included."""
    found = content(
        notebook(
            markdown(["# A *fine* title\n", "\n", "Some text."]),
            code(["%matplotlib inline\n", "!pip install x\n", "print(1)"]),
            language_info={"name": "python"},
        )
    )
    fence = "```python\n%matplotlib inline\n!pip install x\nprint(1)\n```"
    assert found.text == f"# A *fine* title\n\nSome text.\n\n{fence}"
    assert (found.title, found.format) == ("A fine title", "markdown")


def test_the_language_is_also_found_in_the_kernels_specification() -> None:
    """A notebook that was never run names its language there only."""
    found = content(notebook(code("x <- 1"), kernelspec={"name": "ir", "language": "R"}))
    assert found.text.startswith("```r\n")


def test_outputs_raw_cells_and_empty_cells_are_left_out_but_counted() -> None:
    """A mark's number is that of the cell in the notebook, whatever was dropped before it."""
    found = content(
        notebook(
            {"cell_type": "raw", "metadata": {}, "source": "---\nlayout: post\n---"},
            code("1 + 1", outputs=[{"output_type": "stream", "text": "the printed two"}]),
            code(""),
            markdown("Last."),
        )
    )
    assert found.text == "```\n1 + 1\n```\n\nLast."
    assert found.marks == ((0, "cell 2"), (found.text.index("Last"), "cell 4"))


@pytest.mark.parametrize("broken", [{"outputs": None}, {"outputs": [{"data": None}]}, {"attachments": None}])
def test_a_broken_output_costs_nothing(broken: dict[str, Any]) -> None:
    """What is not read cannot make a notebook unreadable."""
    assert content(notebook(code("x = 1", **broken))).text == "```\nx = 1\n```"


def test_pictures_within_the_file_are_dropped_and_linked_ones_stay() -> None:
    """An attachment or a base64 image is no text; a link to a picture is what the author wrote."""
    found = content(
        notebook(
            markdown(
                "Before ![plot](attachment:plot.png) after ![x](data:image/png;base64,AAAA=).\n"
                '<img width=3 src="data:image/png;base64,BBBB">\n\n![kept](images/tree.png)\n\n'
                "[plot]: data:image/png;base64,CCCC"
            )
        )
    )
    assert not {"AAAA", "BBBB", "CCCC", "attachment"} & set(found.text.replace("/", " ").split())
    assert "base64" not in found.text
    assert "![kept](images/tree.png)" in found.text


def test_a_fence_that_a_cell_leaves_open_takes_in_no_other_cell() -> None:
    """Jupyter shows each cell by itself, so what one forgets to close ends with it."""
    found = content(notebook(markdown("Run:\n\n~~~~ bash\nls"), markdown("## Next")))
    assert found.text == "Run:\n\n~~~~ bash\nls\n~~~~\n\n## Next"


@given(TEXT)
def test_no_code_ends_its_own_fence(source: str) -> None:
    """The fence is longer than any run of backticks in the code, so that what follows stays outside."""
    from markdown_it import MarkdownIt

    found = content(notebook(code(source), markdown("# After")))
    tokens = MarkdownIt("commonmark").parse(found.text)
    assert [token.type for token in tokens if token.tag == "h1"] == ["heading_open", "heading_close"]
    assert found.title == "After"


def test_a_notebook_of_format_three_is_read() -> None:
    """Older notebooks keep cells in worksheets, headings in cells of their own and code in `input`."""
    found = content(
        {
            "nbformat": 3,
            "metadata": {"name": "old"},
            "worksheets": [
                {
                    "cells": [
                        {"cell_type": "heading", "level": 1, "source": ["Old\n", "title"]},
                        {"cell_type": "code", "input": ["x = 1"], "language": "python"},
                    ]
                }
            ],
        }
    )
    assert found.text == "# Old title\n\n```python\nx = 1\n```"
    assert found.title == "Old title"


def test_without_a_heading_the_metadata_may_name_the_title() -> None:
    """A stated title counts where no cell has one; otherwise there is none."""
    assert content(notebook(markdown("Text."), title=" Stated ")).title == "Stated"
    assert content(notebook(markdown("Text."))).title is None


def test_half_a_character_is_shown_as_unreadable() -> None:
    """JSON can hold half of a surrogate pair, which nothing can store."""
    found = read(b'{"cells": [{"cell_type": "markdown", "source": "a \\ud83d b"}]}', "x.ipynb")
    assert found.text == "a \ufffd b"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "holds no text"),
        (b"{,}", "is not valid JSON: line 1"),
        (b'{"cells": [\n{"cell_type": "mark', "is cut off: line 2"),
        (b'{"cells": [\n{"cell_type"', "is cut off: line 2"),
        (b"[1, 2]", "is JSON, but not a notebook"),
        (b'{"cells": 3}', "is JSON, but not a notebook"),
        (b'{"cells": []}', "without any Markdown or code"),
        (b"[" * 200_000, "nested too deeply"),
        (b"\x00\x01\x02", "binary"),
    ],
)
def test_what_is_no_notebook_is_named(data: bytes, reason: str) -> None:
    """The reason says whether the file is damaged, cut off, or something else."""
    with pytest.raises(ReadError, match=reason) as caught:
        read(data, "x.ipynb")
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
CELL = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["markdown", "code", "heading", "raw"]) | JSON, "source": TEXT | JSON},
    optional={"level": JSON, "outputs": JSON, "language": JSON},
)


@given(st.lists(CELL | JSON, max_size=5), JSON)
def test_cells_of_any_shape_are_read_or_refused(cells: list[Any], metadata: Any) -> None:
    """Foreign JSON never fails otherwise, and every mark lies in the text, in rising order."""
    try:
        found = content({"cells": cells, "metadata": metadata})
    except ReadError:
        return
    offsets = [offset for offset, _ in found.marks]
    assert offsets == sorted(set(offsets))
    assert all(found.text[offset : offset + 1] for offset in offsets)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """A file that only has the suffix of a notebook ends in a reason."""
    with pytest.raises(ReadError):
        read(data, "x.ipynb")
