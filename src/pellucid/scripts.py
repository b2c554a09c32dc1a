"""Emitted programs without their folder: run as a user would run them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np

from pellucid.data import Dataset, Vocab
from pellucid.data.files import read_text
from pellucid.data.numeric_files import read_series
from pellucid.errors import PellucidError
from pellucid.given import fitting_data, place
from pellucid.program.metrics import accuracy
from pellucid.program.verify import run_text
from pellucid.series.scores import score

FAILED = re.compile(r"error: (line \d+: )?")  # the beginning of what a program says to an input that it does not take


def evaluate_script(path: Path, data: Dataset, name: str) -> dict[str, float]:
    """Accuracy of a program.py on the data of the file `name`; tokens are matched leniently with those it lists."""
    source = read_text(path)
    vocab = _vocab(path, source, data)
    matched = fitting_data(vocab, name, data, unbounded=True)
    outputs = run_text(source, matched.inputs)
    for i, output in enumerate(outputs):
        if isinstance(output, str) and FAILED.match(output):
            raise PellucidError(f"{place(name, i)}: {FAILED.sub('', output)}")
        if isinstance(output, list) != (data.kind == "tagging"):
            other = "tagging" if isinstance(output, list) else "classification"
            raise PellucidError(f"{name}: the data is for {data.kind}; the program is for {other}")
    known = {str(label): label for output in outputs for label in (output if isinstance(output, list) else [output])}
    return accuracy(outputs, _labels_like(matched, known))


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
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SYMBOLS":
                tokens = list(ast.literal_eval(node.value).values())
                return Vocab.of(tokens, data.labels(), data.kind, 1)
    except (SyntaxError, ValueError, AttributeError):
        pass
    raise PellucidError(f"{path}: not a program written by pellucid")
