"""What a command is given, checked where it came from: the line of a data file, the tokens of the shell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pellucid.data.dataset import Dataset
from pellucid.data.files import read_text
from pellucid.data.texts import Texts, read_texts
from pellucid.data.tokens import Token
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program.inspect.words import counted

DELIMITERS = {".csv": ",", ".tsv": "\t"}


def fitting(vocab: Vocab, tokens: Iterable[Any], unbounded: bool) -> list[Token]:
    """Tokens as the program has them.

    Raises:
        PellucidError: an unknown token, none at all, or more than the program takes.
    """
    found = [vocab.match(token) for token in tokens]
    if not found:
        raise PellucidError(f"no tokens; expected {_lengths(vocab, unbounded)}")
    if len(found) > vocab.max_length and not unbounded:
        raise PellucidError(f"{counted(len(found), 'token')}; expected {_lengths(vocab, unbounded)}")
    return found


def _lengths(vocab: Vocab, unbounded: bool) -> str:
    """How many tokens a program takes."""
    if unbounded:
        return "at least 1"
    most = vocab.max_length
    return "1: the program takes no more" if most == 1 else f"1 to {most}: the program takes no more"


def fitting_data(vocab: Vocab, path: str, data: Dataset, unbounded: bool) -> Dataset:
    """The data of a file with tokens and labels as the program has them.

    Raises:
        PellucidError: an input that the program does not take, with file and line.
    """
    for i, sequence in enumerate(data.inputs):
        try:
            fitting(vocab, sequence, unbounded)
        except PellucidError as error:
            raise PellucidError(f"{place(path, i)}: {error}") from None
    return vocab.match_dataset(data)


def same_kind(path: str, data: Dataset, kind: str) -> None:
    """Refuse data for programs of the other kind."""
    if data.kind != kind:
        raise PellucidError(f"{path}: the data is for {data.kind}; the program is for {kind}")


def reading(vocab: Vocab, text: Any) -> tuple[Token, ...]:
    """The words of a raw text, or of a list of words, as a program for texts knows them.

    Raises:
        PellucidError: neither of them, or there is no word.
    """
    found = vocab.read(text)
    if not found:
        raise PellucidError("an empty list of words; expected at least one word")
    return found


def words_as_written(vocab: Vocab, text: Any) -> list[str]:
    """The user's own words of a text, capitals and numbers as they were; one for each that the program reads."""
    assert vocab.text is not None
    if not isinstance(text, str):
        return [str(word) for word in text]
    words = vocab.text.words
    found, known = replace(words, lowercase=False, numbers=False).split(text), words.split(text)
    return list(found if len(found) == len(known) else known)  # small letters may divide otherwise than capitals


def own_texts(texts: Texts) -> list[Any]:
    """The texts as the user has them, each a raw text or a list of words."""
    return [texts.originals.get(words, words) for words in texts.data.inputs]


def fitting_texts(vocab: Vocab, path: str, column: int = -1) -> tuple[Texts, Dataset]:
    """The texts of a file, as they are and with words and labels as the program has them.

    Raises:
        PellucidError: with file and line, as `read_texts`; data of the other kind.
    """
    assert vocab.text is not None
    texts = read_texts(path, vocab.text.words, column)
    same_kind(path, texts.data, vocab.kind)
    own = Dataset(tuple(own_texts(texts)), texts.data.outputs, texts.data.kind)
    return texts, vocab.match_dataset(own)


def place(path: str, index: int) -> str:
    """`file:line` of an example of a data file, counted from 0."""
    text = read_text(path)
    delimiter = DELIMITERS.get(path[path.rfind(".") :].lower())
    lines = _rows(text, delimiter) if delimiter else _lines(text)
    return f"{path}:{next(line for i, line in enumerate(lines) if i == index)}"


def _lines(text: str) -> Iterator[int]:
    """Line of every example of a JSONL file."""
    return (number for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _rows(text: str, delimiter: str) -> Iterator[int]:
    """First line of every example of a table; the header is none."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line, header = 1, True
    for fields in reader:
        here, line = line, reader.line_num + 1
        if len(fields) > 1 or any(field.strip() for field in fields):
            if not header:
                yield here
            header = False
