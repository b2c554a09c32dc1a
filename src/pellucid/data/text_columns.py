"""Texts in two columns of a dict, a data frame, or a Hugging Face data set (which need not be installed)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.data.texts import Texts, texts_of
from pellucid.errors import PellucidError
from pellucid.language.words import Words
from pellucid.values import is_sequence, listing, show

TEXT_COLUMNS = ("text", "sentence", "tokens", "words", "input")
LABEL_COLUMNS = ("label", "labels", "ner_tags", "tags", "output")


def texts_from_columns(
    table: Any, text: str | None = None, label: str | None = None, words: Words | None = None
) -> Texts:
    """The texts in two columns of a table.

    Args:
        table: anything with columns by name. Labels that a Hugging Face data set keeps as numbers with names
            (`ClassLabel`) get their names.
        text, label: names of the columns; the first of the usual ones where not given.
        words: how raw text is split.

    Raises:
        PellucidError: no such column, a text or label that is missing, or as for `texts_of`; rows are counted from 1.
    """
    known = _names(table)
    text = _column(text, TEXT_COLUMNS, known, "text")
    label = _column(label, LABEL_COLUMNS, known, "label")
    labels, names = list(table[label]), _label_names(table, label)
    if names is not None:
        labels = [_named(value, names, label, i) for i, value in enumerate(labels)]
    return texts_of(list(table[text]), labels, words, lambda i: f"row {i + 1}: ")


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
