"""What `learn` returns and a folder holds: a program with its text, its model and its report. Opens without JAX."""

from __future__ import annotations

import ast
import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pellucid import folder
from pellucid.data.data import Data
from pellucid.data.examples import check_same
from pellucid.data.schema import Field, Schema
from pellucid.emit.emit import emit
from pellucid.errors import PellucidError
from pellucid.explain.explanation import Explanation, explain
from pellucid.language.json import dumps, loads
from pellucid.language.program import Program
from pellucid.language.types import symbol
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures
from pellucid.verify import Verdict, verify
from pellucid.verify.outputs import Stored

LISTS, SPLITTING = "# The words of each kind.", "# How texts are read."
RUNTIME = "# Runtime, the same in every program."
MOST_LISTED = 60  # lines of word lists that a notebook shows
Predictor = Callable[[Sequence[Any]], list[Any]]
ModelOf = Callable[[Mapping[str, Any], Path, Program | None], Predictor | None]


@dataclass(frozen=True, repr=False)
class Learned:
    """A learned model with its program. `program` and `source` are None for the standard Transformer, which has none.

    Args:
        schema: the columns of the data it was learned from.
        program, source: the program and its emitted text.
        report: as `report.json` holds it.
        predictor: the trained model itself, from inputs to outputs (a network needs JAX when called); of a program that
            is its own model, what it once said to a sample; None where a simplification may have changed it.
        files: all of the folder, by name.
    """

    schema: Schema
    program: Program | None
    source: str | None
    report: Mapping[str, Any]
    predictor: Predictor | None
    files: Mapping[str, str | bytes] = field(repr=False)

    @property
    def exact(self) -> bool:
        """Whether it made no error on any of its data."""
        return bool(self.report.get("exact", False))

    def run(self, sequence: Any) -> Any:
        """The output for one sequence, or one raw text."""
        return self.outputs([sequence])[0]

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:
        """Outputs for many sequences, by the program where there is one."""
        if self.program is not None:
            return predict(self.program, inputs)
        assert self.predictor is not None
        return self.predictor(inputs)

    def evaluate(self, data: Data) -> dict[str, float]:
        """Figures on data of the same columns, as of `semantics.scores.figures`.

        Raises:
            PellucidError: the data has other columns, or values that the program does not take.
        """
        check_same("", data.schema.shape, self.schema.shape)
        return figures(self.outputs(data.sequences), data.outputs, data.schema.when)

    def verify(self, known: Iterable[Any] = (), seed: int = 0, exhaustive: bool = False) -> Verdict:
        """Compare model, program and emitted text on every input, or on a sample of a domain too large.

        `known` inputs join a sample; `exhaustive` checks every input however many there are.
        """
        program, source = self._checked("verify")
        given = {"known": known, "seed": seed, "exhaustive": exhaustive}
        if isinstance(said := getattr(self.predictor, "__self__", None), Stored):
            return verify(program, source, said.predict, **{**given, "known": [*known, *said.inputs]})
        return verify(program, source, self.predictor, longer=self.predictor is not None, **given)  # pyright: ignore[reportArgumentType]

    def explain(self, sequence: Any) -> Explanation:
        """What the program did on one input; printed, it is the text of `pellucid explain`."""
        return explain(self._checked("explain")[0], sequence)

    def save(self, out: str | Path) -> Path:
        """Write the folder; it must not exist or be empty."""
        folder.write(Path(out), self.files)
        return Path(out)

    def of_program(self, what: str) -> Program:
        """The program.

        Raises:
            PellucidError: there is none to `what`.
        """
        return self._checked(what)[0]

    def _checked(self, what: str) -> tuple[Program, str]:
        if self.program is None or self.source is None:
            raise PellucidError(f"a standard Transformer has no program to {what}")
        return self.program, self.source

    def __str__(self) -> str:
        return self.source or "standard Transformer"

    def __repr__(self) -> str:
        names = (self.report.get(key, "") for key in ("task", "model", "accuracy"))
        return "<Learned {} ({}): {}>".format(*names)

    def _repr_html_(self) -> str:
        """In a notebook: a line about it and the program, long word lists cut."""
        return f"<p>{html.escape(repr(self))}</p><pre>{html.escape(heart(str(self), 'source'))}</pre>"


def heart(source: str, rest: str) -> str:
    """What of a program a notebook shows: its own part, word lists cut, with a note where something was left out.

    Args:
        source: text of `program.py`. rest: the name of what has all of it.
    """
    text, runtime, _ = source.partition(RUNTIME)
    text, splitting, _ = text.partition(SPLITTING)
    text, heading, lists = text.rstrip().partition(LISTS)
    lines = lists.split("\n")
    if len(lines) > MOST_LISTED + 1:
        more = f"# ... {len(lines) - MOST_LISTED:,} more lines of words: see {rest}"
        lines = [*lines[:MOST_LISTED], more]
    more = f"\n\n# ... runtime functions: see {rest}" if runtime or splitting else ""
    return text + heading + "\n".join(lines) + more


def schema_of(program: Program) -> Schema:
    """The columns of data that a program is for."""
    inputs = tuple(Field(c.name, c.type, c.words) for c in program.inputs)
    types = program.types
    outputs = tuple(
        Field(o.name, types[o.variable].something() if o.labels is None else symbol(o.labels)) for o in program.outputs
    )
    return Schema(inputs, outputs, "every" if program.when == "every" else "sequence")


def opened(path: str | Path, model_of: ModelOf) -> Learned:
    """A folder written by `learn`.

    Args:
        path: the folder.
        model_of: opens the model that its `model.json` describes, for a program; None where the program is the model.

    Raises:
        PellucidError: naming the file that is missing or damaged.
    """
    place = Path(path)
    report, model = folder.read_json(place, folder.REPORT), folder.read_json(place, folder.MODEL)
    files: dict[str, str | bytes] = {name: folder.read(place, name) for name in (folder.REPORT, folder.MODEL)}
    files[folder.WEIGHTS] = folder.read_bytes(place, folder.WEIGHTS)
    program = source = None
    if (place / folder.IR).exists() or model.get("family") != "standard":
        text = folder.read(place, folder.IR)
        program, source = loads(text, str(place / folder.IR)), folder.read(place, folder.PROGRAM)
        files |= {folder.IR: text, folder.PROGRAM: source}
        if (place / folder.FRONT).exists():
            files[folder.FRONT] = folder.read(place, folder.FRONT)
    schema = folder.schema_of_json(model, str(place / folder.MODEL)) if program is None else schema_of(program)
    predictor = None if report.get("given_up") is not None else model_of(model, place, program)
    return Learned(schema, program, source, report, predictor, files)


def tampering(learned: Learned) -> list[str]:
    """Ways in which the files of a folder do not belong together, a line each; empty when they do."""
    assert learned.program is not None
    assert learned.source is not None
    found = []
    digests = learned.report.get("sha256", {})
    for name, content in learned.files.items():
        if name != folder.REPORT and folder.digest(content) != digests.get(name):
            found.append(f"{name} is not the file that learn wrote: its SHA-256 is not the one in {folder.REPORT}")
    if dumps(learned.program) != learned.files[folder.IR]:
        found.append(f"{folder.IR} is not in the form that learn writes")
    if learned.report.get("versions", {}).get("pellucid") != version("pellucid"):
        return found  # another version may write the same program in another way
    if learned.source != emit(learned.program, _docstring(learned.source)):
        found.append(f"{folder.PROGRAM} is not the text that {folder.IR} stands for")
    return found


def _docstring(source: str) -> str:
    """The module docstring exactly as it stands, read without running anything; empty where there is none."""
    try:
        return ast.get_docstring(ast.parse(source), clean=False) or ""
    except (SyntaxError, ValueError, RecursionError):
        return ""
