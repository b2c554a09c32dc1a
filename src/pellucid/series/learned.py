"""What `learn` returns for number sequences, and what its folder holds. Opens without JAX."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import folder
from pellucid.data import Series
from pellucid.data.numeric_files import check_columns
from pellucid.errors import PellucidError
from pellucid.program.numeric import NumericProgram, outputs, predict
from pellucid.program.numeric.emit import emit
from pellucid.program.numeric.serialise import dumps, loads
from pellucid.program.numeric.verify import verify
from pellucid.program.verify import Verdict
from pellucid.series.scores import score

FAMILY = "numeric"
KNOWN = 200  # inputs kept in the folder, from whose ranges `verify` draws others


@dataclass(frozen=True)
class LearnedSeries:
    """A learned numeric program. `known`: inputs [steps, columns] as in the data it was learned from."""

    report: Mapping[str, Any]
    program: NumericProgram
    source: str
    known: Sequence[np.ndarray]
    files: Mapping[str, str | bytes] = field(repr=False)
    predictor: Callable[[Sequence], list] | None = None

    @property
    def exact(self) -> bool:
        """Whether it made no error on any of its data."""
        return bool(self.report["exact"])

    def run(self, sequence: Iterable) -> Any:
        """The output for one sequence of numbers, or of lists of numbers where there are several columns."""
        return self.outputs([list(sequence)])[0]

    def outputs(self, inputs: Sequence) -> list:
        """Outputs for many sequences."""
        return predict(self.program, inputs)

    def evaluate(self, data: Series) -> dict[str, float]:
        """Share of right outputs and sequences, mean squared and largest error."""
        check_columns("", data, self.like)
        if self.program.whole_inputs and not data.whole_inputs:
            raise PellucidError("the program takes whole numbers; the data has others")
        return score(outputs(self.program, data.inputs), data)

    @property
    def like(self) -> Series:
        """Data of the form the program was learned from."""
        one = np.zeros((1, len(self.program.outputs)), np.int64)
        return Series((self.known[0][:1],), (one,), self.program.inputs, self.program.outputs, self.program.last)

    def verify(self, seed: int = 0) -> Verdict:
        """Compare program and emitted text, and the model where it is at hand."""
        return verify(self.program, self.source, self.predictor, self.known, seed)

    def explain(self, sequence: Iterable) -> Any:
        """What the program did on one input, step by step."""
        from pellucid.program.numeric.trace import explain

        return explain(self.program, list(sequence))

    def save(self, out: str | Path) -> Path:
        """Write the folder; it must not exist or be empty."""
        folder.write(Path(out), self.files)
        return Path(out)

    def __str__(self) -> str:
        return self.source


def is_series_folder(place: Path) -> bool:
    """Whether a folder holds a program on numbers."""
    if not (place / folder.MODEL).is_file():
        return False
    return folder.read_json(place, folder.MODEL).get("signature") == FAMILY


def load_series(place: Path) -> LearnedSeries:
    """A folder written by a run on numbers.

    Raises:
        PellucidError: naming the file that is missing or damaged.
    """
    report, model = folder.read_json(place, folder.REPORT), folder.read_json(place, folder.MODEL)
    if "known" not in model or "exact" not in report:
        raise PellucidError(f"{place}: expected `known` in {folder.MODEL} and `exact` in {folder.REPORT}")
    names = (folder.REPORT, folder.MODEL, folder.IR, folder.PROGRAM, folder.FRONT)
    files: dict[str, str | bytes] = {name: folder.read(place, name) for name in names if (place / name).exists()}
    files[folder.WEIGHTS] = folder.read_bytes(place, folder.WEIGHTS)
    program = loads(folder.read(place, folder.IR), str(place / folder.IR))
    kind = np.int64 if program.whole_inputs else np.float64
    try:
        known = [np.array(rows, kind).reshape(len(rows), len(program.inputs)) for rows in model["known"]]
    except (ValueError, TypeError, OverflowError):
        raise PellucidError(f"{place / folder.MODEL}: `known` does not fit the program's inputs") from None
    if not known or not all(len(rows) for rows in known):
        raise PellucidError(f"{place / folder.MODEL}: `known` holds no input")
    return LearnedSeries(report, program, folder.read(place, folder.PROGRAM), known, files)


def tampering(learned: LearnedSeries) -> list[str]:
    """Ways in which the files of a folder do not belong together, a line each; empty when they do."""
    digests, found = learned.report.get("sha256", {}), []
    for name, content in learned.files.items():
        if name != folder.REPORT and folder.digest(content) != digests.get(name):
            found.append(f"{name} is not the file that learn wrote: its SHA-256 is not the one in {folder.REPORT}")
    if dumps(learned.program) != learned.files[folder.IR]:
        found.append(f"{folder.IR} is not in the form that learn writes")
    if learned.report.get("versions", {}).get("pellucid") == version("pellucid"):
        docstring = ast.get_docstring(ast.parse(learned.source), clean=False) or ""
        if learned.source != emit(learned.program, docstring):
            found.append(f"{folder.PROGRAM} is not the text that {folder.IR} stands for")
    return found
