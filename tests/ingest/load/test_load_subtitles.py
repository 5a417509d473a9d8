from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Document
from tutor.errors import ReadError
from tutor.testing import HashingEmbeddings
from tutor_ingest.load.content import Content
from tutor_ingest.load.subtitles import read
from tutor_ingest.split import split


def stamp(seconds: float, comma: str = ",") -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{comma}{rest % 1000:03d}"


def srt(*cues: tuple[float, float, str]) -> str:
    return "\n".join(
        f"{number}\n{stamp(start)} --> {stamp(end)}\n{text}\n"
        for number, (start, end, text) in enumerate(cues, 1)
    )


def vtt(*cues: tuple[float, float, str], header: str = "WEBVTT") -> str:
    return f"{header}\n\n" + "\n".join(
        f"{stamp(start, '.')} --> {stamp(end, '.')} align:start\n{text}\n" for start, end, text in cues
    )


def content(text: str) -> Content:
    return read(text.encode(), "x.srt")


def rolling(words: list[str], per_line: int = 5, pauses: tuple[int, ...] = ()) -> str:
    """Captions as a video site makes them: each cue repeats the line before and spells out the next."""
    lines = [" ".join(words[at : at + per_line]) for at in range(0, len(words), per_line)]
    cues, before, clock = [], " ", 0.0
    for number, line in enumerate(lines):
        clock += 2.0 if number in pauses else 0.0
        first, _, rest = line.partition(" ")
        timed = f"{first}<{stamp(clock + 0.3, '.')}><c> {rest}</c>" if rest else first
        cues += [(clock, clock + 2, f"{before}\n{timed}"), (clock + 2, clock + 2.01, f"{line}\n ")]
        before, clock = line, clock + 2.01
    return vtt(*cues, header="WEBVTT\nKind: captions\nLanguage: en")


def test_sentences_that_are_cut_by_the_screen_are_whole_again() -> None:
    """Cues are joined with spaces, and each keeps the time at which it is shown."""
    found = content(
        srt((1, 3, "A gradient points\nuphill,"), (3, 5, "so we walk"), (3725.5, 3726, "the other way."))
    )
    assert found.text == "A gradient points uphill, so we walk the other way."
    marked = [(found.text[offset:].split()[0], name) for offset, name in found.marks]
    assert marked == [("A", "00:00:01"), ("so", "00:00:03"), ("the", "01:02:05")]


def test_a_long_silence_ends_a_paragraph() -> None:
    """Four seconds without a word part what belongs to different thoughts, but never a sentence."""
    found = content(srt((0, 2, "One thought."), (3, 4, "And more."), (9, 10, "Another"), (20, 21, "one.")))
    assert found.text == "One thought. And more.\n\nAnother one."


def test_a_paragraph_ends_after_some_sentences() -> None:
    """Speech without a pause is parted about every five sentences, at the end of one."""
    found = content(srt(*((at, at + 1, f"Sentence {at} is here.") for at in range(12))))
    assert [part.count(".") for part in found.text.split("\n\n")] == [5, 5, 2]


def test_voices_are_named_where_they_begin() -> None:
    """A voice tag becomes the speaker's name, once per turn, and a new turn is a new paragraph."""
    found = content(
        vtt(
            (0, 1, "<v Anna>Hello,"),
            (1, 2, "<v Anna>and welcome."),
            (2, 3, "<v.loud Bob B>Thanks.\n<v Anna>So,"),
            (3, 4, "<v Anna>let us begin.</v>"),
        )
    )
    assert found.text == "Anna: Hello, and welcome.\n\nBob B: Thanks.\n\nAnna: So, let us begin."
    assert [name for _, name in found.marks] == ["00:00:00", "00:00:01", "00:00:02", "00:00:02", "00:00:03"]


@pytest.mark.parametrize("mark", ["- ", "-", "– ", ">> ", "&gt;&gt; "])
def test_an_unnamed_change_of_speaker_is_a_new_paragraph(mark: str) -> None:
    """Dashes and angle brackets at the start of a line say that somebody else speaks; they are not text."""
    assert content(srt((0, 2, f"{mark}Is it so?\n{mark}It is."))).text == "Is it so?\n\nIt is."


def test_a_short_turn_above_a_long_one_is_no_heading() -> None:
    """Every turn can be quoted, and none passes for the title of the next."""
    found = content(
        vtt((0, 1, "<v Anna>Why"), (1, 9, "<v Bob>" + "Because gradients vanish in deep nets. " * 4))
    )
    document = Document("d", "x.vtt", "x", found.text, found.format, "0" * 64, marks=found.marks)
    chunks = split(document, count_tokens=HashingEmbeddings().count_tokens, max_tokens=256)
    assert [chunk.heading_path for chunk in chunks] == [()]
    assert chunks[0].text.startswith("Anna: Why\n\nBob: Because")


def test_lines_that_roll_up_the_screen_are_kept_once() -> None:
    """Automatic captions show every line twice or more; each word is said once."""
    words = [f"word{number}" for number in range(60)]
    found = content(rolling(words))
    assert found.text.split() == words
    assert found.metadata == {"language": "en"}
    assert found.marks[1] == (found.text.index("word5"), "00:00:02")


def test_a_word_that_is_really_said_twice_stays() -> None:
    """Only captions that roll throughout lose what they repeat."""
    assert (
        content(srt((0, 1, "No."), (1, 2, "No."), (2, 3, "Stop."), (3, 4, "Go."))).text == "No. No. Stop. Go."
    )


def test_speech_without_punctuation_is_parted_at_its_pauses() -> None:
    """Without sentences a paragraph is what can be quoted, so it must be short, and pauses part it best."""
    words = [f"word{number}" for number in range(200)]
    parts = content(rolling(words, pauses=(6, 12, 19, 26, 33))).text.split("\n\n")
    assert " ".join(parts).split() == words
    assert max(len(part.split()) for part in parts) <= 40
    assert {"word30", "word60", "word95", "word130", "word165"} <= {part.split()[0] for part in parts}


def test_markup_and_noises_are_dropped_but_not_what_looks_like_them() -> None:
    """Tags, entities, style codes and sound notes are for the screen; indices and comparisons are said."""
    found = content(
        srt(
            (0, 1, "[Music]"),
            (1, 2, "{\\an8}<i>Fast</i> &amp; <font color=red>loose</font> ♪ [ __ ] (APPLAUSE)"),
            (2, 3, "means that a[0] < 3, as in [1]."),
        )
    )
    assert found.text == "Fast & loose means that a[0] < 3, as in [1]."


def test_notes_styles_and_names_of_cues_are_not_said() -> None:
    """What WebVTT holds beside its cues is left out, wherever it stands."""
    found = content(
        "WEBVTT - Lecture one\n\nSTYLE\n::cue { color: red }\n\nNOTE by hand\n\nintro\n"
        "00:01.000 --> 00:02.000\nHello there,\n\nNOTE\nnot said\n\nsecond\n00:02.000 --> 00:03.000\nall.\n"
    )
    assert (found.text, found.title) == ("Hello there, all.", "Lecture one")


def test_broken_cues_cost_only_themselves() -> None:
    """A timing line that is damaged, numbers out of order and missing blank lines leave the rest readable."""
    found = content(
        "7\n00:00:01,000 --> 00:00:02,000\nFirst.\n8\n00:00:xx --> 00:00:03,000\nLost.\n"
        "9\n00:00:05,000 --> 00:00:04,000\nThird.\n1\n00:00:03,000-->00:00:03,500\nSecond 2\n"
    )
    assert found.text == "First. Second 2 Third."


@pytest.mark.parametrize("text", ["", "WEBVTT\n\n", "Just prose.", "1\n00:00:01,000 --> 00:00:02,000\n♪\n"])
def test_a_file_without_a_readable_cue_is_refused(text: str) -> None:
    """Nothing to quote is a reason, not an empty document."""
    with pytest.raises(ReadError, match="holds no readable cue"):
        content(text)


WORDS = st.lists(st.text("abc.?>-[]<v 01", max_size=12), max_size=3).map("\n".join)


@given(
    st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 9_000), WORDS), min_size=1, max_size=12),
    st.sampled_from([srt, vtt]),
)
def test_every_mark_lies_at_words_of_its_cue(cues: list[tuple[int, int, str]], write: object) -> None:
    """A citation's time is one at which a cue is shown, and the text there is what the cue adds."""
    try:
        found = content(write(*cues))  # type: ignore[operator]
    except ReadError:
        return
    offsets = [offset for offset, _ in found.marks]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    times = {stamp(start)[:8] for start, _, _ in cues}
    for (start, name), end in zip(found.marks, [*offsets[1:], len(found.text)], strict=True):
        assert name in times
        assert any(map(str.isalnum, found.text[start:end]))


@given(st.binary(max_size=300) | st.text("0123:,.->\nWEBVT <v>", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Damage of any kind ends in text or in a reason."""
    try:
        found = read(data, "x.vtt")
    except ReadError:
        return
    assert found.text.strip()
    assert found.marks
