"""Examples in the columns of a dict, a data frame, or a Hugging Face data set (which need not be installed)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.data.examples import Examples, examples_of
from pellucid.errors import PellucidError
from pellucid.language.words import Words
from pellucid.values import is_sequence, listing, show

TEXT_NAMES = ("text", "sentence", "tokens", "words")  # of columns that hold texts, or lists of words
INPUT_NAMES = (*TEXT_NAMES, "input")
OUTPUT_NAMES = ("label", "labels", "ner_tags", "tags", "output")


def examples_from(table: Any, inputs: str | None, outputs: str | None, words: Words | None) -> Examples:
    """The examples in two columns of a table; see `Data.from_columns`.

    Raises:
        PellucidError: no such column, or as for `examples_of`; rows are counted from 1.
    """
    known = _names(table)
    x = _column(inputs, INPUT_NAMES, known, "input")
    y = _column(outputs, OUTPUT_NAMES, known, "output")
    labels, names = list(table[y]), _label_names(table, y)
    if names is not None:
        labels = [_named(value, names, y, i) for i, value in enumerate(labels)]
    return examples_of(
        list(table[x]),
        labels,
        names=(named(x), named(y)),
        words=words,
        are_words=x in TEXT_NAMES,
        where=lambda i: f"row {i + 1}: ",
    )


def named(column: str) -> tuple[str] | None:
    """Names of the one column, None where the name says nothing of what is in it."""
    return None if column in ("input", "output") else (column,)


def _names(table: Any) -> list[Any]:
    for name in ("column_names", "columns"):  # of Hugging Face, of pandas
        found = getattr(table, name, None)
        if found is not None and not callable(found) and not isinstance(found, dict):
            return list(found)
    if not hasattr(table, "keys"):
        raise PellucidError(f"{show(table)} has no columns; expected a dict, a data frame or a Hugging Face data set")
    names = list(table.keys())
    if "train" in names and hasattr(table["train"], "column_names"):
        raise PellucidError(f"a data set with the parts {listing(names)}; give one of them, as data['train']")
    return names


def _column(given: str | None, usual: Sequence[str], known: Sequence[Any], what: str) -> str:
    if given is not None and given in known:
        return given
    found = [name for name in usual if name in known] if given is None else []
    if not found:
        wanted = f"no column {show(given)}" if given is not None else f"no column for the {what}"
        expected = "" if given is not None else f"; expected one of {', '.join(usual)}"
        raise PellucidError(f"{wanted}; the columns are {listing(known) or 'none'}{expected}")
    return found[0]


def _label_names(table: Any, label: str) -> list[str] | None:
    """Names of the labels that a Hugging Face data set keeps as numbers."""
    features: Any = getattr(table, "features", None)
    feature: Any = features.get(label) if hasattr(features, "get") else None
    if isinstance(feature, list) and feature:
        feature = feature[0]
    feature = getattr(feature, "feature", feature)  # of the items of a sequence
    names: Any = getattr(feature, "names", None)
    return list(names) if is_sequence(names) else None


def _named(value: Any, names: Sequence[str], column: str, i: int) -> Any:
    if is_sequence(value):
        return [_named(item, names, column, i) for item in value]
    if isinstance(value, str):
        return value
    if value is None or not 0 <= value < len(names):
        raise PellucidError(f"row {i + 1}: {column} is {show(value)}; expected 0 to {len(names) - 1}, or a name")
    return names[value]
