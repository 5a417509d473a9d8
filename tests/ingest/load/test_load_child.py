"""The process that reads files, without the class that drives it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutor.documents import Document
from tutor_ingest.load.request import READY, Limits, Request, answer_of, limits_line, request_line

LIMITS = limits_line(Limits(20.0, 1024**3))


def run(*lines: bytes, script: str = "from tutor_ingest.load.child import main; main()") -> list[bytes]:
    """What the child writes until it ends, which is when it has read all lines."""
    done = subprocess.run(
        [sys.executable, "-c", script], input=b"".join(lines), capture_output=True, timeout=60
    )
    return done.stdout.splitlines(keepends=True)


def test_requests_are_answered_in_order_until_the_input_ends(tmp_path: Path) -> None:
    """It says that it is ready, answers each line with one, and ends."""
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"Text of {name}.")
    requests = [
        request_line(n, Request(tmp_path / name, name, "d")) for n, name in ((5, "b.md"), (6, "a.md"))
    ]
    ready, *lines = run(LIMITS, *requests)
    answers = [answer_of(line) for line in lines]
    assert ready == READY
    assert [answer.number for answer in answers] == [5, 6]
    assert [answer.outcome.text for answer in answers if isinstance(answer.outcome, Document)] == [
        "Text of b.md.",
        "Text of a.md.",
    ]


def test_it_is_a_command(tmp_path: Path) -> None:
    """`python -m` starts it, also from a folder whose files are named like modules."""
    (tmp_path / "json.py").write_text("raise SystemExit(1)")
    command = [sys.executable, "-P", "-m", "tutor_ingest.load.child"]
    done = subprocess.run(command, input=LIMITS, capture_output=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout) == (0, READY)


def test_it_starts_without_the_models() -> None:
    """None of the heavy libraries is imported before a file needs one."""
    heavy = [
        "torch",
        "chromadb",
        "langchain",
        "langchain_core",
        "gradio",
        "numpy",
        "pydantic",
        "lxml",
        "pypdfium2",
    ]
    script = f"import sys, tutor_ingest.load.child; print([m for m in {heavy!r} if m in sys.modules])"
    assert run(script=script) == [b"[]\n"]


@pytest.mark.parametrize("hang", ["time.sleep(60)", "re.match('(a+)+$', 'a' * 60 + 'b')"])
def test_it_ends_itself_if_nobody_does(tmp_path: Path, hang: str) -> None:
    """A parser that hangs stops soon after its time, though the parent be gone."""
    (tmp_path / "a.md").write_text("Text.")
    script = (
        "import re, time\nfrom tutor_ingest.load import child\n"
        f"child._GRACE_S = 0.1\nchild.load = lambda *request: {hang}\nchild.main()"
    )
    begun = time.monotonic()
    request = request_line(1, Request(tmp_path / "a.md", "a.md", "1"))
    assert run(limits_line(Limits(0.2, 1024**3)), request, script=script) == [READY]
    assert time.monotonic() - begun < 10
