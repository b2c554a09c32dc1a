"""JSONL: an object a line, with an input and an output under any of the usual keys; other keys are ignored.

`{"input": [1, 2.5], "output": [1, 3.5]}`: a value per step, or a list of them; one output, or a list.
`{"text": "...", "label": ...}`: a raw text; `{"tokens": [...], "tags": [...]}`: words with a label each.
"""

from __future__ import annotations

import json
from typing import Any

from pellucid.data.data import Data
from pellucid.data.examples import INPUT_NAMES, OUTPUT_NAMES, TEXT_NAMES, Examples, examples_of, named
from pellucid.data.files import StrPath, write_atomic
from pellucid.data.readers.base import File, Format, Options
from pellucid.errors import PellucidError
from pellucid.values import is_sequence, listing, show

EXPECTED = 'expected {"input": [...], "output": ...} or {"text": "...", "label": ...}'


def parse(file: File, options: Options) -> Examples:
    """The examples in a JSONL file."""
    if options.outputs is not None:
        only = "only tables with one step a row have named columns"
        raise PellucidError(f"{file.path}: outputs {listing(options.outputs)}: {only}")
    records = [_object(line, file.at(n)) for n, line in file.lines]
    pairs = [
        (_key(record, INPUT_NAMES, file.at(n)), _key(record, OUTPUT_NAMES, file.at(n)))
        for (n, _), record in zip(file.lines, records, strict=True)
    ]
    outputs = [record[y] for record, (_, y) in zip(records, pairs, strict=True)]
    _check_form(file, outputs)
    return examples_of(
        [record[x] for record, (x, _) in zip(records, pairs, strict=True)],
        outputs,
        names=(named(pairs[0][0]), named(pairs[0][1])),
        words=options.words,
        are_words=pairs[0][0] in TEXT_NAMES,
        where=lambda i: file.at(file.lines[i][0]),
    )


def write_jsonl(path: StrPath, data: Data) -> None:
    """Write data that is read back equal, names of columns aside; the file appears complete or not at all.

    Raises:
        PellucidError: one output per sequence that has several columns; the file cannot be written.
    """
    if data.schema.when != "every" and len(data.schema.outputs) > 1:
        raise PellucidError(f"{path}: one output per sequence with several columns has no form in JSONL")
    key = "input" if data.schema.words is None else "text" if data.texts is not None else "tokens"
    pairs = zip(data.sequences, data.outputs, strict=True)
    write_atomic(path, "".join(json.dumps({key: x, "output": y}) + "\n" for x, y in pairs))


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise PellucidError(f"{where}not JSON ({error.msg} at column {error.colno}); {EXPECTED}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists thousands deep
        raise PellucidError(f"{where}JSON with a too long number or too deep a list; {EXPECTED}") from None
    if not isinstance(value, dict):
        raise PellucidError(f"{where}{show(value)} is no JSON object; {EXPECTED}")
    return value


def _key(record: dict[str, Any], names: tuple[str, ...], where: str) -> str:
    found = next((name for name in names if name in record), None)
    if found is None:
        raise PellucidError(f"{where}the keys are {listing(record) or 'none'}; expected one of {', '.join(names)}")
    return found


def _check_form(file: File, outputs: list[Any]) -> None:
    """Refuse a list among single outputs, and the other way round."""
    several = is_sequence(outputs[0])
    for (n, _), output in zip(file.lines, outputs, strict=True):
        if is_sequence(output) != several:
            forms = ("one value", "a list") if several else ("a list", "one value")
            have = f"output is {forms[0]}, on line {file.lines[0][0]} it is {forms[1]}"
            raise PellucidError(
                f"{file.at(n)}{have}; a file has either one output per step (lists) or one per sequence"
            )


JSONL = Format("JSONL", (".jsonl",), lambda file: file.suffix == ".jsonl", parse)
