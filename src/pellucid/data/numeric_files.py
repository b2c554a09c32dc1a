"""Number sequences in files of the user's own: JSONL, CSV or TSV.

JSONL: `{"input": [1, 2.5], "output": [1, 3.5]}` a line; a step may be a list of numbers, the output one number for the
whole sequence. Tables are described in `numeric_tables`.
"""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pellucid.data.dataset import SHARES
from pellucid.data.files import StrPath, read_text, write_atomic
from pellucid.data.numeric_kind import is_numeric_file as is_numeric_file
from pellucid.data.numeric_tables import parse_series_table
from pellucid.data.series import Series, SeriesSplits, partition_series, same_types
from pellucid.errors import PellucidError
from pellucid.values import is_sequence, listing, show

EXAMPLE = '{"input": [1, 2.5], "output": [1, 3.5]}'
_TABLES = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (".jsonl", *_TABLES)


def read_series(path: StrPath, outputs: Sequence[str] | None = None) -> Series:
    """The number sequences in a .jsonl, .csv or .tsv file.

    Args:
        path: the file; its suffix says what it is.
        outputs: names of the output columns, for a table with one step a row.

    Raises:
        PellucidError: naming file, line, what came and what was expected.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES and os.path.exists(path) and not os.path.isdir(path):
        raise PellucidError(f"{path}: unknown kind of file; known are {', '.join(SUFFIXES)}")
    text = read_text(path)
    if suffix in _TABLES:
        return parse_series_table(path, text, _TABLES[suffix], outputs)
    if outputs is not None:
        raise PellucidError(f"{path}: outputs {listing(outputs)}: only tables with one step a row have named columns")
    return parse_series_jsonl(path, text)


def parse_series_jsonl(path: StrPath, text: str) -> Series:
    """The number sequences in the text of a JSONL file.

    Raises:
        PellucidError: naming file and line.
    """
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    records = [_record(line, f"{path}:{n}: ") for n, line in lines]
    last = not is_sequence(records[0][1])
    for (n, _), (_, output) in zip(lines, records, strict=True):
        if is_sequence(output) == last:
            form, other = ("a list", "one number") if last else (show(output), "a list")
            raise PellucidError(
                f"{path}:{n}: output is {form}, on line {lines[0][0]} it is {other}; "
                f"a file has either one output per step (lists) or one per sequence (a number each)"
            )
    inputs, outputs = zip(*records, strict=True)
    return Series.of(inputs, outputs, last=last, where=lambda i: f"{path}:{lines[i][0]}: ")


def write_series(path: StrPath, series: Series) -> None:
    """Write JSONL that `read_series` reads back equal, names of columns aside; complete or not at all.

    Raises:
        PellucidError: one output per sequence that has several columns; the file cannot be written.
    """
    if series.last and len(series.output_names) > 1:
        raise PellucidError(f"{path}: one output per sequence with several columns has no form in JSONL")
    pairs = ({"input": series.rows(i), "output": series.expected(i)} for i in range(len(series)))
    write_atomic(path, "".join(json.dumps(pair) + "\n" for pair in pairs))


def load_series_splits(
    train: StrPath,
    valid: StrPath | None = None,
    test: StrPath | None = None,
    seed: int = 0,
    outputs: Sequence[str] | None = None,
) -> SeriesSplits:
    """Train, valid and test from files; what has no file is split off from the train file.

    Args:
        train, valid, test: .jsonl, .csv or .tsv files with the same columns.
        seed: of the division; equal inputs stay in one part, so that test is honest.
        outputs: as for `read_series`.

    Raises:
        PellucidError: as `read_series`; files of different columns; too few examples to divide.
    """
    paths = {name: path for name, path in (("train", train), ("valid", valid), ("test", test)) if path is not None}
    read = {name: read_series(path, outputs) for name, path in paths.items()}
    for name, series in read.items():
        check_columns(f"{paths[name]}: ", series, read["train"])
    parts = dict(zip(read, same_types(list(read.values())), strict=True))
    shares = {name: share for name, share in SHARES.items() if name == "train" or name not in parts}
    if len(shares) > 1:
        try:
            parts |= partition_series(parts["train"], shares, seed)
        except PellucidError as error:
            raise PellucidError(f"{train}: {error}") from None
    return SeriesSplits(**parts)


def check_columns(where: str, series: Series, like: Series) -> None:
    """Refuse data with other columns than the training data.

    Raises:
        PellucidError: naming what differs; the message begins with `where`.
    """
    reads: tuple[tuple[str, Callable[[Series], Any]], ...] = (
        ("input columns", lambda s: listing(s.input_names)),
        ("output columns", lambda s: listing(s.output_names)),
        ("outputs", lambda s: "one per sequence" if s.last else "one per step"),
    )
    for what, read in reads:
        if read(series) != read(like):
            raise PellucidError(f"{where}{what}: {read(series)}; the training data has {read(like)}")


def _record(line: str, where: str) -> tuple[Any, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise PellucidError(f"{where}not JSON ({error.msg} at column {error.colno}); expected {EXAMPLE}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists thousands deep
        raise PellucidError(f"{where}JSON with a too long number or too deep a list; expected {EXAMPLE}") from None
    if not isinstance(value, dict):
        raise PellucidError(f"{where}{show(value)} is no JSON object; expected {EXAMPLE}")
    for key in ("input", "output"):
        if key not in value:
            raise PellucidError(f'{where}no key "{key}"; the keys are {listing(value) or "none"}')
    return value["input"], value["output"]
