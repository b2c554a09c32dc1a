"""Emitted programs without their folder: run as a user would run them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Dataset, Token, Vocab, read_file
from pellucid.data.files import read_text
from pellucid.data.numeric_files import read_series
from pellucid.data.texts import read_texts
from pellucid.errors import PellucidError
from pellucid.evaluation import Evaluation
from pellucid.first.given import fitting_data, own_texts, place, same_kind
from pellucid.language.words import Words
from pellucid.program.verify import run_text
from pellucid.series.scores import score

FAILED = re.compile(r"error: (line \d+: )?")  # the beginning of what a program says to an input that it does not take


def evaluate_script(path: Path, name: str) -> Evaluation:
    """A program.py on the data of the file `name`; tokens are matched leniently with those it lists."""
    source, data = read_text(path), read_file(name)
    vocab = _vocab(path, source, data)
    matched = fitting_data(vocab, name, data, unbounded=True)
    return _compared(source, matched.inputs, matched, name, lambda i: place(name, i))


def evaluate_script_on_texts(path: Path, name: str, column: int = -1) -> Evaluation:
    """A program.py on the texts of the file `name`, which it splits and reads itself."""
    source = read_text(path)
    texts = read_texts(name, _words(source), column)
    return _compared(source, own_texts(texts), texts.data, name, lambda i: f"{name}:{texts.lines[i]}")


def _compared(source: str, inputs: Sequence, data: Dataset, name: str, where: Callable[[int], str]) -> Evaluation:
    """Outputs of the program compared with the data; `where` is the place of an example."""
    outputs = run_text(source, inputs)
    for i, output in enumerate(outputs):
        if isinstance(output, str) and FAILED.match(output):
            raise PellucidError(f"{where(i)}: {FAILED.sub('', output)}")
        same_kind(name, data, "tagging" if isinstance(output, list) else "classification")
    said = {label for output in outputs for label in (output if isinstance(output, list) else [output])}
    matched = _labels_like(data, {str(label): label for label in said})
    return Evaluation.of(outputs, matched, said | _constants(source))


def on_texts(path: Path) -> bool:
    """Whether a program.py reads texts: it says how it splits them."""
    return _words(read_text(path)) is not None


def on_numbers(path: Path) -> bool:
    """Whether a program.py takes numbers: it names its columns."""
    return bool(re.search(r"^COLUMNS = ", read_text(path), re.MULTILINE))


def evaluate_numbers(path: Path, data: str) -> dict[str, float]:
    """Figures of a program.py on number sequences."""
    from pellucid.program.numeric.runner import run_text as run_numbers

    series, found = read_series(data), []
    for i, output in enumerate(run_numbers(read_text(path), [series.rows(i) for i in range(len(series))])):
        if isinstance(output, str):
            raise PellucidError(f"{data}: example {i + 1}: {FAILED.sub('', output)}")
        found.append(np.array(output).reshape(series.outputs[i].shape))
    return score(found, series)


def _labels_like(data: Dataset, known: dict) -> Dataset:
    """Labels read as text become the program's own where they look the same."""
    if data.kind == "classification":
        return Dataset(data.inputs, tuple(known.get(str(y), y) for y in data.outputs), data.kind)
    rows = tuple(tuple(y if y is None else known.get(str(y), y) for y in row) for row in data.outputs)
    return Dataset(data.inputs, rows, data.kind)


def _vocab(path: Path, source: str, data: Dataset) -> Vocab:
    """The tokens a program knows, read off its SYMBOLS table without running it."""
    try:
        tokens = list(_assigned(source)["SYMBOLS"].values())
        return Vocab.of(tokens, data.labels(), data.kind, 1)
    except (KeyError, AttributeError):
        raise PellucidError(f"{path}: not a program written by pellucid") from None


def _words(source: str) -> Words | None:
    """How a program splits texts, read off its constants without running it; None where it reads no texts."""
    found = _assigned(source)
    try:
        return Words(found["LOWERCASE"], found["NUMBER"] is not None, found["PATTERN"])
    except (KeyError, PellucidError):
        return None


def _assigned(source: str) -> dict[str, Any]:
    """The constants of a program by name, as far as they are literals."""
    found = {}
    for node in _parsed(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            with suppress(ValueError, TypeError, RecursionError):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def _constants(source: str) -> set[Token]:
    """Every number and string in a program: the labels that it can say are among them."""
    values: list[Any] = [node.value for node in ast.walk(_parsed(source)) if isinstance(node, ast.Constant)]
    return {value for value in values if type(value) in (int, str)}


def _parsed(source: str) -> ast.Module:
    """The program as a tree; an empty one where it is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
