"""`verify`: a learned folder as it lies on disk, or its program against something that says what is right."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.artifact import Learned

EXIT_UNFAITHFUL = 1
TASK = "task"


@click.command()
@click.argument("learned", type=click.Path(path_type=Path))
@click.option("--exhaustive", is_flag=True, help="Check every possible input, however many; error if over 100 million.")
@click.option("--seed", default=0, show_default=True, help="Of the sample, where the domain is too large.")
@click.option("--spec", metavar="FILE.py:FUNCTION", help="A function that says what is right; the file is executed.")
@click.option("--equals", type=click.Path(path_type=Path), metavar="DIR", help="Another learned program.")
@click.option("--prove", is_flag=True, help="Every input up to a length, with z3; goes with --spec or --equals.")
@click.option("--length", type=int, help="Longest input to prove.  [default: as learned]")
@click.option("--seconds", type=float, help="Time for a proof.  [default: 120]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(learned: Path, exhaustive: bool, seed: int, as_json: bool, **against: Any) -> None:
    """Check LEARNED as it lies on disk: model = program = emitted text, and that the files belong together.

    \b
    --spec FILE.py:FUNCTION  instead: is the program right? FUNCTION takes a list (of
                             tokens, numbers, or lists of several columns) and returns
                             a list of outputs (None: any), or one output.
                             It may raise ValueError for an input that is not its business.
    --spec task              likewise, with the built-in task it was learned from
    --equals DIR             instead: does another learned program say the same?

    Every possible input is tried where there are at most a million, else the shortest and random ones; a difference is
    shown on a smallest input. With --prove, all inputs up to --length, however many. A program that reads texts is
    tried on texts of random words and odd strings. Exit code 1 if anything differs.
    """
    from pellucid.artifact import tampering
    from pellucid.loading import load

    _check_options(exhaustive, against)
    model = load(learned)
    model.of_program("verify")
    problems = tampering(model)
    if against["spec"] is not None or against["equals"] is not None:
        found: Any = _compared(model, seed, against)
        good = found.holds if against["prove"] else found.agrees
    else:
        found = model.verify(seed=seed, exhaustive=exhaustive)
        good = found.faithful
    click.echo(json.dumps({**found.to_json(), "problems": problems}) if as_json else "\n".join([str(found), *problems]))
    if problems or not good:
        sys.exit(EXIT_UNFAITHFUL)


def _check_options(exhaustive: bool, against: dict[str, Any]) -> None:
    several = against["spec"] is not None or against["equals"] is not None
    if against["spec"] is not None and against["equals"] is not None:
        raise PellucidError("--spec and --equals: one of them at a time, please")
    if exhaustive and several:
        raise PellucidError("--exhaustive: not with --spec or --equals; --prove looks at every input")
    if against["prove"] and not several:
        raise PellucidError("--prove: goes with --spec or --equals")
    for name in ("length", "seconds"):
        value = against[name]
        if value is not None and not against["prove"]:
            raise PellucidError(f"--{name}: goes with --prove")
        if value is not None and not value > 0:
            raise PellucidError(f"--{name} {value}: expected more than 0")


def _compared(model: Learned, seed: int, against: dict[str, Any]) -> Any:
    """The verdict, or with --prove the proof, of a comparison with a function, a task or another program."""
    from pellucid.given import known_inputs, task_function, task_reference
    from pellucid.loading import load
    from pellucid.verify.apart import check_file, prove_file
    from pellucid.verify.oracle import Oracle
    from pellucid.verify.proof import AgainstProgram, against_function, prove
    from pellucid.verify.spec import check_same, check_spec

    program, spec, known = model.of_program("verify"), against["spec"], known_inputs(model)
    limits = {"longest": against["length"], **({"seconds": against["seconds"]} if against["seconds"] else {})}
    if against["equals"] is not None:
        other, name = load(against["equals"]).of_program("compare with"), str(against["equals"])
        if against["prove"]:
            return prove(program, AgainstProgram(program, other, name), **limits)
        return check_same(program, other, name, seed, known)
    if spec == TASK:
        if against["prove"]:
            function = task_function(model)
            return prove(program, against_function(Oracle(TASK, function, program), function), **limits)
        return check_spec(program, task_reference(model), seed, None, known)
    return prove_file(program, spec, **limits) if against["prove"] else check_file(program, spec, seed, None, known)
