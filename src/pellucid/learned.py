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
from pellucid.data import Dataset, Token, Vocab
from pellucid.errors import PellucidError
from pellucid.notebook import heart
from pellucid.program.emit import emit
from pellucid.program.interpret import predict
from pellucid.program.ir import Program
from pellucid.program.scores import figures
from pellucid.program.serialise import dumps, loads
from pellucid.program.text.trace import TextTrace
from pellucid.program.trace import Trace, explain
from pellucid.program.verify import Verdict, verify
from pellucid.series.learned import is_series_folder, load_series


@dataclass(frozen=True, repr=False)
class Learned:
    """A learned model. `program` and `source` are None for the standard Transformer, which has no program.

    `predictor` runs the trained model itself on inputs of the user's tokens (a trained network needs JAX when called);
    None where a simplification was allowed to change what it computes.
    """

    vocab: Vocab
    report: Mapping[str, Any]
    program: Program | None
    source: str | None
    predictor: Callable[[Sequence], list] | None
    files: Mapping[str, str | bytes] = field(repr=False)

    def run(self, sequence: Iterable[Token]) -> Any:
        """The output for one sequence, or one text: a list of labels, or one label for a classifier."""
        if self.vocab.text is not None:
            return self.outputs([self.vocab.read(sequence)])[0]
        return self.outputs([tuple(self.vocab.match(token) for token in sequence)])[0]

    def outputs(self, inputs: Sequence[Sequence[Token]]) -> list:
        """Outputs for many sequences, by the program where there is one."""
        if self.program is not None:
            return predict(self.program, inputs)
        assert self.predictor is not None
        return self.predictor(inputs)

    def evaluate(self, data: Dataset) -> dict[str, float]:
        """Accuracy on a data set: `token` and `sequence`, and `f1` of entities, in 0..1."""
        matched = self.vocab.match_dataset(data)
        if matched.kind != self.vocab.kind:
            raise PellucidError(f"the data is for {matched.kind}; the program is for {self.vocab.kind}")
        return figures(self.outputs(matched.inputs), matched)

    def verify(self, known: Iterable = (), seed: int = 0, exhaustive: bool = False, raw: Iterable[Any] = ()) -> Verdict:
        """Compare model, program and emitted text on every input, or on a sample of a domain too large.

        `known` inputs join a sample, `raw` ones as well: texts as the user has them; `exhaustive` checks every input
        however many there are.
        """
        if self.program is None or self.source is None:
            raise PellucidError("a standard Transformer has no program to verify")
        return verify(self.program, self.source, self.predictor, known=known, seed=seed, exhaustive=exhaustive, raw=raw)

    def explain(self, sequence: Iterable[Token], position: int | None = None) -> Trace | TextTrace:
        """What the program did on one input; printed, it is the text of `pellucid explain`.

        `position` (from 1): only what the output there depends on.
        """
        if self.program is None:
            raise PellucidError("a standard Transformer has no program to explain")
        if self.vocab.text is not None:
            return explain(self.program, sequence if isinstance(sequence, str) else list(sequence), position)
        return explain(self.program, [self.vocab.match(token) for token in sequence], position)

    def save(self, out: str | Path) -> Path:
        """Write the folder; it must not exist or be empty."""
        folder.write(Path(out), self.files)
        return Path(out)

    def __str__(self) -> str:
        return self.source or "standard Transformer"

    def __repr__(self) -> str:
        names = (self.report.get(key, "") for key in ("task", "model", "accuracy"))
        return "<Learned {} ({}): {}>".format(*names)

    def _repr_html_(self) -> str:
        """In a notebook: a line about it and the program, long word lists cut."""
        return f"<p>{html.escape(repr(self))}</p><pre>{html.escape(heart(str(self), 'source'))}</pre>"


def load(path: str | Path) -> Any:
    """A folder written by `learn`: a `Learned`, or for numbers a `series.learned.LearnedSeries`.

    Raises:
        PellucidError: naming the file that is missing or damaged.
    """
    place = Path(path)
    if is_series_folder(place):
        return load_series(place)
    report, model = folder.read_json(place, folder.REPORT), folder.read_json(place, folder.MODEL)
    if "vocabulary" not in model or "config" not in model:
        raise PellucidError(f"{place / folder.MODEL}: expected the keys vocabulary and config")
    vocab = Vocab.from_json(model["vocabulary"])
    program = source = None
    files: dict[str, str | bytes] = {name: folder.read(place, name) for name in (folder.REPORT, folder.MODEL)}
    files[folder.WEIGHTS] = folder.read_bytes(place, folder.WEIGHTS)
    if model.get("family") != "standard":
        text = folder.read(place, folder.IR)
        program, source = loads(text, str(place / folder.IR)), folder.read(place, folder.PROGRAM)
        files |= {folder.IR: text, folder.PROGRAM: source}
        if (place / folder.FRONT).exists():
            files[folder.FRONT] = folder.read(place, folder.FRONT)

    def predictor(inputs: Sequence) -> list:
        return _model_of(place, model, vocab)(inputs)

    return Learned(vocab, report, program, source, predictor if report.get("given_up") is None else None, files)


def _model_of(place: Path, model: Mapping[str, Any], vocab: Vocab) -> Callable[[Sequence], list]:
    """The trained model of a folder; a network needs JAX."""
    match model.get("family"):
        case "texts":
            from pellucid.text.files import predictor_from_folder
        case "search":
            from pellucid.search.learn import predictor_from_folder
        case "standard":
            from pellucid.learners.transformer.standard.model import load_standard

            return load_standard(place, model, vocab).predict
        case _:
            from pellucid.learners.transformer.programs.files import predictor_from_folder
    return predictor_from_folder(place, model, vocab)


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
