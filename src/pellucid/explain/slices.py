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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.explain.cells import Cells, check_position, steps_of
from pellucid.explain.prune import Uses
from pellucid.explain.words import meaning, shown
from pellucid.language.expressions import Apply, Const, Var, choice
from pellucid.language.json import to_json
from pellucid.language.nodes import Assign, Column, Let, Output
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value
from pellucid.semantics import batch, domain
from pellucid.semantics.reading import taken
from pellucid.semantics.scores import judge
from pellucid.values import counted, grouped, literal

EXHAUSTIVE = 1_000_000  # positions of all inputs together
SAMPLES, SAMPLES_OF_WORDS = 20_000, 2_000
FIRST, MOST_LEARNED = 50, 3_000  # inputs learned from at first, and at most
Simplify = Callable[[Program], Program]


@dataclass(frozen=True)
class Scope:
    """Inputs that a program is looked at on.

    Args:
        inputs: in the user's form, step by step.
        exhaustive: whether these are all that matter.
        words: which they are, for people.
        places: for each, the positions whose outputs matter; None: all.
        others: of random ones, gives as many others.
        wanted: right outputs, where they are known.
    """

    inputs: Sequence[Any]
    exhaustive: bool
    words: str
    places: Sequence[Sequence[int]] | None = None
    others: Callable[[], Scope] | None = None
    wanted: Sequence[Any] | None = None

    def at(self, position: int) -> Scope:
        """The inputs that have a position, from 1, where that one alone matters."""
        inputs, others = [s for s in self.inputs if len(s) >= position], self.others
        at = None if others is None else lambda: others().at(position)
        return replace(self, inputs=inputs, places=[[position - 1]] * len(inputs), others=at)

    @property
    def longest(self) -> int:
        """Positions of the longest input."""
        return max(map(len, self.inputs), default=0)


def given(program: Program, inputs: Iterable[Any], words: str, wanted: Sequence[Any] | None = None) -> Scope:
    """These inputs, in the user's form."""
    return Scope([list(steps_of(program, sequence)) for sequence in inputs], False, words, wanted=wanted)


def drawn(program: Program, fewest: int = 1, other: bool = False) -> Scope:
    """Every input of at least `fewest` positions where there are not too many, else random ones (or `other` ones)."""
    longest, size = program.longest, domain.size(program)
    if longest is not None and size * longest <= EXHAUSTIVE:
        inputs = [s for s in domain.every(program) if len(s) >= fewest]
        which = f"{fewest} to {longest}" if fewest > 1 else f"up to {longest}"
        return Scope(inputs, True, f"all {counted(len(inputs), 'input')} of {which} positions")
    words = any(column.words is not None for column in program.inputs)
    found = domain.sample(program, SAMPLES_OF_WORDS if words else SAMPLES, int(other))
    inputs = list({repr(s): s for s in found if len(s) >= fewest}.values())
    others = None if other else partial(drawn, program, fewest, True)
    return Scope(inputs, False, f"{len(inputs):,} {'other ' if other else ''}random inputs", others=others)


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
        sizes = ({"variables": len(p.nodes), "parts": size_of(p)} for p in (self.program, self.whole))
        return {
            "slice": self.kind,
            "promise": self.promise,
            "checked": vars(self.check),
            "fresh": None if self.fresh is None else vars(self.fresh),
            "variables": [{"name": a.name, "meaning": meaning(a.node)} for a in self.program],
            **dict(zip(("size", "whole"), sizes, strict=True)),
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


def itself(program: Program) -> Program:
    """No simplification."""
    return program


@dataclass(frozen=True)
class Cut:
    """Cutting a part out of a program.

    What is used is learned from some inputs; where the slice then differs from the whole on others, it is learned from
    these as well, until there is none.

    Args:
        whole: the program; start: what is cut down, which says the same, or some of its outputs.
        scope: the inputs, and the positions that count.
        simplify: an exact pass for what is left.
        label: where it is said alone counts, of the one output.
    """

    whole: Program
    start: Program
    scope: Scope
    simplify: Simplify = itself
    label: Plain | None = None

    def slice(self, kind: str, promise: str) -> Slice:
        """Cut, and check the promise: on the inputs, and where those are random on others."""
        program, others = self._smallest(), self.scope.others
        size = size_of(program)
        larger = size > size_of(self.whole) and len(self.start.outputs) == len(self.whole.outputs)
        if larger:
            program = self.whole
        again = None if others is None else replace(self, scope=others()).check(program)
        return Slice(kind, promise, self.check(program), again, program, self.whole, size if larger else None)

    def check(self, program: Program) -> Check:
        """Compare a program with the whole one."""
        return Check(len(self.scope.inputs), len(self._wrong(program)), self.scope.exhaustive, self.scope.words)

    @cached_property
    def _said(self) -> list[str]:
        return self._rows(self.whole)

    def _rows(self, program: Program) -> list[str]:
        """What counts of the outputs on every input: the columns that the start has, or where the label is said."""
        names = {output.name for output in self.start.outputs}
        columns = [k for k, output in enumerate(program.outputs) if output.name in names]
        found = []
        for i, output in enumerate(batch.predict(program, self.scope.inputs)):
            rows = output if program.when == "every" else [output]
            places = range(len(rows)) if self.scope.places is None or program.when != "every" else self.scope.places[i]
            told = [[rows[j][k] for k in columns] if len(program.outputs) > 1 else [rows[j]] for j in places]
            found.append(repr(told if self.label is None else [row == [self.label] for row in told]))
        return found

    def _wrong(self, program: Program) -> list[int]:
        """Numbers of the inputs on which a program breaks the promise."""
        pairs = zip(self._rows(program), self._said, strict=True)
        return [i for i, (told, right) in enumerate(pairs) if told != right]

    def _smallest(self) -> Program:
        """Cut again as long as that makes it smaller: what is left may use less of the rest."""
        program = self._learned()
        smaller = replace(self, start=program)._learned()
        return program if size_of(smaller) >= size_of(program) else replace(self, start=smaller)._smallest()

    def _learned(self) -> Program:
        """The start with what is used on enough of the inputs to be right on all; else as a whole."""
        uses, seen, inputs, places = Uses(self.start), set[int](), self.scope.inputs, self.scope.places
        pending = np.unique(np.linspace(0, len(inputs) - 1, FIRST).astype(int)).tolist() if inputs else []
        while len(seen) < MOST_LEARNED and pending:
            for i in pending:
                cells = Cells(self.start, inputs[i])
                uses.add(cells, [cell for cell in cells.answers() if places is None or cell[1] in places[i]])
            seen.update(pending)
            program = self.simplify(uses.pruned(self.label))
            wrong = self._wrong(program)
            if not wrong:
                return program
            pending = [i for i in wrong if i not in seen][: 2 * len(seen)]
        return self.simplify(self.start.pruned())


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
