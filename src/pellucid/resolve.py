"""From what the user names (a built-in task, files, or data in memory) to a problem ready to learn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.bias import Bias
from pellucid.data.data import Data, known_words
from pellucid.data.readers import SUFFIXES, Options, read_splits
from pellucid.data.split import LEAST, Splits, split
from pellucid.data.tasks import TASKS, get_task
from pellucid.errors import PellucidError
from pellucid.problem import Problem
from pellucid.settings import taken
from pellucid.values import counted, describe

WORD_SETTINGS = {"least": int, "most": int, "forms": bool}


def resolve(
    what: str | Path | Data | Splits,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    bias: Bias | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    longer: str | Path | None = None,
    options: Options | None = None,
    vectors: str | Path | None = None,
) -> Problem:
    """The problem that `what` names.

    Args:
        what: name of a built-in task, path of a data file, or data in memory.
        settings: as given with `--set`.
        seed: of the generator of a task, the division of a file, and all of learning.
        bias: which pieces a program may be made of.
        valid, test: files with held-out data; split off `what` where missing.
        longer: file with longer inputs.
        options: how files are to be read.
        vectors: file of word vectors in GloVe text format.

    Raises:
        PellucidError: in one line, for anything that cannot be learned from.
    """
    if not isinstance(what, Data | Splits | str | Path):
        told = "expected the name of a task, a file, or data as of pellucid.Data.of(inputs, outputs)"
        raise PellucidError(f"{describe(what)}; {told}")
    settings = settings or {}
    is_file = not isinstance(what, Data | Splits) and _is_file(what)
    if not is_file and (valid or test or longer or options is not None):
        name = "data in memory" if isinstance(what, Data | Splits) else what
        raise PellucidError(f"--valid, --test, --longer and options of files go with a data file; {name} is none")
    if isinstance(what, Data | Splits):
        splits = _divided(what, seed)
        found = Problem("data", splits, refit=isinstance(what, Data) and not splits.few)
    elif is_file:
        read = read_splits(what, valid, test, longer, options, seed)
        name = os.path.basename(what)
        found = Problem(name, read.splits, read.longer, refit=read.divided and not read.splits.few, notes=read.notes)
    else:
        found = _of_task(str(what), settings, seed)
    chosen = {**found.settings, **settings}
    found = replace(
        found,
        splits=found.splits.blind(),
        settings=chosen,
        seed=seed,
        bias=bias or Bias(),
        vectors=vectors and Path(vectors),
    )
    return _checked(_with_known_words(found))


def extended(problem: Problem, inputs: Sequence[Any], outputs: Sequence[Any]) -> Problem:
    """The problem with more training examples, in the user's form; what may stand in its inputs stays known."""
    splits = problem.splits.extended(inputs, outputs)
    pairs = zip(problem.schema.inputs, splits.schema.inputs, strict=True)
    inputs_known = tuple(replace(new, type=old.type | new.type) for old, new in pairs)
    splits = splits.with_schema(replace(splits.schema, inputs=inputs_known)).blind()
    return _with_known_words(replace(problem, splits=splits.unscored(problem.warmup)))


def _divided(data: Data | Splits, seed: int) -> Splits:
    if isinstance(data, Data):
        return split(data, seed)
    same = data.train.schema == data.valid.schema == data.test.schema
    return data if same else replace(Splits.of(**data.parts()), few=data.few)


def _of_task(name: str, settings: Mapping[str, Any], seed: int) -> Problem:
    task = get_task(name)
    sizes = taken(settings, {key: type(value) for key, value in task.sizes.items()})
    instance = task.at(**sizes)
    splits = instance.splits(seed, taken(settings, {"size": int}).get("size"))
    return Problem(name, splits, instance.longer(splits.schema, seed), settings=task.hints, oracle=instance.oracle)


def _with_known_words(problem: Problem) -> Problem:
    """Texts as the words that are known from the training data."""
    if problem.schema.words is None:
        if problem.vectors is not None:
            raise PellucidError(f"--vectors {problem.vectors}: goes with texts; {problem.name} holds none")
        return problem
    known = known_words(problem.train, **taken(problem.settings, WORD_SETTINGS))
    schema = problem.schema.with_input(known)
    longer = {name: data.with_schema(schema) for name, data in problem.longer.items()}
    return replace(problem, splits=problem.splits.with_schema(schema), longer=longer)


def _checked(problem: Problem) -> Problem:
    """Refuse what nothing can be learned from."""
    name, outputs = problem.name, problem.schema.outputs
    if "size" in problem.settings and problem.oracle is None:
        raise PellucidError(f"--set size: how many examples to draw; goes with a built-in task, {name} is none")
    if len(problem.train) < LEAST:
        told = f"{counted(problem.train, 'sequence')} in the training part, too few to learn from"
        raise PellucidError(f"{name}: {told}; give at least {LEAST} different ones")
    if all(f.is_constant for f in outputs) and not problem.splits.few:
        raise PellucidError(f"{name}: output {outputs[0].name} is the same everywhere; there is nothing to learn")
    problem.bias.check(*problem.schema.shape[:2])
    return problem


def _is_file(what: str | Path) -> bool:
    """Anything with a known data suffix, a path separator, or that exists, and is not meant as a task."""
    name = str(what)
    if isinstance(what, Path) or os.path.exists(what):
        return name not in TASKS or isinstance(what, Path)
    in_a_group = "/" in name and any(name.split("/")[0] == task.group for task in TASKS.values())
    return not in_a_group and (name.lower().endswith(SUFFIXES) or os.sep in name)
