"""What a command is given, as a program takes it: tokens of the shell, data files, the data of a built-in task."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import folder
from pellucid.artifact import Learned
from pellucid.data.data import Data
from pellucid.data.files import read_text
from pellucid.data.readers import Options, read
from pellucid.data.schema import Schema
from pellucid.data.tasks import TASKS, TaskInstance, get_task
from pellucid.errors import PellucidError
from pellucid.explain.evaluation import Evaluation, evaluation
from pellucid.language.nodes import Column
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.loading import load
from pellucid.semantics import domain
from pellucid.settings import taken
from pellucid.teaching import Sequences, Source, Teacher
from pellucid.verify.oracle import Oracle
from pellucid.verify.outputs import ABSENT, run_text

TASK = "task"
FRESH = 1000  # inputs drawn where the data is `task`
KNOWN = 200  # of them that say what inputs look like
FAILED = "error: "  # the beginning of what a program says to an input that it does not take


def typed(schema: Schema, tokens: Sequence[str]) -> Any:
    """An input as it is typed: a raw text; or a value per step, of several columns joined by commas.

    Raises:
        PellucidError: a step of another number of columns, or a number that is none.
    """
    if schema.words is not None:
        return " ".join(tokens)
    several = len(schema.inputs) > 1
    found = []
    for place, token in enumerate(tokens, 1):
        row = token.split(",") if several else [token]
        if len(row) != len(schema.inputs):
            names = ",".join(field.name for field in schema.inputs)
            raise PellucidError(f"step {place}: expected {len(schema.inputs)} values, {names}; got {token!r:.40}")
        values = [_value(text, field.type.is_number, place) for text, field in zip(row, schema.inputs, strict=True)]
        found.append(values if several else values[0])
    return found


def _value(text: str, is_number: bool, place: int) -> Any:
    if not is_number:
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    raise PellucidError(f"step {place}: expected a number, got {text!r:.40}")


def data_for(learned: Learned, name: str, tag: int = -1) -> Data:
    """A data file, or what `task` stands for, read as the data that a program was learned from.

    Raises:
        PellucidError: other columns, a file that cannot be read; the program was not learned from a task.
    """
    if name == TASK:
        return _instance(learned).sample(np.random.default_rng(learned.report["seed"] + 77), FRESH)
    group = learned.report.get("options", {}).get("group")
    options = Options(column=tag, outputs=_named(learned.schema, name), group=group)
    return read(name, options, learned.schema).data.unscored(learned.report.get("warmup", 0))


def _instance(learned: Learned) -> TaskInstance:
    """The built-in task that a program was learned from, at its sizes.

    Raises:
        PellucidError: it was learned from something else.
    """
    name = learned.report["task"]
    if name not in TASKS:
        raise PellucidError(f"task: {name} is no built-in task; name a data file or FILE.py:function")
    task = get_task(name)
    sizes = {key: type(value) for key, value in task.sizes.items()}
    return task.at(**taken(learned.report.get("settings", {}), sizes))


def task_reference(learned: Learned) -> Oracle:
    """What is right by the built-in task that a program was learned from."""
    right = partial(_right, _instance(learned), learned.schema)
    return Oracle(TASK, right, learned.of_program("verify"))


def _right(instance: TaskInstance, schema: Schema, sequence: Any) -> Any:
    """What is right by a task. Raises ValueError for what is no input of it."""
    given = tuple(tuple(step) if isinstance(step, list) else step for step in sequence)
    if not instance.holds(given):
        raise ValueError("not an input of the task")
    return list(instance.oracle(given)) if schema.when == "every" else instance.oracle(given)


def teacher_of(learned: Learned, name: str, length: int | None) -> Teacher:
    """A standard Transformer as somebody to be asked; of a built-in task on the inputs of that.

    Raises:
        PellucidError: it is none, it reads words, or it does not take inputs so long.
    """
    if learned.program is not None or learned.predictor is None:
        raise PellucidError(f"{name}: has a program; only what `learn --model standard` wrote has none")
    if learned.schema.words is not None:
        raise PellucidError(f"{name}: a model of words; only models of symbols are decompiled")
    config = folder.read_json(Path(name), folder.MODEL)["config"]
    longest = config["width"] - config["n_symbols"] + config["n_tokens"]
    if length is not None and not 1 <= length <= longest:
        raise PellucidError(f"--length {length}: expected 1 to {longest}, what the model takes")
    (field,), right = learned.schema.inputs, lambda sequence: ABSENT
    source: Source = Sequences(Column(field.name, field.type), length or longest)
    if learned.report["task"] in TASKS and length is None:
        source = OfTask(_instance(learned))
        right = partial(_right, _instance(learned), learned.schema)
    wrong = 1 - learned.report["accuracy"]["test"]["sequence"]  # by its test data, which may be too few to show any
    tolerance = max(wrong, 1 / max(1, learned.report["examples"]["test"]))
    return Teacher(name, learned.predictor, source, tolerance=tolerance, right=right)


@dataclass(frozen=True)
class OfTask:
    """The inputs of a built-in task, to ask a model that was trained on it."""

    instance: TaskInstance

    @property
    def size(self) -> float:
        """How many there are."""
        return self.instance.domain.size or math.inf

    def draw(self, count: int, seed: int, program: Program | None = None) -> list[Any]:
        """Random ones."""
        return list(map(_user, self.instance.domain.draw(np.random.default_rng([seed, 78]), count)))

    def extreme(self) -> list[Any]:
        """None: tasks say themselves what their inputs are."""
        return []

    def every(self) -> Iterator[Any]:
        """Each of them once."""
        return map(_user, self.instance.enumerate() or ())

    def typed(self, schema: Schema) -> Schema:
        """The schema with all that may stand in the inputs."""
        types = self.instance.domain.types
        (own,) = schema.inputs
        return schema.with_input(replace(own, type=types.get(own.name, own.type)))


def _user(sequence: Sequence[Any]) -> list[Any]:
    """An input as a user gives it."""
    return [list(step) if isinstance(step, tuple) else step for step in sequence]


def task_function(learned: Learned) -> Callable[[Any], Any]:
    """The function of a built-in task, where it stands in a file by its name, as a proof needs it.

    Raises:
        PellucidError: it does not.
    """
    function = _instance(learned).task.oracle
    if "<locals>" in function.__qualname__:
        raise PellucidError(
            f"--prove: not for {learned.report['task']}; write what is right to a file, FILE.py:function"
        )
    return function


def known_inputs(learned: Learned) -> list[Any]:
    """Inputs that are known to be good, from the built-in task that a program was learned from; none of others."""
    if learned.report["task"] not in TASKS:
        return []
    return data_for(learned, TASK).sequences[:KNOWN]


def example(program: Program) -> str:
    """A few steps to try, or a text, as they are typed."""
    if any(column.words is not None for column in program.inputs):
        return '"a text"'
    steps = domain.sample(program, 1, 0, 3)[0]
    return " ".join(",".join(map(str, step)) if isinstance(step, list) else str(step) for step in steps)


def _named(schema: Schema, name: str) -> tuple[str, ...] | None:
    """Output columns, where a file is a table with one step a row, which must say them."""
    several = name.lower().endswith((".csv", ".tsv")) and len(schema.outputs) + len(schema.inputs) > 2
    return tuple(field.name for field in schema.outputs) if several else None


def evaluated(path: Path, name: str, tag: int = -1) -> Evaluation:
    """A folder or a program.py on a data file."""
    if path.suffix == ".py":
        return _of_text(path, read(name, Options(column=tag)).data)
    learned = load(path)
    data = data_for(learned, name, tag)
    return _evaluation(learned.outputs(data.sequences), data, learned.schema.outputs[0].values)


def _evaluation(outputs: Sequence[Any], data: Data, known: Iterable[Value] | None) -> Evaluation:
    schema = data.schema
    labels = known if len(schema.outputs) == 1 and schema.outputs[0].values is not None else None
    return evaluation(outputs, data.outputs, schema.when, [field.name for field in schema.outputs], labels)


def _of_text(path: Path, data: Data) -> Evaluation:
    """A program.py on data, run as a user would run it."""
    outputs = run_text(read_text(path), data.sequences)
    for i, output in enumerate(outputs):
        if isinstance(output, str) and output.startswith(FAILED):
            raise PellucidError(f"example {i + 1}: {output.removeprefix(FAILED)}")
    flat = [label for output in outputs for label in (output if data.schema.when == "every" else [output])]
    return _evaluation(outputs, data, {label for label in flat if isinstance(label, str | int)})
