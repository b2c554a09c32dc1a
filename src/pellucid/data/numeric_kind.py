"""Whether a data file is meant as numbers or as symbols.

Numbers are what symbols cannot be: real numbers, several columns a step, tables with one step a row; and integers of
so many different values that a table of symbols would make no sense. All else stays symbols.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pellucid.data.files import StrPath, read_text
from pellucid.data.numeric_tables import (
    Line,
    holds_sequences,
    looks_like_number,
    looks_whole,
    read_table,
    sequence_column,
)
from pellucid.errors import PellucidError

MOST_SYMBOLS = 64  # different integers up to which they are taken for symbols
_TABLES = {".csv": ",", ".tsv": "\t"}


def is_numeric_file(path: StrPath) -> bool:
    """Whether the file should be read by `read_series`, which says what is wrong with one that is malformed."""
    suffix = Path(path).suffix.lower()
    try:
        if suffix == ".jsonl":
            return _numeric_jsonl(read_text(path))
        if suffix in _TABLES:
            return _numeric_table(*read_table(path, read_text(path), _TABLES[suffix]))
    except PellucidError:
        return suffix in _TABLES and _other_columns(path, _TABLES[suffix])
    return False


def _other_columns(path: StrPath, delimiter: str) -> bool:
    """Whether the header of a table that is malformed further down has columns that symbols do not."""
    try:
        names = {name.strip() for name in read_text(path).split("\n", 1)[0].split(delimiter)}
    except PellucidError:
        return False
    return len(names) > 1 and not names & {"input", "output", "text", "label"}


def _numeric_jsonl(text: str) -> bool:
    integers: dict[str, set[int]] = {"input": set(), "output": set()}
    texts = False
    for line in text.split("\n"):
        for side, value in _steps(line):
            if isinstance(value, (float, list)):
                return True
            if type(value) is int:
                integers[side].add(value)
            else:
                texts = True
    return not texts and _many(integers.values())


def _steps(line: str) -> list[tuple[str, Any]]:
    """Side and value of every step of a JSONL line; nothing for a line that is malformed."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return []
    if not isinstance(record, dict):
        return []
    sides = [(side, record.get(side)) for side in ("input", "output")]
    return [(side, step) for side, value in sides for step in (value if isinstance(value, list) else [value])]


def _numeric_table(header: Line, body: Sequence[Line]) -> bool:
    names = header[1]
    if not holds_sequences(header, body):
        skip = sequence_column(names)
        cells = [field for _, fields in body for i, field in enumerate(fields) if i != skip]
        return 2 * sum(map(looks_like_number, cells)) > len(cells)
    places = names.index("input"), names.index("output")
    sides = [[part for _, fields in body for part in fields[place].split()] for place in places]
    if all(looks_whole(part) for side in sides for part in side):
        return _many({int(part[:400]) for part in side} for side in sides)
    numbers = [[part for part in side if looks_like_number(part)] for side in sides]
    real = any(not looks_whole(part) for side in numbers for part in side)
    # text may hold a number here and there, and numbers a misprint
    return real and all(2 * len(some) >= len(side) for some, side in zip(numbers, sides, strict=True))


def _many(sides: Iterable[set[int]]) -> bool:
    return any(len(side) > MOST_SYMBOLS for side in sides)
