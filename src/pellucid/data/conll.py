"""CoNLL columns: a word a line with its tags, a blank line between sentences, entity tags in whatever scheme.

Columns are separated by tabs where the first line that is no comment has one, else by spaces. `-DOCSTART-` lines end a
sentence and are dropped. A line that begins with `#` is a comment where it has not the columns of the others (a word
`#` has them). Ten columns are CoNLL-U, whose ranges (`3-4`) and empty nodes (`3.1`) are no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.data.dataset import Dataset
from pellucid.data.files import StrPath
from pellucid.data.tags import Scheme, check_tags, scheme_of, to_iob2
from pellucid.errors import PellucidError
from pellucid.values import show

START = "-DOCSTART-"
CONLL_U = 10
_RANGE = re.compile(r"\d+[-.]\d+")


@dataclass(frozen=True)
class Row:
    """A line with a word: its number, from 1, and its columns."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Conll:
    """Sentences with a label per word.

    lines: line of the first word of every sentence. scheme: that of the entity tags in the file, which are IOB2 in
    `data`; None for other tags, which are as they were.
    """

    data: Dataset
    lines: tuple[int, ...]
    scheme: Scheme | None


def parse_conll(path: StrPath, text: str, column: int = -1, words: int = 1, convert: bool = True) -> Conll:
    """The sentences in the text of a CoNLL file.

    Args:
        path: the file, for messages.
        text: its content.
        column: of the labels; counted from 1, or from the end as -1.
        words: column of the words, likewise.
        convert: entity tags to IOB2; else all tags stay as they are.

    Raises:
        PellucidError: naming file and line: another number of columns, no such column, a tag that is none where the
            others are entity tags.
    """
    sentences, width = _sentences(path, text)
    if width < 2:
        where = f"{path}:{sentences[0][0].line}: " if sentences else f"{path}: "
        raise PellucidError(f"{where}{_columns(width)}; expected a word and its label, with a tab or spaces between")
    place, origin = _place(path, "column", column, width), _place(path, "words", words, width)
    if width == CONLL_U:
        sentences = [[row for row in rows if not _RANGE.fullmatch(row.fields[0])] for rows in sentences]
    inputs = [[row.fields[origin] for row in rows] for rows in sentences]
    tags = [[row.fields[place] for row in rows] for rows in sentences]
    scheme = scheme_of(tags) if convert else None
    if scheme is not None:
        check_tags(tags, lambda i, j: f"{path}:{sentences[i][j].line}: ")
        tags = [to_iob2(sentence) for sentence in tags]
    lines = tuple(rows[0].line for rows in sentences)
    return Conll(Dataset.of(inputs, tags, "tagging", lambda i: f"{path}:{lines[i]}: "), lines, scheme)


def looks_like_conll(text: str, rows: int = 400) -> bool:
    """Whether the first lines are columns with a short last one, and blank lines divide them."""
    lines = [line.rstrip() for line in text.split("\n", rows + 1)[: rows + 1]]
    kept = [line for line in lines if line and not line.startswith(("#", START))]
    widths = {len(_split(line, "\t" in kept[0])) for line in kept[:rows]} if kept else set()
    divided = any(not line and i < len(lines) - 1 for i, line in enumerate(lines))
    spaced = any(" " in field for line in kept if "\t" in line for field in line.split("\t"))
    return len(widths) == 1 and min(widths) >= 2 and divided and not spaced


def _sentences(path: StrPath, text: str) -> tuple[list[list[Row]], int]:
    """The sentences, and the number of columns."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    first = next((line for line in lines if line.strip() and not line.startswith(("#", START))), None)
    first = first or next((line for line in lines if line.strip() and not line.startswith(START)), "")
    tabs = "\t" in first
    width, sentences, rows = len(_split(first, tabs)), list[list[Row]](), list[Row]()
    for number, line in enumerate(lines, 1):
        fields = _split(line, tabs)
        if not line.strip() or line.split(None, 1)[0] == START:
            if rows:
                sentences.append(rows)
            rows = []
            continue
        if len(fields) != width and line.startswith("#"):
            continue
        if len(fields) != width or not all(fields):
            raise PellucidError(f"{path}:{number}: {_wrong(line, fields, width, tabs)}")
        rows.append(Row(number, tuple(fields)))
    if rows:
        sentences.append(rows)
    if not sentences:
        raise PellucidError(f"{path}: no sentence; expected lines with a word and its label")
    return sentences, width


def _split(line: str, tabs: bool) -> list[str]:
    """The columns of a line. Spaces are those of ASCII alone: a word may hold others."""
    if tabs:
        return [field.strip(" ") for field in line.split("\t")]
    return re.split("[ \t]+", line.strip(" \t"))


def _wrong(line: str, fields: Sequence[str], width: int, tabs: bool) -> str:
    if len(fields) == width:
        return f"{show(line)} has an empty column; expected {_columns(width)} with something in each"
    separated = "separated by tabs" if tabs else "separated by spaces"
    return f"{show(line)} has {_columns(len(fields))}; expected {width}, {separated}, as in the lines before"


def _columns(count: int) -> str:
    return f"{count} column{'' if count == 1 else 's'}"


def _place(path: StrPath, name: str, column: Any, width: int) -> int:
    if type(column) is not int or not (1 <= column <= width or -width <= column <= -1):
        known = f"the file has {_columns(width)}; expected 1 to {width}, or -1 for the last"
        raise PellucidError(f"{path}: {name} {show(column)}: {known}")
    return column - 1 if column > 0 else column


def write_conll(sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> str:
    """Text of a CoNLL file with two columns and tabs, from words and tags of sentences."""
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in zip(*pair, strict=True)) for pair in sentences)
