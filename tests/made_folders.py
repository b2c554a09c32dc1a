"""Folders as `learn` writes them, of programs made by hand: no learning, so they are there at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from pellucid.artifact import Learned
from pellucid.candidates import Candidate, judged
from pellucid.cli import main
from pellucid.data.data import Data
from pellucid.data.split import Splits
from pellucid.language.program import Program
from pellucid.learners.turns import Asked, Turns
from pellucid.problem import Problem
from pellucid.progress import Stages
from pellucid.questions import Answers, Round
from pellucid.semantics import reference
from pellucid.writing import written


def said_by(program: Program, inputs: Sequence[Any]) -> Data:
    """Inputs with what a program says to them."""
    return Data.of(inputs, [reference.run(program, x) for x in inputs])


def problem_of(train: Data, valid: Data | None = None, test: Data | None = None, **longer: Data) -> Problem:
    """A problem of such data."""
    return Problem("made.jsonl", Splits(train, valid or train, test or train), longer)


def rows_of(problem: Problem, *programs: Program, **rest: Any) -> list[Candidate]:
    """The programs as candidates of one run."""
    return [judged("evolve", None, program, problem, **rest) for program in programs]


def learned_of(problem: Problem, rows: Sequence[Candidate], chosen: int = 1, turns: Turns | None = None) -> Learned:
    """What `learn` returns where these are the candidates."""
    stages = Stages(lambda stage, share, message: None)
    found = Round(problem, rows[chosen - 1], (), rows)
    return written(found, turns or Turns(), Asked(), "exact", stages, Answers())


def folder_of(place: Path, inputs: Sequence[Any], *programs: Program) -> Path:
    """A folder of the first program, right on these inputs, with the others beside it in the front."""
    problem = problem_of(said_by(programs[0], inputs))
    return learned_of(problem, rows_of(problem, *programs)).save(place)


def call(*arguments: object, **more: Any) -> Result:
    """One command line; an exception that no message caught is raised here."""
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False, **more)
