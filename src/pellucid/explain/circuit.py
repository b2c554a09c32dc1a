"""Slices of a program: what it uses for one output, one label, one position, one input, or its wrong answers.

Each is a program of its own, made of parts of the whole one, and compared with it before it is shown:

- output: the same as that output of the whole program.
- label: says that label exactly where the whole program does; `other` stands for all other labels.
- position: the same outputs at that position, for every input that has it.
- input: the same output on that input. Cases, rules and evidence that this input does not use are gone.
- wrong: the same answers at the wrong positions of a data set, likewise.

What is used is learned from some inputs; where the slice then differs from the whole on others, these are learned from
as well, until it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.explain.cells import Cells
from pellucid.explain.prune import Uses
from pellucid.explain.scope import Scope, drawn, given
from pellucid.explain.words import counted, literal, meaning, plain
from pellucid.language.columns import Assign, Column, Output
from pellucid.language.expressions import Table, Var
from pellucid.language.json import to_json
from pellucid.language.nodes import Let
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value
from pellucid.semantics import batch
from pellucid.semantics.reading import taken
from pellucid.semantics.scores import judge

OTHER, ANSWER = "other", "answer"
FIRST, MOST_LEARNED = 50, 3_000  # inputs learned from at first, and at most
Simplify = Callable[[Program], Program]
Said = Callable[[int, Any], Any]  # number of an input, the output on it -> what must be equal


@dataclass(frozen=True)
class Check:
    """Whether a slice keeps its promise on some inputs: how many, on how many it does not, and which they are."""

    inputs: int
    mismatches: int
    exhaustive: bool
    on: str

    def __str__(self) -> str:
        held = "it holds" if not self.mismatches else f"IT DOES NOT HOLD on {self.mismatches:,} of {self.inputs:,}"
        return f"Checked on {self.on}: {held}."


@dataclass(frozen=True)
class Slice:
    """A slice and what was checked about it.

    Args:
        kind: output, label, position, input or wrong.
        promise: what it preserves, a sentence.
        check: on the inputs it was cut for; fresh: on other random ones, where those were random.
        program: the slice; whole: what it was cut from.
        cut: size of what was cut out, where that is larger than the whole program, which then stands here.
    """

    kind: str
    promise: str
    check: Check
    fresh: Check | None
    program: Program
    whole: Program
    cut: int | None = None

    def summary(self) -> list[str]:
        """What it is, what was checked, and how large it is, a line each; for the head of the emitted program."""
        checks = [str(check) for check in (self.check, self.fresh) if check is not None]
        names = f"{len(self.program.nodes):,} of {counted(len(self.whole.nodes), 'variable')}"
        size = f"{size_of(self.program):,} of {counted(size_of(self.whole), 'part')}"
        lines = [f"Promise: {self.promise}.", *checks, f"Size: {names}, {size}."]
        if self.cut is not None:
            lines.append(f"This is the whole program: what was cut out of it would be larger ({self.cut:,} parts).")
        return lines

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "slice": self.kind,
            "promise": self.promise,
            "checked": vars(self.check),
            "fresh": None if self.fresh is None else vars(self.fresh),
            "variables": [{"name": a.name, "meaning": meaning(a.node)} for a in self.program],
            "size": {"variables": len(self.program.nodes), "parts": size_of(self.program)},
            "whole": {"variables": len(self.whole.nodes), "parts": size_of(self.whole)},
            "cut": self.cut,
        }

    def __str__(self) -> str:
        return "\n".join([*self.summary(), "", *(f"{a.name} = {meaning(a.node)}" for a in self.program)])


def size_of(program: Program) -> int:
    """Names, constants, cases and weights of all variables together."""

    def leaves(data: Any) -> int:
        inside = data.values() if isinstance(data, Mapping) else data if isinstance(data, list) else None
        return 1 if inside is None else sum(map(leaves, inside))

    return leaves(to_json(program)["variables"])


# ---------------------------------------------------------------- what can be asked


@dataclass(frozen=True)
class _Question:
    """What a slice is cut for.

    Args:
        kind, promise: as of `Slice`.
        start: the program to cut.
        said, by_slice: what must be equal, of the whole program's outputs and of the slice's.
        places: the positions whose answers count, by number of the input; None: all.
        label: whose saying alone counts.
        simplify: an exact pass for what is left.
    """

    kind: str
    promise: str
    start: Program
    said: Said
    by_slice: Said
    simplify: Simplify
    places: Callable[[int], Iterable[int]] | None = None
    label: Plain | None = None


def _itself(number: int, output: Any) -> Any:
    del number
    return output


def _nothing(program: Program) -> Program:
    return program


def for_input(program: Program, sequence: Any, simplify: Simplify = _nothing) -> Slice:
    """What one input uses: the program that gives the same output on it.

    Args:
        program: any program.
        sequence: an input in the user's form.
        simplify: an exact pass, applied to what is left (here and below).

    Raises:
        PellucidError: an input that the program does not take, here and below.
    """
    told = sequence if isinstance(sequence, str) else " ".join(map(_step, sequence))
    promise = f"the same output as the whole program on the input {told}"
    question = _Question("input", promise, program, _itself, _itself, simplify)
    return _cut(program, question, given(program, [sequence], "this input", exhaustive=True))


def _step(step: Any) -> str:
    return ",".join(map(plain, step)) if isinstance(step, list | tuple) else plain(step)


def for_wrong(
    program: Program, inputs: Sequence[Any], wanted: Sequence[Any], name: str, simplify: Simplify = _nothing
) -> Slice | None:
    """What the wrong answers on data use; None if there are none. `name`: of the data, for people."""
    judged = judge(batch.predict(program, inputs), wanted, program.when)
    if not len(judged.wrong):
        return None
    places: dict[int, list[int]] = {}
    for row in judged.wrong.tolist():
        places.setdefault(int(judged.example[row]), []).append(int(judged.position[row]))
    numbers = list(places)

    def said(number: int, output: Any) -> Any:
        return [output[j] if j >= 0 else output for j in places[numbers[number]]]

    every = program.when == "every"
    promise = f"the same answers as the whole program where that is wrong on {name}"
    scope = Scope([inputs[i] for i in numbers], False, f"the {counted(len(numbers), 'wrong input')} of {name}")
    question = _Question(
        "wrong", promise, program, said, said, simplify, (lambda n: places[numbers[n]]) if every else None
    )
    return _cut(program, question, scope)


def for_output(program: Program, name: str, scope: Scope | None = None, simplify: Simplify = _nothing) -> Slice:
    """What one of several outputs uses, on the inputs of a scope (default: all, or random ones; here and below).

    Raises:
        PellucidError: no output of that name.
    """
    column = _column(program, name)
    promise = f"the same as the output {literal(name)} of the whole program"
    question = _Question(
        "output", promise, _alone(program, column), lambda _, out: _of(program, out, column), _itself, simplify
    )
    return _cut(program, question, scope or drawn(program), scope is None)


def for_position(program: Program, position: int, scope: Scope | None = None, simplify: Simplify = _nothing) -> Slice:
    """What the outputs at one position, from 1, use.

    Raises:
        PellucidError: one output for a whole sequence, or a position that no input has.
    """
    if program.when != "every":
        raise PellucidError(f"position {position}: this program gives one output for the whole sequence")
    longest = program.longest if scope is None else scope.longest
    if position < 1 or (longest is not None and position > longest):
        raise PellucidError(
            f"position {position}: expected a number from 1{'' if longest is None else f' to {longest}'}"
        )
    scope, fresh = (drawn(program, position), True) if scope is None else (scope, False)
    kept = Scope([s for s in scope.inputs if len(s) >= position], scope.exhaustive, scope.words)
    promise = f"the same output as the whole program at position {position}"

    def said(_: int, output: Any) -> Any:
        return output[position - 1]

    question = _Question("position", promise, program, said, said, simplify, lambda _: [position - 1])
    return _cut(program, question, kept, fresh, position)


def for_label(
    program: Program, label: Value, output: str | None = None, scope: Scope | None = None, simplify: Simplify = _nothing
) -> Slice:
    """What saying one label uses. `output`: which of several outputs is meant.

    Raises:
        PellucidError: an unknown label.
    """
    column = _column(program, output)
    alone = _alone(program, column)
    t = program.types[alone.results[0]].something()
    if not t.is_text and not t.is_whole and t.values is None:
        raise PellucidError(f"label {label}: the output is {t}; expected an output of labels, or of whole numbers")
    try:
        label = taken(Column("label", t), label)
    except PellucidError as error:
        raise PellucidError(f"label {label}: {str(error).partition(': ')[2]}") from None
    assert label is not None and not isinstance(label, float)  # noqa: PT018
    other = OTHER
    while other in t.texts:
        other += "_"
    promise = (
        f"says {literal(label)} exactly where the whole program does; {literal(other)} stands for all other labels"
    )
    question = _Question(
        "label",
        promise,
        _says(alone, label, other),
        lambda _, out: _equal(_of(program, out, column), label),
        lambda _, out: _equal(out, label),
        simplify,
        label=label,
    )
    return _cut(program, question, scope or drawn(program), scope is None)


def _equal(output: Any, label: Plain) -> Any:
    return [value == label for value in output] if isinstance(output, list) else output == label


def _column(program: Program, name: str | None) -> int:
    names = [output.name for output in program.outputs]
    if name is None and len(names) == 1:
        return 0
    if name not in names:
        raise PellucidError(f"no output {name!r:.60}; there are {', '.join(names)}")
    return names.index(name)


def _alone(program: Program, column: int) -> Program:
    empty = None if program.empty is None else (program.empty[column],)
    return replace(program, outputs=(program.outputs[column],), empty=empty).pruned()


def _of(program: Program, output: Any, column: int) -> Any:
    """One column of an output in the user's form."""
    if len(program.outputs) == 1:
        return output
    return [row[column] for row in output] if program.when == "every" else output[column]


def _says(program: Program, label: Plain, other: str) -> Program:
    """The program with every other label called `other`."""
    name = ANSWER
    while name in program.nodes:
        name += "_"
    (output,) = program.outputs
    last = Assign(name, Let(Table((Var(output.variable),), (((label,), label),), other)))
    empty = None if program.empty is None else tuple(label if v == label else other for v in program.empty)
    outputs = (Output(output.name, name, (label, other)),)
    return replace(program, assignments=(*program.assignments, last), outputs=outputs, empty=empty)


# ---------------------------------------------------------------- cutting


def _cut(whole: Program, question: _Question, scope: Scope, fresh: bool = False, fewest: int = 1) -> Slice:
    """Cut the program down and check the promise. `fresh`: on other random inputs, too, where these were random."""
    said, larger = _Expected(whole, question, scope), None
    program = _smallest(question, scope, said)
    size, check = size_of(program), said.check(program)
    if size > size_of(whole) and len(whole.outputs) == 1:
        program, larger = whole, size
        question = replace(question, by_slice=question.said)
        check = Check(len(scope.inputs), 0, scope.exhaustive, scope.words)
    others = None
    if fresh and not scope.exhaustive:
        more = drawn(whole, fewest, 1, other=True)
        others = _Expected(whole, question, more).check(program)
    promise = question.promise
    if larger is not None and question.label is not None:
        promise = promise.partition(";")[0] + "; any other label means: not this one"
    return Slice(question.kind, promise, check, others, program, whole, larger)


class _Expected:
    """What the whole program says on the inputs of a scope, and where another one differs."""

    def __init__(self, whole: Program, question: _Question, scope: Scope) -> None:
        self.question, self.scope = question, scope
        self.said = [repr(question.said(i, out)) for i, out in enumerate(batch.predict(whole, scope.inputs))]

    def wrong(self, program: Program) -> list[int]:
        """Numbers of the inputs on which a program breaks the promise."""
        found = batch.predict(program, self.scope.inputs)
        return [i for i, out in enumerate(found) if repr(self.question.by_slice(i, out)) != self.said[i]]

    def check(self, program: Program) -> Check:
        return Check(len(self.said), len(self.wrong(program)), self.scope.exhaustive, self.scope.words)


def _smallest(question: _Question, scope: Scope, said: _Expected) -> Program:
    """Cut again as long as that makes it smaller: what is left may use less of the rest."""
    program = _learned(question.start, question, scope, said)
    while size_of(smaller := _learned(program, question, scope, said)) < size_of(program):
        program = smaller
    return program


def _learned(start: Program, question: _Question, scope: Scope, said: _Expected) -> Program:
    """What is used on enough of the inputs for the slice to be right on all; the start itself where none is."""
    uses, seen = Uses(start), set[int]()
    pending = np.unique(np.linspace(0, len(scope.inputs) - 1, FIRST).astype(int)).tolist() if scope.inputs else []
    while len(seen) < MOST_LEARNED and pending:
        for i in pending:
            cells = Cells(start, scope.inputs[i])
            places = None if question.places is None else set(question.places(i))
            uses.add(cells, [cell for cell in cells.answers() if places is None or cell[1] in places])
        seen.update(pending)
        program = question.simplify(uses.pruned(question.label))
        wrong = said.wrong(program)
        if not wrong:
            return program
        pending = [i for i in wrong if i not in seen][: 2 * len(seen)]
    return question.simplify(start.pruned())
