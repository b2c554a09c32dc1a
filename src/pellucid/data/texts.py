"""Texts with labels: files of several forms, lists, data frames and Hugging Face data sets, as one kind of data set.

| file | form |
|---|---|
| `.tsv`, `.txt` | `LABEL<TAB>text` a line, without header or quotes |
| `.csv`, `.tsv` | a header with the columns `text` and `label` |
| `.jsonl` | `{"text": "...", "label": ...}`, `{"tokens": [...], "tags": [...]}`, or `input` and `output` likewise |
| `.conll`, `.iob`, `.bio`, `.txt` and others of that form | CoNLL columns, see `conll` |

A raw text is split by a `Words` rule; a list of words is taken as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pellucid.data.conll import looks_like_conll, parse_conll
from pellucid.data.dataset import SHARES, Dataset, Input, Splits, partition, split
from pellucid.data.files import StrPath, read_text
from pellucid.data.tags import Scheme, check_tags, scheme_of, to_iob2
from pellucid.data.text_rows import Record, has_text_records, is_labelled_table, label_first, text_records, text_table
from pellucid.data.tokens import lenient
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN, Words
from pellucid.values import is_sequence

CONLL_SUFFIXES = (".conll", ".iob", ".iob2", ".bio", ".bioes")
TEXT_SUFFIXES = (".txt", *CONLL_SUFFIXES)  # beside those of `readers.SUFFIXES`
_TABLES = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Texts:
    """A data set of words.

    data: tagging (labels of entities in IOB2) or classification.
    words: how raw text was split, and is to be split for the program; None where all came as lists of words.
    lines: in a file, the line of every example. scheme: that of the entity tags as they came. originals: the raw text
    that some words were split from.
    """

    data: Dataset
    words: Words | None
    lines: tuple[int, ...] = ()
    scheme: Scheme | None = None
    originals: Mapping[Input, str] = field(default_factory=dict)

    @property
    def splitting(self) -> Words:
        """How to split a raw text for a program learned from these: `words`, or letters and figures as they are."""
        return self.words or AS_WRITTEN


@dataclass(frozen=True)
class TextSplits:
    """Texts divided for training, choosing and judging; see `Texts`."""

    splits: Splits
    words: Words | None
    scheme: Scheme | None = None
    originals: Mapping[Input, str] = field(default_factory=dict)


def is_text_file(path: StrPath) -> bool:
    """Whether `read_texts` should read the file; False for what cannot be read, and for sequences of symbols."""
    suffix = Path(path).suffix.lower()
    try:
        text = read_text(path)
    except PellucidError:
        return suffix in TEXT_SUFFIXES
    if suffix == ".jsonl":
        return has_text_records(text)
    if suffix == ".csv":
        return is_labelled_table(text, ",")
    if suffix == ".tsv":
        return is_labelled_table(text, "\t") or _headless(text)
    return suffix in TEXT_SUFFIXES or looks_like_conll(text)


def read_texts(path: StrPath, words: Words | None = None, column: int = -1) -> Texts:
    """The texts in a file; see the table of this module.

    Args:
        path: the file.
        words: how raw text is split (default: `Words()`).
        column: of the labels of a CoNLL file, from 1, or from the end as -1.

    Raises:
        PellucidError: naming file, line, what came and what was expected.
    """
    text, suffix = read_text(path), Path(path).suffix.lower()
    if suffix in CONLL_SUFFIXES or (suffix not in (".jsonl", ".csv") and looks_like_conll(text)):
        found = parse_conll(path, text, column)
        return Texts(found.data, None, found.lines, found.scheme)
    if suffix == ".jsonl":
        records = text_records(path, text)
    elif suffix == ".csv" or (suffix == ".tsv" and is_labelled_table(text, "\t")):
        records = text_table(path, text, _TABLES[suffix])
    elif suffix in (".tsv", ".txt"):
        records = label_first(path, text)
    else:
        known = ", ".join((".tsv", ".csv", ".jsonl", *TEXT_SUFFIXES))
        raise PellucidError(f"{path}: neither CoNLL columns nor a known kind of file; known are {known}")
    lines = tuple(record.line for record in records)
    made = _texts(records, words, lambda i: f"{path}:{lines[i]}: ")
    return replace(made, lines=lines)


def texts_of(
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    words: Words | None = None,
    where: Callable[[int], str] = lambda i: f"example {i + 1}: ",
) -> Texts:
    """Texts from Python: each a string, which is split, or a list of words; each with a label, or a label per word.

    Raises:
        PellucidError: as `Dataset.of`; a text without a word, or with a label per word though it is not split.
    """
    if len(inputs) != len(outputs):
        raise PellucidError(f"{len(inputs)} texts but {len(outputs)} labels; one label per text is needed")
    if not len(inputs):
        raise PellucidError("no examples; at least one is needed")
    pairs = zip(inputs, outputs, strict=True)
    return _texts([Record(i + 1, text, label) for i, (text, label) in enumerate(pairs)], words, where)


def load_texts(
    train: StrPath,
    valid: StrPath | None = None,
    test: StrPath | None = None,
    seed: int = 0,
    words: Words | None = None,
    column: int = -1,
) -> TextSplits:
    """Train, valid and test from files; what has no file is split off from the train file, equal texts kept together.

    Raises:
        PellucidError: as `read_texts`; files of different kinds; too few examples to divide.
    """
    paths = {"train": train, "valid": valid, "test": test}
    found = {name: read_texts(path, words, column) for name, path in paths.items() if path is not None}
    parts = {name: _labelled_like(found["train"].data, texts.data) for name, texts in found.items()}
    for name, part in parts.items():
        if part.kind != parts["train"].kind:
            raise PellucidError(f"{paths[name]}: holds {part.kind}, {train} {parts['train'].kind}; expected one kind")
    shares = {name: share for name, share in SHARES.items() if name == "train" or name not in parts}
    if len(shares) > 1:
        try:
            parts |= partition(parts["train"], shares, seed)
        except PellucidError as error:
            raise PellucidError(f"{os.fspath(train)}: {error}") from None
    originals = {words: text for texts in found.values() for words, text in texts.originals.items()}
    return TextSplits(Splits(**parts), found["train"].words, found["train"].scheme, originals)


def split_texts(texts: Texts, seed: int = 0) -> TextSplits:
    """Texts divided as `split` divides any data: 81 / 9 / 10, equal texts kept together.

    Raises:
        PellucidError: too few examples to divide.
    """
    return TextSplits(split(texts.data, seed), texts.words, texts.scheme, texts.originals)


def _texts(records: Sequence[Record], words: Words | None, where: Callable[[int], str]) -> Texts:
    tagging = is_sequence(records[0].label)
    rule = words or (AS_WRITTEN if tagging else Words())
    inputs = []
    for i, record in enumerate(records):
        if tagging and isinstance(record.text, str):
            raise PellucidError(f"{where(i)}a label per word needs the words as a list; got a text")
        try:
            inputs.append(rule.tokens(record.text))
        except PellucidError as error:
            raise PellucidError(f"{where(i)}{error}") from None
    data = Dataset.of(inputs, [r.label for r in records], "tagging" if tagging else "classification", where)
    raw = any(isinstance(record.text, str) for record in records)
    data, scheme = _in_iob2(data, where) if tagging else (data, None)
    pairs = zip(data.inputs, records, strict=True)
    originals = {words: record.text for words, record in pairs if isinstance(record.text, str)}
    return Texts(data, rule if raw else None, (), scheme, originals)


def _in_iob2(data: Dataset, where: Callable[[int], str]) -> tuple[Dataset, Scheme | None]:
    if not all(isinstance(label, str) for output in data.outputs for label in output):
        return data, None
    scheme = scheme_of(data.outputs)
    if scheme is None:
        return data, None
    check_tags(data.outputs, lambda i, j: f"{where(i)}label {j + 1}: ")
    return Dataset(data.inputs, tuple(tuple(to_iob2(tags)) for tags in data.outputs), data.kind), scheme


def _headless(text: str) -> bool:
    """Whether a .tsv file is `LABEL<TAB>text`, or columns, without a header of symbol sequences."""
    first = next(line for line in text.split("\n") if line.strip())
    names = {name.strip().strip('"') for name in first.split("\t")}
    return not {"input", "output"} <= names and (len(first.split("\t")) == 2 or looks_like_conll(text))


def _labelled_like(train: Dataset, part: Dataset) -> Dataset:
    """Labels that look the same are the same: 1 in one file and "1" in another."""
    known = lenient(sorted(train.labels(), key=str))
    if part.kind == "classification":
        return Dataset(part.inputs, tuple(known.get(label, label) for label in part.outputs), part.kind)
    rows = tuple(tuple(y if y is None else known.get(y, y) for y in row) for row in part.outputs)
    return Dataset(part.inputs, rows, part.kind)
