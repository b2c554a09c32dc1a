"""CoNLL columns: a word a line with its tags, a blank line between sentences, entity tags in whatever scheme.

Columns are separated by tabs where the first line that is no comment has one, else by spaces. `-DOCSTART-` lines end a
sentence and are dropped. A line that begins with `#` is a comment where it has not the columns of the others (a word
`#` has them). Ten columns are CoNLL-U, whose ranges (`3-4`) and empty nodes (`3.1`) are no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.data.examples import Examples, examples_of
from pellucid.data.readers.base import File, Format, Options
from pellucid.errors import PellucidError
from pellucid.values import counted, show

SUFFIXES = (".conll", ".iob", ".iob2", ".bio", ".bioes")
START = "-DOCSTART-"
CONLL_U = 10
SAMPLE = 400  # lines looked at to recognise a file
_RANGE = re.compile(r"\d+[-.]\d+")


@dataclass(frozen=True)
class Row:
    """A line with a word: its number, from 1, and its columns."""

    line: int
    fields: list[str]


def fits(file: File) -> bool:
    """Whether a file is in this format, by its suffix or, for those without a suffix of their own, its first lines."""
    return file.suffix in SUFFIXES or (file.suffix not in (".jsonl", ".csv") and looks_like_conll(file.text))


def looks_like_conll(text: str) -> bool:
    """Whether the first lines are columns with a short last one, and blank lines divide them."""
    lines = [line.rstrip() for line in text.split("\n", SAMPLE + 1)[: SAMPLE + 1]]
    kept = [line for line in lines if line and not line.startswith(("#", START))]
    widths = {len(_split(line, "\t" in kept[0])) for line in kept[:SAMPLE]} if kept else set()
    divided = any(not line and i < len(lines) - 1 for i, line in enumerate(lines))
    spaced = any(" " in field for line in kept if "\t" in line for field in line.split("\t"))
    return len(widths) == 1 and min(widths) >= 2 and divided and not spaced


def parse(file: File, options: Options) -> Examples:
    """The sentences in a file."""
    sentences = list(_sentences(file))
    if not sentences:
        raise PellucidError(f"{file.path}: no sentence; expected lines with a word and its label")
    width = len(sentences[0][0].fields)
    if width < 2:
        expected = "expected a word and its label, with a tab or spaces between"
        raise PellucidError(f"{file.at(sentences[0][0].line)}1 column; {expected}")
    place = _place(file, options.column, width)
    word = 1 if width == CONLL_U else 0
    if width == CONLL_U:
        sentences = [[row for row in rows if not _RANGE.fullmatch(row.fields[0])] for rows in sentences]
    return examples_of(
        [[row.fields[word] for row in rows] for rows in sentences],
        [[row.fields[place] for row in rows] for rows in sentences],
        names=(("word",), ("tag",)),
        words=options.words,
        are_words=True,
        where=lambda i: file.at(sentences[i][0].line),
        cell=lambda i, j: file.at(sentences[i][j].line),
    )


def _sentences(file: File) -> Iterator[list[Row]]:
    first = next((line for _, line in file.lines if not line.startswith(("#", START))), None)
    first = first or next((line for _, line in file.lines if not line.startswith(START)), "")
    tabs = "\t" in first
    width, rows = len(_split(first.rstrip("\r"), tabs)), list[Row]()
    for number, line in enumerate(file.text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip() or line.split(None, 1)[0] == START:
            if rows:
                yield rows
            rows = []
            continue
        fields = _split(line, tabs)
        if len(fields) != width and line.startswith("#"):
            continue
        if len(fields) != width or not all(fields):
            raise PellucidError(f"{file.at(number)}{_wrong(line, fields, width, tabs)}")
        rows.append(Row(number, fields))
    if rows:
        yield rows


def _split(line: str, tabs: bool) -> list[str]:
    """The columns of a line. Spaces are those of ASCII alone: a word may hold others."""
    if tabs:
        return [field.strip(" ") for field in line.split("\t")]
    return re.split("[ \t]+", line.strip(" \t"))


def _wrong(line: str, fields: Sequence[str], width: int, tabs: bool) -> str:
    if len(fields) == width:
        return f"{show(line)} has an empty column; expected {counted(fields, 'column')} with something in each"
    separated = "separated by tabs" if tabs else "separated by spaces"
    return f"{show(line)} has {counted(fields, 'column')}; expected {width}, {separated}, as in the lines before"


def _place(file: File, column: Any, width: int) -> int:
    if type(column) is not int or not (1 <= column <= width or -width <= column <= -1):
        known = f"the file has {counted(range(width), 'column')}; expected 1 to {width}, or -1 for the last"
        raise PellucidError(f"{file.path}: column {show(column)}: {known}")
    return column - 1 if column > 0 else column


CONLL = Format("CoNLL columns", SUFFIXES, fits, parse)
