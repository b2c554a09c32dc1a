"""The lines of text files: a text, or a list of words, with its label and where it stands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pellucid.data.files import StrPath
from pellucid.errors import PellucidError
from pellucid.values import is_integer, is_sequence, listing, show

TEXT_KEYS, LABEL_KEYS = ("text", "tokens", "words", "input"), ("label", "tags", "ner_tags", "output")
EXAMPLE = '{"text": "...", "label": ...}'
SUSPICIOUS = 20  # lines from which as many labels as lines mean that the columns are the other way round


@dataclass(frozen=True)
class Record:
    """A text (or list of words) and its label (or list of labels), with the line where it begins."""

    line: int
    text: Any
    label: Any


def label_first(path: StrPath, text: str) -> list[Record]:
    """The lines of a `LABEL<TAB>text` file; further tabs belong to the text.

    Raises:
        PellucidError: naming file and line.
    """
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        label, tab, rest = line.rstrip("\r").partition("\t")
        if not tab:
            raise PellucidError(f"{path}:{number}: no tab in {show(line.rstrip())}; expected LABEL<TAB>text")
        if not label.strip() or not rest.strip():
            missing = "text" if label.strip() else "label"
            raise PellucidError(f"{path}:{number}: the {missing} is empty; expected LABEL<TAB>text")
        records.append(Record(number, rest, label.strip()))
    labels, texts = {r.label for r in records}, {r.text for r in records}
    if len(labels) == len(records) >= SUSPICIOUS and len(texts) < len(records):
        raise PellucidError(f"{path}: every line has a label of its own; expected LABEL<TAB>text, the label first")
    return _typed(records)


def text_table(path: StrPath, text: str, delimiter: str) -> list[Record]:
    """The rows of a CSV or TSV file whose header has the columns `text` and `label`; other columns are ignored.

    Raises:
        PellucidError: naming file and line.
    """
    rows = _rows(path, text, delimiter)
    line, header = next(rows)
    names = [name.strip().lower() for name in header]
    if names.count("text") != 1 or names.count("label") != 1:
        expected = 'expected the columns "text" and "label"'
        raise PellucidError(f"{path}:{line}: the header is {listing(header)}; {expected}")
    records = []
    for line, fields in rows:
        if len(fields) != len(names):
            count = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
            raise PellucidError(f"{path}:{line}: {count}; the header has {len(names)}")
        content, label = fields[names.index("text")], fields[names.index("label")].strip()
        if not content.strip() or not label:
            raise PellucidError(f"{path}:{line}: the {'label' if content.strip() else 'text'} is empty")
        records.append(Record(line, content, label))
    if not records:
        raise PellucidError(f"{path}: a header but no examples")
    return _typed(records)


def text_records(path: StrPath, text: str) -> list[Record]:
    """The lines of a JSONL file with a text or words and a label or labels, under any of the known keys.

    Raises:
        PellucidError: naming file and line.
    """
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value = _parsed(line)
            if not isinstance(value, dict):
                raise PellucidError(f"{path}:{number}: {show(line.strip())} is no JSON object; expected {EXAMPLE}")
            records.append(Record(number, _key(value, TEXT_KEYS, path, number), _key(value, LABEL_KEYS, path, number)))
    tagging = is_sequence(records[0].label)
    for record in records:
        if is_sequence(record.label) != tagging:
            form, other = ("one label", "a list") if tagging else ("a list of labels", "one")
            raise PellucidError(f"{path}:{record.line}: {form}, on line {records[0].line} {other}; expected one kind")
    return records


def has_text_records(text: str) -> bool:
    """Whether the first line of a JSONL file holds a text or words, not a sequence of symbols."""
    value = _parsed(next(line for line in text.split("\n") if line.strip()))
    if not isinstance(value, dict):
        return False
    return any(key in value for key in TEXT_KEYS[:-1]) or isinstance(value.get("input"), str)


def is_labelled_table(text: str, delimiter: str) -> bool:
    """Whether a table has the columns `text` and `label`, and is none of symbol sequences."""
    first = next(line for line in text.split("\n") if line.strip())
    names = [name.strip().strip('"').strip().lower() for name in first.split(delimiter)]
    return {"text", "label"} <= {*names} and not {"input", "output"} <= {*names}


def _rows(path: StrPath, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line and fields of the rows that are not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            here, line = line, reader.line_num + 1
            if len(fields) > 1 or any(field.strip() for field in fields):
                yield here, fields
    except csv.Error as error:
        raise PellucidError(f"{path}:{line}: not a table with quoted fields ({error})") from None


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _key(value: dict[str, Any], names: tuple[str, ...], path: StrPath, number: int) -> Any:
    found = [name for name in names if name in value]
    if not found:
        expected = f"expected one of {', '.join(names)}"
        raise PellucidError(f"{path}:{number}: the keys are {listing(value) or 'none'}; {expected}")
    return value[found[0]]


def _typed(records: list[Record]) -> list[Record]:
    """Labels as integers where all of them are."""
    if not all(is_integer(record.label) for record in records):
        return records
    return [Record(record.line, record.text, int(record.label)) for record in records]
