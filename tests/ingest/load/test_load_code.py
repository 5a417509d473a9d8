from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.code import LANGUAGES, read
from tutor_ingest.load.content import Content
from tutor_ingest.load.readers import SUFFIXES


def content(source: str, name: str = "heap.py") -> Content:
    return read(source.encode(), name)


def located(found: Content, words: str) -> str:
    document = Document("d", "x", "x", found.text, found.format, "0" * 64, marks=found.marks)
    return document.locator(found.text.index(words))


MODULE = '''\
# Copyright 2020 Somebody. All rights reserved.
"""A heap of things.

It is small.
"""
import os

# How many things fit.
LIMIT: int = 10  # pieces
UNTOLD = 3

@dataclass(frozen=True)
class Heap(Base):
    """Holds things."""

    size: int  # in pieces

    def push(
        self, thing: str, *, front: bool = False
    ) -> None:
        """Adds a thing.

        Twice if asked.
        """
        pass

    def _sift(self): pass

    def _swap(self):
        """Swaps two."""

    async def drain(self): return 1

if os.name:
    def helper(): pass
'''


def test_a_module_is_its_docstrings_under_its_definitions() -> None:
    """Signatures stand as they are written, with decorators and fields, each under its own heading."""
    found = content(MODULE)
    fence = "```"
    assert found.text == "\n\n".join(
        [
            "# heap",
            "A heap of things.",
            "It is small.",
            "## LIMIT",
            f"{fence}python\nLIMIT: int = 10\n{fence}",
            "How many things fit.\npieces",
            "## Heap",
            f"{fence}python\n@dataclass(frozen=True)\nclass Heap(Base):\n    size: int  # in pieces\n{fence}",
            "Holds things.",
            "### push",
            f"{fence}python\ndef push(\n    self, thing: str, *, front: bool = False\n) -> None:\n{fence}",
            "Adds a thing.",
            "Twice if asked.",
            "### _swap",
            f"{fence}python\ndef _swap(self):\n{fence}",
            "Swaps two.",
            "### drain",
            f"{fence}python\nasync def drain(self):\n{fence}",
            "## helper",
            f"{fence}python\ndef helper():\n{fence}",
        ]
    )
    assert (found.title, found.format) == ("heap", "markdown")


def test_places_are_lines_of_the_source() -> None:
    """A definition and each paragraph of its docstring are found where they stand in the file."""
    found = content(MODULE)
    lines = MODULE.split("\n")
    for words in ("It is small.", "Adds a thing", "Twice if asked", "Swaps two", "helper():", "Holds things"):
        number = 1 + next(at for at, line in enumerate(lines) if words in line)
        assert located(found, words) == f"line {number}"
    assert located(found, "### push") == f"line {1 + lines.index('    def push(')}"
    assert located(found, "## Heap") == f"line {1 + lines.index('@dataclass(frozen=True)')}"


def test_a_package_is_called_by_what_it_says_first() -> None:
    """`__init__` says nothing to a reader."""
    assert content('"""Tools for trees."""', "__init__.py").title == "Tools for trees."


def docstring(text: str) -> str:
    indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    found = content(f'def f(x):\n    """{indented.lstrip()}\n    """\n').text
    return found.partition("def f(x):\n```\n\n")[2]


def test_underlined_sections_are_headings_below_the_function() -> None:
    """In Markdown an underline would make a heading above the function; parameters become a list."""
    written = docstring(
        "Adds.\n\nParameters\n----------\nx : int\n    The first.\n    Not more.\ny : int\n    The second."
    )
    assert (
        written
        == "Adds.\n\n### Parameters\n\n- x : int\n  The first.\n  Not more.\n\n- y : int\n  The second."
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "A.\n\nArgs:\n    x (int): One\n        thing.\n    y: Two.",
            "A.\n\nArgs:\n\n- x (int): One\n  thing.\n\n- y: Two.",
        ),
        ("A.\n\nReturns:\n    A number.", "A.\n\nReturns:\n\nA number."),
        (
            "A.\n:param x: One\n    thing.\n:returns: Two.",
            "A.\n\n- :param x: One\n  thing.\n\n- :returns: Two.",
        ),
        ("A.\n\n>>> f(1)\n2\n\n>>> f(2)\n3", "A.\n\n```python\n>>> f(1)\n2\n\n>>> f(2)\n3\n```"),
        ("So::\n\n    x = 1\n\n    y = 2", "So:\n\n```\nx = 1\n\ny = 2\n```"),
        ("As:\n\n    x = 1", "As:\n\n```\nx = 1\n```"),
        ("A list:\n\n- one\n  more\n- two", "A list:\n\n- one\n  more\n- two"),
        ("See :func:`~a.b` and ``c``.", "See `a.b` and ``c``."),
        (".. versionadded:: 1.2\n\nText.", "Added in version 1.2\n\nText."),
        (".. note::\n    Mind it.", "Note: Mind it."),
        ("A.\n\n.. code-block:: c\n\n    int x;", "A.\n\n```c\nint x;\n```"),
        ("A.\n\n# Part\n\nB.", "A.\n\n### Part\n\nB."),
        ("A.\n\n# set it\nx = 1", "A.\n\n```\n# set it\nx = 1\n```"),
        ("x = 1 # one\n      # more", "x = 1 # one # more"),
        ("A.\n\n```\nx\n", "A.\n\n```\nx\n```"),
        ("===  ===\nA    B\n===  ===", "```\n===  ===\nA    B\n===  ===\n```"),
    ],
)
def test_every_style_of_docstring_reads_as_markdown(text: str, written: str) -> None:
    """Google's, Sphinx's and plain docstrings keep their words, and nothing in them is misread."""
    assert docstring(text) == written


def test_python_of_another_version_is_read_by_its_words() -> None:
    """What this Python cannot parse still has definitions and docstrings."""
    found = content(
        '"""Old module."""\n\nclass A(object):\n    """Old class."""\n    def f(self):\n        """Does f."""\n        print "x"\n'
    )
    assert [line for line in found.text.split("\n") if line.startswith("#")] == ["# heap", "## A", "### f"]
    assert found.text.index("## A") < found.text.index("Old class.") < found.text.index("### f")
    assert found.text.endswith("Does f.")
    assert located(found, "Does f") == "line 6"


def test_an_invalid_escape_in_a_foreign_string_is_no_warning() -> None:
    """Python warns of it on parsing, which is for the file's author to know."""
    assert "A \\d digit." in content('def f():\n    "A \\d digit."\n').text


def test_a_declared_encoding_is_believed() -> None:
    """Old modules name theirs on one of the first two lines."""
    assert "naïve" in read("# coding: latin-1\n'''A naïve one.'''".encode("latin-1"), "x.py").text


@pytest.mark.parametrize(
    ("name", "source", "headings", "said", "signature"),
    [
        (
            "a.js",
            "/**\n * Adds days.\n * @param {Date} d A\n *   date.\n */\nexport function add(d, n = 1) {\n  // no\n  const x = 1;\n}\n",
            ["## add"],
            "Adds days.\n\n- @param {Date} d A\n  date.",
            "export function add(d, n = 1)",
        ),
        (
            "a.ts",
            "/** Options. */\nexport interface Options<T> {\n  /** Seconds. */\n  timeout?: number;\n}\n",
            ["## Options", "### timeout"],
            "Seconds.",
            "timeout?: number",
        ),
        (
            "A.java",
            "/** A {@link Foo} of <b>x</b>. */\n@Old\npublic class A<T> {\n  /**\n   * Gets it.\n   */\n  public T get(int i)\n      throws E {\n  }\n}\n",
            ["## A", "### get"],
            "A `Foo` of x.",
            "@Old\npublic class A<T>",
        ),
        (
            "a.go",
            "// Init makes it.\n//\n// In O(n).\nfunc Init(h *Heap) error {\n}\n\nfunc (h *Heap) Pop() any {\n}\n",
            ["## Init", "## Pop"],
            "Init makes it.\n\nIn O(n).",
            "func (h *Heap) Pop() any",
        ),
        (
            "a.rs",
            "/// A tree.\n///\n/// ```\n/// Tree::new();\n/// ```\n#[derive(Debug)]\npub struct Tree<T> {\n}\n",
            ["## Tree"],
            "A tree.\n\n```\nTree::new();\n```",
            "#[derive(Debug)]\npub struct Tree<T>",
        ),
        (
            "a.c",
            "/*\n * Adds one.\n */\nstatic int\nadd(struct q *q,\n    int n)\n{\n}\n",
            ["## add"],
            "Adds one.",
            "static int\nadd(struct q *q,\n    int n)",
        ),
        (
            "a.hpp",
            "namespace x {\n/// \\brief A vector.\ntemplate <class T>\nclass Vec : public B {\n  /// Its length, see http://x.example.\n  int size() const { return n; }\n};\n}\n",
            ["## Vec", "### size"],
            "Its length, see http://x.example.",
            "int size() const",
        ),
        (
            "a.cs",
            'namespace X\n{\n    /// <summary>\n    /// Moves it.\n    /// </summary>\n    /// <param name="dx">How far.</param>\n    public void Move(int dx) { }\n}\n',
            ["## Move"],
            "Moves it.\n\n- @param dx How far.",
            "public void Move(int dx)",
        ),
        ("a.rb", "# Barks.\ndef bark(times = 1)\n  1\nend\n", ["## bark"], "Barks.", "def bark(times = 1)"),
        (
            "a.php",
            "<?php\n/** Sends. */\nfunction send($to) {\n}\n",
            ["## send"],
            "Sends.",
            "function send($to)",
        ),
        (
            "a.swift",
            "/// Pushes.\npublic func push(_ x: T) {\n}\n",
            ["## push"],
            "Pushes.",
            "public func push(_ x: T)",
        ),
        (
            "a.kt",
            "/** A user. */\ndata class User(val name: String)\n",
            ["## User"],
            "A user.",
            "data class User(val name: String)",
        ),
        (
            "a.scala",
            "/** Its depth. */\ndef depth(t: Tree): Int = 0\n",
            ["## depth"],
            "Its depth.",
            "def depth(t: Tree): Int = 0",
        ),
        (
            "a.R",
            "#' A mean.\n#' @param x Numbers.\nm <- function(x, k = 1) {\n}\n",
            ["## m"],
            "A mean.\n\n- @param x Numbers.",
            "m <- function(x, k = 1)",
        ),
        ("a.jl", '"""\nIts area.\n"""\narea(r) = 3 * r\n', ["## area"], "Its area.", "area(r) = 3 * r"),
        ("a.lua", "--- Adds.\nfunction M.add(a, b)\nend\n", ["## M.add"], "Adds.", "function M.add(a, b)"),
        ("a.sh", "#!/bin/sh\n\nx=1\n# Stops.\ndie() {\n}\n", ["## die"], "Stops.", "die()"),
        (
            "a.sql",
            "-- Who buys.\nCREATE TABLE IF NOT EXISTS buyers (\n  id INT, -- number\n  name TEXT\n);\nSELECT 1;\n",
            ["## buyers"],
            "Who buys.",
            "CREATE TABLE IF NOT EXISTS buyers (\n  id INT, -- number\n  name TEXT\n);",
        ),
    ],
)
def test_a_comment_right_before_a_definition_explains_it(
    name: str, source: str, headings: list[str], said: str, signature: str
) -> None:
    """In every language the definition is a heading with its signature, and the comment its text."""
    found = content(source, name)
    assert [line for line in found.text.split("\n") if re.match("##+ ", line)] == headings
    assert f"\n{signature}\n```" in found.text
    assert said in found.text
    assert found.title == name


def test_a_comment_has_the_lines_on_which_it_stands() -> None:
    """A definition is located by its own line, its comment's paragraphs by theirs."""
    found = content("// head\n\nint x;\n\n/**\n * First.\n *\n * Second.\n */\nvoid f(int a) {\n}\n", "a.c")
    assert located(found, "## f") == "line 10"
    assert located(found, "First.") == "line 6"
    assert located(found, "Second.") == "line 8"


@pytest.mark.parametrize(
    "licence",
    [
        "/* Copyright (c) 2001 Foo */",
        "// SPDX-License-Identifier: MIT",
        "/*\n * Licensed under the Apache License.\n * More of it.\n */",
        "// All rights reserved.",
    ],
)
def test_a_licence_is_left_out_and_what_the_file_is_for_stays(licence: str) -> None:
    """The head of a file is about rights or about the file; only the latter answers questions."""
    found = content(f"{licence}\n\n/* Queues for tasks. */\n\n#include <x.h>\n\nvoid f(void) {{\n}}\n", "a.c")
    assert found.text == "# a.c\n\nQueues for tasks.\n\n## f\n\n```c\nvoid f(void)\n```"
    mixed = content("/* queue.c - a queue\n *\n * Copyright 2001 Foo\n */\nint f(void) {\n}\n", "a.c")
    assert "a queue" in mixed.text
    assert "2001" not in mixed.text


def test_without_a_comment_only_what_is_seen_from_outside_is_told() -> None:
    """Local functions, private members and plain variables are nobody's definition."""
    source = "class A {\n  open() {\n    function inner() {\n    }\n  }\n  #hidden() {\n  }\n}\nconst x = 3;\nif (a) {\n}\n"
    found = content(source, "a.js")
    assert [line for line in found.text.split("\n") if line.startswith("##")] == ["## A", "### open"]


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("a.py", "", "holds no docstrings or definitions"),
        ("a.py", "print(1)\n", "holds no docstrings or definitions"),
        ("a.js", "var a = 1;\nfoo(a);\n", "holds no docstrings or definitions"),
        ("a.min.js", "/** A. */\nfunction a() {}\n", "minified"),
        ("a.js", "/** A. */\n" + "function a(){};" * 400, "minified"),
        ("a.c", "int x;\n" * 500_000, "million characters"),
    ],
)
def test_code_that_says_nothing_to_readers_is_refused(name: str, source: str, reason: str) -> None:
    """The reason tells code without explanations from code that a program wrote."""
    with pytest.raises(ReadError, match=reason):
        content(source, name)


def test_a_video_with_the_suffix_of_typescript_is_refused() -> None:
    """`.ts` is also what transport streams are called."""
    with pytest.raises(ReadError, match="binary"):
        read(b"G@\x00\x10\x00\x00\xb0\r\x00", "a.ts")


def test_every_language_is_offered() -> None:
    """The suffixes that are read are those that are registered."""
    assert set(LANGUAGES) <= SUFFIXES


PIECES = st.sampled_from(
    [
        *(
            "def f(x):",
            "class A:",
            "    ",
            "\n",
            "\n\n",
            '"""',
            "'''",
            "Text.",
            "# c",
            "/** ",
            " */",
            "// d",
            "{",
            "}",
        ),
        *(
            "function g(a) ",
            "-----\n",
            "Args:\n",
            "x : int\n",
            ">>> 1\n",
            ":param x: y",
            "::\n",
            "```",
            "- a",
            "(",
            ")",
        ),
        *(
            "--- e",
            "@x\n",
            "#'",
            "=begin",
            "struct S ",
            "é",
            "\t",
            ";",
            "pass",
            ".. note::",
            "~~~~",
            "|",
            "== ==",
        ),
    ]
)


@given(
    st.lists(PIECES, max_size=30).map("".join).map(str.encode) | st.binary(max_size=200),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_any_bytes_are_read_or_refused_and_marked_with_lines_of_the_file(data: bytes, suffix: str) -> None:
    """Broken code fails in no other way, marks rise strictly, and each names a line that the file has."""
    try:
        found = read(data, f"x{suffix}")
    except ReadError:
        return
    offsets = [offset for offset, _ in found.marks]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    last = len(re.split(rb"\r\n|\r|\n", data))
    assert all(1 <= int(name.removeprefix("line ")) <= last for _, name in found.marks)
