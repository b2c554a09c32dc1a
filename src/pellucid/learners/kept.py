"""What learners found, kept on disk turn by turn, so that a killed run goes on where it was.

Whose turn it is depends on the programs found and on nothing else, so a run that goes on gives back the turns that are
kept, in the order in which they were made, and comes to the same programs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.folder import as_json
from pellucid.language.json import from_json, plain, to_json
from pellucid.language.program import Program
from pellucid.learners.base import Found, Learner, Opening
from pellucid.learners.stored import save, saved
from pellucid.problem import Problem
from pellucid.values import counted

PROGRAM = "is a program"  # key of a program among details


@dataclass
class Take:
    """One turn of a learner, until its next pause.

    Args:
        learner: its name. found: programs, with the seconds after which each was found.
        goes_on: whether there is more to do. seconds: that it took.
        report, history: of the learner, as of then.
    """

    learner: str
    found: list[tuple[Found, float]] = field(default_factory=list)
    goes_on: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)


class Kept:
    """The turns of a run, a file each, in a folder; without one nothing is kept.

    Args:
        checkpoint: folder of all that a run keeps. mark: of all that decides the outcome, as of `mark_of`.
    """

    def __init__(self, checkpoint: Path | None, mark: str) -> None:
        self.place = None if checkpoint is None else checkpoint / mark
        self.given = 0  # turns given back that nobody was told of

    def _file(self, learner: str, number: int) -> Path | None:
        return None if self.place is None else self.place / f"{learner}.{number}.safetensors"

    def resumed(self, at: str) -> str | None:
        """What is said where a run goes on, once; None: nothing was kept."""
        told = f"resumed at {at}, after {counted(self.given, 'turn')} of learners" if self.given else None
        self.given = 0
        return told

    def take(self, learner: Learner, number: int) -> Take | None:
        """A learner's turn of this number, from 0; None where it is not kept.

        Raises:
            PellucidError: a file that is damaged.
        """
        file = self._file(learner.name, number)
        if file is None or not file.exists():
            return None

        def read(told: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Take:
            found = [_found(row, i, arrays, learner, str(file)) for i, row in enumerate(told.pop("found"))]
            return Take(found=found, **told)

        take = saved(file, read)
        self.given += 1
        return take

    def add(self, take: Take, number: int) -> None:
        """Keep a learner's turn of this number: complete, or not at all.

        Raises:
            PellucidError: it cannot be written.
        """
        if (file := self._file(take.learner, number)) is None:
            return
        arrays: dict[str, np.ndarray] = {"none": np.zeros(0)}
        rows = [_row(found, after, i, arrays) for i, (found, after) in enumerate(take.found)]
        told = {**vars(take), "found": rows, "report": as_json(take.report), "history": as_json(take.history)}
        save(file, told, arrays)


def mark_of(problem: Problem, *others: Any) -> str:
    """Digest of the data, of what is known of them, and of `others`."""
    parts = [(data.inputs, data.outputs) for data in (problem.train, problem.valid, *problem.longer.values())]
    told = [problem.name, plain(problem.schema), problem.bias.changed, problem.settings, problem.tolerance, others]
    return hashlib.sha256(f"{parts} {json.dumps(as_json(told))}".encode()).hexdigest()[:16]


def _row(found: Found, after: float, number: int, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """A program found as JSON; its model's arrays are put among the others."""
    details = {key: {PROGRAM: to_json(v)} if isinstance(v, Program) else as_json(v) for key, v in found.details.items()}
    row = {"program": to_json(found.program), "learner": found.learner, "details": details, "after": after}
    if found.model is None:
        return row
    config, own = found.model.described()
    arrays |= {f"{number}.{name}": np.ascontiguousarray(array) for name, array in own.items()}
    return {**row, "model": config}


def _found(
    row: Mapping[str, Any], number: int, arrays: Mapping[str, np.ndarray], learner: Learner, where: str
) -> tuple[Found, float]:
    """The inverse of `_row`."""
    program, model = from_json(row["program"]), None
    if "model" in row:
        if not isinstance(learner, Opening):
            raise ValueError(f"a model of {learner.name}, which has none")
        own = {name.removeprefix(f"{number}."): a for name, a in arrays.items() if name.startswith(f"{number}.")}
        model = learner.opened(row["model"], own, program, where)
    details = {
        key: from_json(value[PROGRAM]) if isinstance(value, dict) and PROGRAM in value else value
        for key, value in row["details"].items()
    }
    return Found(program, row["learner"], model, details), row["after"]
