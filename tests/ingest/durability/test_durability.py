"""Nothing is lost: an ingest that is killed, runs out of disk or loses the right to write leaves an index that answers whole.

Each trial starts from an index of an old corpus and ingests a new one. Afterwards a start must serve the old or the
new generation and nothing between, and the next ingest must complete without anybody having tidied up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tutor_ingest.report import STEPS

TRIAL = Path(__file__).with_name("trial.py")
CHUNKS = 240
CALLBACKS = [["check", n] for n in (0, 13, 30)] + [["read", n] for n in (0, 1, 7, 29)] + [["embed", 0]]

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="processes are forked as on Linux")


def run(folder: Path, trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outcome of each trial."""
    lines = "".join(json.dumps(trial) + "\n" for trial in trials)
    done = subprocess.run(
        [sys.executable, str(TRIAL), str(folder)], input=lines, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outcomes) == len(trials)
    return outcomes


def assert_nothing_lost(outcome: dict[str, Any]) -> None:
    """The old generation or the new one answers, whole, and the next ingest brings the new one."""
    served, again = outcome["served"], outcome["again"]
    assert served, outcome
    assert again, outcome
    assert served["words"] in (["okapi"], ["zebra"]), outcome
    assert (served["pure"], served["chunks"], served["problem"]) == (True, CHUNKS, ""), outcome
    assert (again["words"], again["pure"], again["chunks"], again["problem"]) == (["zebra"], True, CHUNKS, "")
    assert again["published"] == (served["words"] == ["okapi"])
    assert again["folders"] == ["000001", "000002"], outcome


@pytest.mark.timeout(600)
def test_an_ingest_may_be_killed_at_any_point(tmp_path: Path) -> None:
    """At each named step of publishing, at others told by the progress, and at 40 random moments."""
    steps = [{"kind": "kill", "at": ["publish", step]} for step in STEPS]
    others = [{"kind": "kill", "at": at} for at in CALLBACKS]
    outcomes = run(tmp_path, [*steps, *others, *[{"kind": "kill", "at": None}] * 40])
    for outcome in outcomes:
        assert_nothing_lost(outcome)
    killed = [outcome for outcome in outcomes if outcome["killed"]]
    assert all(outcome["killed"] for outcome in outcomes[: len(steps) + len(others)])
    assert len(killed) >= 50
    moved = STEPS.index("pointer moved")
    words = [outcome["served"]["words"] for outcome in outcomes[: len(steps)]]
    assert words == [["okapi"]] * moved + [["zebra"]] * (len(STEPS) - moved)


@pytest.mark.timeout(300)
def test_an_ingest_may_lose_the_right_to_write_at_any_step(tmp_path: Path) -> None:
    """It ends in one line; the index is served from where nothing may be written."""
    outcomes = run(tmp_path, [{"kind": "lock", "step": step} for step in STEPS])
    for outcome in outcomes:
        assert_nothing_lost(outcome)
        attempt = outcome["attempt"]
        assert "cannot be written" in attempt.get("line", "") or attempt.get("published"), outcome
    assert sum("line" in outcome["attempt"] for outcome in outcomes) >= len(STEPS) - 2


def may_mount(folder: Path) -> bool:
    """Whether a file system of a given size can be had."""
    probe = folder / "probe"
    probe.mkdir()
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(probe)], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    if done.returncode == 0:
        subprocess.run(["umount", str(probe)], check=True)
    return done.returncode == 0


@pytest.mark.timeout(300)
def test_an_ingest_may_run_out_of_disk_anywhere(tmp_path: Path) -> None:
    """From no byte left to just too few, it ends in one line that says so, and the old index serves on."""
    if not may_mount(tmp_path):
        pytest.skip("a small file system can only be mounted by root")
    free = [
        0,
        4_096,
        40_000,
        100_000,
        200_000,
        350_000,
        500_000,
        700_000,
        900_000,
        1_100_000,
        1_300_000,
        60_000_000,
    ]
    outcomes = run(tmp_path, [{"kind": "fill", "free": size} for size in free])
    for outcome in outcomes:
        assert_nothing_lost(outcome)
        attempt = outcome["attempt"]
        assert "no space is left" in attempt.get("line", "") or attempt.get("published"), outcome
    assert "line" in outcomes[0]["attempt"]
    assert outcomes[-1]["attempt"] == {"published": True}
    assert sum("line" in outcome["attempt"] for outcome in outcomes) >= 8
