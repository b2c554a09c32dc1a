"""JSONL: one object `{"input": [...], "output": ...}` a line, any other keys ignored."""

import json
from typing import Any

from pellucid.data.dataset import Dataset
from pellucid.data.files import StrPath, write_atomic
from pellucid.data.tokens import Kind
from pellucid.errors import PellucidError
from pellucid.values import is_sequence, listing, show

EXAMPLE = '{"input": [...], "output": ...}'


def parse_jsonl(path: StrPath, text: str, kind: Kind | None = None) -> Dataset:
    """The data set in the text of a JSONL file; a list as output is tagging, a string or integer a label.

    Raises:
        PellucidError: naming file and line.
    """
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    records = [_record(line, f"{path}:{n}: ") for n, line in lines]
    outputs = [output for _, output in records]
    first = "tagging" if is_sequence(outputs[0]) else "classification"
    for (n, _), output in zip(lines, outputs, strict=True):
        if kind is None and is_sequence(output) != (first == "tagging"):
            form, other = ("a list", "one label") if first == "classification" else ("one label", "a list")
            raise PellucidError(
                f"{path}:{n}: output is {form}, on line {lines[0][0]} it is {other}; "
                f"a file holds either tagging (lists) or classification (one label each)"
            )
    inputs = [sequence for sequence, _ in records]
    return Dataset.of(inputs, outputs, kind or first, lambda i: f"{path}:{lines[i][0]}: ")


def write_jsonl(path: StrPath, dataset: Dataset) -> None:
    """Write a data set that `read_file` reads back equal; the file appears complete or not at all.

    Raises:
        PellucidError: the file cannot be written.
    """
    pairs = zip(dataset.inputs, dataset.outputs, strict=True)
    write_atomic(path, "".join(json.dumps({"input": x, "output": y}) + "\n" for x, y in pairs))


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
