"""Whatever a parser does, it costs one file at most. The files with the suffix `.do` hold what the parser does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from minimal_pdf import lines, pdf

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.isolated import IsolatedReader
from tutor_ingest.load.readers import load
from tutor_ingest.load.request import Request

CHILD = """
from tutor_ingest.load import child, readers
from tutor_ingest.load.content import Content

def do(data, name):
    values = {}
    exec(data, values)
    return Content(text=values.get("text", "done"), format="text", metadata=values.get("metadata", {}))

readers.READERS = {**readers.READERS, ".do": do}
readers.SUFFIXES = frozenset(readers.READERS)
child.main()
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory and /proc are those of Linux")
CORPUS = Path(__file__).resolve().parents[3] / "corpus"

Ask = Callable[[str, str], Request]


def reading(seconds: float = 20.0, mebibytes: int = 512) -> IsolatedReader:
    return IsolatedReader(
        seconds=seconds, memory=mebibytes * 1024**2, command=(sys.executable, "-P", "-c", CHILD)
    )


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Makes a file and the request for it."""

    def ask(name: str, content: str) -> Request:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return Request(path, f"notes/{name}", f"id of {name}")

    return ask


def reason(outcome: Document | ReadError) -> str:
    assert isinstance(outcome, ReadError), outcome.text
    return str(outcome)


def text(outcome: Document | ReadError) -> str:
    assert isinstance(outcome, Document), str(outcome)
    return outcome.text


def in_process(request: Request) -> Document:
    return load(request.path, request.relative, request.document_id, request.member)


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_real_formats_are_read_as_they_are_in_process(tmp_path: Path) -> None:
    """A document from the child equals the one that `load` makes here, in every field."""
    (tmp_path / "a.pdf").write_bytes(pdf(lines("One.", "Two."), lines("Three."), title="A paged one"))
    (tmp_path / "b.html").write_text(
        "<title>B &amp; C</title><h1>Ä</h1><p>Text\u2028and 𝔘nicode.</p>", "utf-8"
    )
    (tmp_path / "c.txt").write_bytes("naïve\ftwo".encode("cp1252"))
    front = "---\ntitle: D\nurl: https://example.org\ntags: [a, 1, 2.5, null, 2026-01-02]\n---\n"
    (tmp_path / "d.md").write_text(f"{front}Text\twith \x0c and \x1b control.\n", "utf-8")
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("inner/f.md", "# F\n\nText.\n")
    requests = [Request(path, path.name, "1") for path in sorted(tmp_path.glob("*.*[!p]"))]
    requests += [Request(path, path.name, "2") for path in sorted(CORPUS.rglob("*.md"))[:5]]
    requests.append(Request(tmp_path / "e.zip", "e.zip/inner/f.md", "3", "inner/f.md"))
    with IsolatedReader() as reader:
        assert list(reader.load_all(requests)) == [in_process(request) for request in requests]
        assert reader.load(requests[0]) == in_process(requests[0])


def test_a_file_that_cannot_be_read_raises_what_it_does_in_process(tmp_path: Path) -> None:
    """Reason and help are the same."""
    (tmp_path / "a.txt").write_bytes(b"\0")
    (tmp_path / "b.md").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    for name in ("a.txt", "b.md", "gone.md", "a.unknown"):
        request = Request(tmp_path / name, name, "1")
        with pytest.raises(ReadError) as here:
            in_process(request)
        with IsolatedReader() as reader, pytest.raises(ReadError) as there:
            reader.load(request)
        assert there.value.line == here.value.line


@pytest.mark.parametrize(
    "hang",
    ["import time; time.sleep(60)", "import re; re.match('(a+)+$', 'a' * 60 + 'b')"],
    ids=["waiting", "busy without letting go of the interpreter"],
)
def test_a_parser_that_hangs_is_killed_and_the_next_file_is_read(ask: Ask, hang: str) -> None:
    """It is told from others by the time it took, which is little more than the limit."""
    with reading(seconds=0.5) as reader:
        reader.load(ask("first.md", "One."))
        begun = time.monotonic()
        outcomes = reader.load_all([ask("a.do", hang), ask("b.md", "Two."), ask("c.md", "Three.")])
        assert reason(next(outcomes)) == "took more than 0.5 s to read"
        assert 0.5 <= time.monotonic() - begun < 3
        assert [text(outcome) for outcome in outcomes] == ["Two.", "Three."]


def test_the_time_of_a_file_begins_when_the_child_turns_to_it(ask: Ask) -> None:
    """Neither what was read before it nor a caller who is slow to ask counts."""
    slow = "import time; time.sleep(0.6)"
    with reading(seconds=1.0) as reader:
        outcomes = reader.load_all([ask("a.do", slow), ask("b.do", slow), ask("c.do", slow)])
        assert text(next(outcomes)) == "done"
        time.sleep(1.2)
        assert [text(outcome) for outcome in outcomes] == ["done", "done"]


@LINUX
@pytest.mark.parametrize(
    "greed",
    [
        "held = []\nwhile True: held.append(bytes(2**24))",
        "held = []\ntry:\n  while True: held.append(bytes(2**24))\nexcept MemoryError: raise ValueError('broken')",
        "held = []\nwhile True: held.append([held])",
        "metadata = {'held': 'x' * 2**27}",  # which is there, but not a third time for the answer
    ],
    ids=["eats", "eats and says otherwise", "eats the last crumb", "returns too much"],
)
def test_a_parser_that_eats_memory_is_stopped(ask: Ask, greed: str) -> None:
    """The reason names the limit, and the next file finds all the memory that it may take."""
    with reading(mebibytes=320) as reader:
        outcomes = reader.load_all([ask("a.do", greed), ask("b.do", "held = bytes(200 * 2**20)")])
        assert reason(next(outcomes)) == "needs more than 320 MiB of memory to read"
        assert text(next(outcomes)) == "done"


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(
    "death",
    [
        "import os; os.write(2, b\"terminate called after throwing 'std::bad_alloc'\\n\"); os.abort()",
        "import os; os.write(2, b'memory allocation of 2147483648 bytes failed\\n'); os.abort()",
        "import os; os.kill(os.getpid(), 9)",  # as the kernel does
    ],
)
def test_native_code_that_dies_for_want_of_memory_is_known_by_its_last_words(ask: Ask, death: str) -> None:
    """C++ and Rust abort, the kernel kills: all three are told as what they are."""
    with reading() as reader, pytest.raises(ReadError, match=r"^needs more than 512 MiB of memory to read$"):
        reader.load(ask("a.do", death))


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_parser_that_crashes_costs_its_own_file_only(ask: Ask) -> None:
    """The files around it are read, the one that was read ahead included."""
    deaths = {
        "import ctypes; ctypes.string_at(0)": f"the reader crashed (signal {signal.SIGSEGV:d})",
        "import os; os._exit(3)": "the reader ended (exit code 3)",
        "raise SystemExit('no more')": "the reader ended (exit code 1): no more",
    }
    requests = []
    for number, death in enumerate(deaths):
        requests += [ask(f"{number}.md", f"Text {number}."), ask(f"{number}.do", death)]
    with reading() as reader:
        outcomes = list(reader.load_all([*requests, ask("last.md", "Last.")]))
    assert [text(outcome) for outcome in outcomes[::2]] == ["Text 0.", "Text 1.", "Text 2.", "Last."]
    assert [reason(outcome) for outcome in outcomes[1::2]] == list(deaths.values())


def test_a_crash_is_not_blamed_on_the_next_file(ask: Ask) -> None:
    """What one file left broken strikes while another is read; that one is read again in a fresh child."""
    late = "import os, threading; threading.Timer(0.1, os._exit, (7,)).start()"
    with reading() as reader:
        outcomes = list(reader.load_all([ask("a.do", late), ask("b.do", "import time; time.sleep(0.4)")]))
    assert [text(outcome) for outcome in outcomes] == ["done", "done"]


def test_a_chatty_parser_does_not_garble_answers(ask: Ask) -> None:
    """What it prints goes nowhere, however much it is, and it finds nothing on standard input."""
    talk = "import os, sys; print('{}', flush=True); os.write(1, b'x' * 2**20); os.write(2, b'y' * 2**20)\n"
    with reading() as reader:
        outcomes = reader.load_all([ask("a.do", talk + "text = repr(sys.stdin.read())"), ask("b.md", "Two.")])
        assert [text(outcome) for outcome in outcomes] == ["''", "Two."]


def test_ctrl_c_is_left_to_the_parent(ask: Ask) -> None:
    """The signal reaches both; the child goes on until the parent closes it."""
    with reading() as reader:
        assert text(reader.load(ask("a.do", "import signal; signal.raise_signal(signal.SIGINT)"))) == "done"


def test_metadata_that_json_does_not_know_is_a_reason(ask: Ask) -> None:
    """The mistake of a reader costs its file, not the ingest."""
    with reading() as reader, pytest.raises(ReadError, match=r"cannot be read: TypeError: .*complex"):
        reader.load(ask("a.do", "metadata = {'a': 1j}"))


def test_half_of_a_surrogate_pair_is_no_character(ask: Ask) -> None:
    """It could be neither stored nor shown."""
    with reading() as reader, pytest.raises(ReadError, match=r"^holds half of a surrogate pair, which is no"):
        reader.load(ask("a.do", "text = 'a\\ud800b'"))


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_unicode_reaches_the_child(tmp_path: Path) -> None:
    """The very file is read, and its title can be shown."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    path.write_text("Text.")
    with IsolatedReader() as reader:
        document = reader.load(Request(path, "caf?.md", "1"))
    assert (document.text, document.path, document.title) == ("Text.", "caf?.md", "Caf?")


def test_outcomes_come_in_order(ask: Ask) -> None:
    """Two hundred files, some of which cannot be read and one of which crashes the child."""
    requests = [ask(f"{number}.md", f"Text {number}." if number % 7 else "") for number in range(200)]
    requests[100] = ask("100.do", "import os; os._exit(1)")
    with reading() as reader:
        outcomes = list(reader.load_all(requests))
    for number, outcome in enumerate(outcomes):
        if number % 7 and number != 100:
            assert isinstance(outcome, Document)
            assert (outcome.text, outcome.id) == (f"Text {number}.", f"id of {number}.md")
        else:
            assert isinstance(outcome, ReadError)
    assert len(outcomes) == 200


def test_one_file_is_read_ahead_and_no_more(ask: Ask, tmp_path: Path) -> None:
    """While a document is worked on, the next is being read, and the one after it has not been asked for."""
    asked = []

    def requests() -> Iterator[Request]:
        for number in range(6):
            asked.append(number)
            yield ask(f"{number}.do", f"open({str(tmp_path / f'{number}.begun')!r}, 'w').close()")

    with reading() as reader:
        for number, _ in enumerate(reader.load_all(requests())):
            following = min(number + 1, 5)
            assert eventually((tmp_path / f"{following}.begun").exists)
            assert asked == list(range(following + 1))
            assert len(list(tmp_path.glob("*.begun"))) == following + 1


def test_answers_that_nobody_waits_for_any_more_are_not_given_to_others(ask: Ask) -> None:
    """Whoever stops half way and then asks for another file gets that file."""
    with reading() as reader:
        outcomes = reader.load_all(ask(f"{number}.md", f"Text {number}.") for number in range(5))
        next(outcomes)
        with pytest.raises(RuntimeError, match="still being fetched"):
            reader.load(ask("other.md", "Other."))
        outcomes.close()
        assert reader.load(ask("other.md", "Other.")).text == "Other."


def test_outcomes_of_a_reader_that_was_closed_are_not_mixed_with_others(ask: Ask) -> None:
    """Its iterator ends with an error rather than with the document of another file."""
    with reading() as reader:
        outcomes = reader.load_all(ask(f"{number}.md", f"Text {number}.") for number in range(5))
        next(outcomes)
        reader.close()
        others = reader.load_all([ask("other.md", "Other."), ask("another.md", "Another.")])
        assert text(next(others)) == "Other."
        with pytest.raises(RuntimeError, match="asked for other files"):
            next(outcomes)
        assert text(next(others)) == "Another."


def test_a_child_that_has_grown_is_replaced(ask: Ask) -> None:
    """Memory that a parser does not give back is not missing for the files after it."""
    leak = "import os, tutor; tutor.kept = bytes(2**28); text = str(os.getpid())"
    pid = "import os; text = str(os.getpid())"
    with reading() as reader:
        first, second, third = map(
            text, reader.load_all([ask("a.do", leak), ask("b.do", pid), ask("c.do", pid)])
        )
    assert second == third
    assert (first != second) == (sys.platform == "linux")


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"number": 7, "last": false, "reason": "", "help": ""}'])
def test_an_answer_that_is_none_to_the_request_is_refused(ask: Ask, line: str) -> None:
    """Neither nonsense nor the answer to another request is taken for a document."""
    script = f"import sys; print('ready', flush=True); print({line!r}, flush=True); sys.stdin.read()"
    with (
        IsolatedReader(command=(sys.executable, "-c", script)) as reader,
        pytest.raises(ReadError, match=r"^the reader gave no proper answer$"),
    ):
        reader.load(ask("a.md", "One."))


def test_a_child_that_does_not_start_is_no_fault_of_the_file(ask: Ask) -> None:
    """It is an error of its own, which repeats what the child said."""
    with (
        IsolatedReader(command=(sys.executable, "-c", "raise SystemExit('no module')")) as reader,
        pytest.raises(RuntimeError, match=r"did not start \(exit code 1\)\nno module"),
    ):
        reader.load(ask("a.md", "One."))


def test_nothing_is_left_running(ask: Ask) -> None:
    """Closing ends the child and the threads that listen to it, also while it is busy."""
    threads = threading.active_count()
    with reading() as reader:
        outcomes = reader.load_all([ask("a.md", "One."), ask("b.do", "import time; time.sleep(60)")])
        next(outcomes)
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert threading.active_count() == threads
    with pytest.raises(RuntimeError, match="was closed"):
        next(outcomes)


@LINUX
def test_a_busy_child_does_not_outlive_a_killed_parent(ask: Ask, tmp_path: Path) -> None:
    """No parser goes on after the ingest was killed."""
    told = tmp_path / "pid"
    request = ask(
        "a.do", f"import os, time; open({str(told)!r}, 'w').write(f'{{os.getpid()}}.'); time.sleep(60)"
    )
    script = (
        "import sys; from pathlib import Path; from tutor_ingest.load.isolated import IsolatedReader as R\n"
        "from tutor_ingest.load.request import Request\n"
        "R(command=(sys.executable, '-c', sys.argv[1])).load(Request(Path(sys.argv[2]), 'a.do', '1'))"
    )
    with subprocess.Popen([sys.executable, "-c", script, CHILD, str(request.path)]) as parent:
        try:
            assert eventually(lambda: told.exists() and told.read_text().endswith("."))
        finally:
            parent.kill()
    stat = Path(f"/proc/{told.read_text().strip('.')}/stat")
    assert eventually(lambda: not stat.exists() or ") Z " in stat.read_text())
