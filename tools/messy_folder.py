"""Write a folder of more than 300 mixed files, many of them broken, and what has to become of each.

    python tools/messy_folder.py FOLDER [--seed N]

`FOLDER.expected.json` beside the folder then says for each path whether it is read or skipped, for what reason,
which sentences can be quoted and at which places. The same seed gives the same bytes. `tests/ingest/test_messy.py` ingests it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from messy.damage import damaged
from messy.healthy import healthy
from messy.made import Expected
from messy.places import odd_names, special_files
from messy.prose import Note, note


def write_folder(root: Path, seed: int = 0) -> dict[str, Expected]:
    """Write all files below a folder that does not exist yet; what is expected of each, by the path that is shown."""
    notes = _notes(seed)
    expected: dict[str, Expected] = {}
    root.mkdir(parents=True)
    for path, data, fate in (*healthy(notes), *damaged(notes)):
        expected[path] = fate
        if data is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
    expected.update(odd_names(root, notes))
    expected.update(special_files(root, notes))
    return expected


def _notes(seed: int) -> Iterator[Note]:
    random_ = random.Random(seed)
    while True:
        yield note(random_)


def main() -> None:
    """Write the folder, and beside it what is expected."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    expected = write_folder(arguments.folder, arguments.seed)
    beside = arguments.folder.with_name(f"{arguments.folder.name}.expected.json")
    values = {path: fate.as_json() for path, fate in expected.items()}
    beside.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
    counts = Counter(fate.fate for fate in expected.values())
    print(f"{arguments.folder}: {', '.join(f'{count} {fate}' for fate, count in sorted(counts.items()))}")


if __name__ == "__main__":
    main()
