"""Slices of a program: what it uses for one output, one label, one position, one input, or its wrong answers.

Each is a program of its own, made of parts of the whole one, and compared with it before it is shown:

- output: the same as that output of the whole program.
- label: says that label exactly where the whole program does; `other` stands for all other labels.
- position: the same outputs at that position, for every input that has it.
- input: the same output on that input. Cases, rules and evidence that this input does not use are gone.
- wrong: the same answers at the wrong positions of a data set, likewise.

The first three are cut for the inputs of a scope; without one for every input, or for random ones where there are too
many, and are then checked on other random ones, too. `simplify`: an exact pass, applied to what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pellucid.errors import PellucidError
from pellucid.explain.cells import check_position
from pellucid.explain.slices import Cut, Scope, Simplify, Slice, drawn, given, itself
from pellucid.explain.words import shown
from pellucid.language.columns import Assign, Column, Output
from pellucid.language.expressions import Apply, Const, Var, choice
from pellucid.language.nodes import Let
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value
from pellucid.semantics import batch
from pellucid.semantics.reading import taken
from pellucid.semantics.scores import judge
from pellucid.values import counted, grouped, literal

OTHER, ANSWER = "other", "answer"


def for_input(program: Program, sequence: Any, simplify: Simplify = itself) -> Slice:
    """What one input, in the user's form, uses.

    Raises:
        PellucidError: an input that the program does not take, here and below.
    """
    scope = replace(given(program, [sequence], "this input"), exhaustive=True)
    promise = f"the same output as the whole program on the input {shown(scope.inputs[0])}"
    return Cut(program, program, scope, simplify).slice("input", promise)


def for_wrong(program: Program, scope: Scope, simplify: Simplify = itself) -> Slice | None:
    """What the wrong answers on inputs with right outputs use; None if there are none."""
    assert scope.wanted is not None
    judged = judge(batch.predict(program, scope.inputs), scope.wanted, program.when)
    places = grouped((int(judged.example[row]), int(judged.position[row])) for row in judged.wrong.tolist())
    if not places:
        return None
    wrong = replace(
        scope,
        inputs=[scope.inputs[i] for i in places],
        words=f"the {counted(len(places), 'wrong input')} of {scope.words}",
        places=None if program.when != "every" else list(places.values()),
    )
    promise = f"the same answers as the whole program where that is wrong on {scope.words}"
    return Cut(program, program, wrong, simplify).slice("wrong", promise)


def for_position(program: Program, position: int, scope: Scope | None = None, simplify: Simplify = itself) -> Slice:
    """What the outputs at one position, from 1, use.

    Raises:
        PellucidError: one output for a whole sequence, or a position that no input has.
    """
    check_position(program, position, program.longest if scope is None else scope.longest)
    cut = Cut(program, program, (scope or drawn(program, position)).at(position), simplify)
    return cut.slice("position", f"the same output as the whole program at position {position}")


def for_output(program: Program, name: str, scope: Scope | None = None, simplify: Simplify = itself) -> Slice:
    """What one of several outputs uses.

    Raises:
        PellucidError: no output of that name.
    """
    cut = Cut(program, _alone(program, name), scope or drawn(program), simplify)
    return cut.slice("output", f"the same as the output {literal(name)} of the whole program")


def for_label(
    program: Program,
    label: Value,
    output: str | None = None,
    scope: Scope | None = None,
    simplify: Simplify = itself,
) -> Slice:
    """What saying one label uses. `output`: which of several outputs is meant.

    Raises:
        PellucidError: no such output, or an unknown label.
    """
    alone = _alone(program, output)
    label, other = _label(alone, label)
    cut = Cut(program, _says(alone, label, other), scope or drawn(program), simplify, label)
    promise, rest = f"says {literal(label)} exactly where the whole program does", "any other label means: not this one"
    found = cut.slice("label", promise)
    told = rest if found.cut is not None else f"{literal(other)} stands for all other labels"
    return replace(found, promise=f"{promise}; {told}")


def _alone(program: Program, name: str | None) -> Program:
    """The program for one output alone."""
    names = [output.name for output in program.outputs]
    if name is None and len(names) == 1:
        return program
    if name not in names:
        raise PellucidError(f"no output {name!r:.60}; there are {', '.join(names)}")
    column = names.index(name)
    empty = None if program.empty is None else (program.empty[column],)
    return replace(program, outputs=(program.outputs[column],), empty=empty).pruned()


def _label(program: Program, label: Value) -> tuple[Plain, str]:
    """The label as the program says it, and what all others are called."""
    t = program.types[program.results[0]].something()
    if not t.is_text and not t.is_whole and t.values is None:
        raise PellucidError(f"label {label}: the output is {t}; expected an output of labels, or of whole numbers")
    try:
        found = taken(Column("label", t), label)
    except PellucidError as error:
        raise PellucidError(f"label {label}: {str(error).partition(': ')[2]}") from None
    assert isinstance(found, str | int)
    return found, _free(OTHER, t.texts)


def _free(name: str, used: Sequence[str]) -> str:
    while name in used:
        name += "_"
    return name


def _says(program: Program, label: Plain, other: str) -> Program:
    """The program with every other label called `other`."""
    name = _free(ANSWER, list(program.nodes))
    (output,) = program.outputs
    last = Assign(name, Let(choice(Apply("==", (Var(output.variable), Const(label))), Const(label), Const(other))))
    empty = None if program.empty is None else tuple(label if v == label else other for v in program.empty)
    outputs = (Output(output.name, name, (label, other)),)
    return replace(program, assignments=(*program.assignments, last), outputs=outputs, empty=empty)
