"""Wrong answers grouped by the rules they went through: the few mistakes a program makes, each with a smallest input.

The way of an answer is followed from the output backwards. Where no rule or case is on the way of any, or the ways are
too many, the groups are of answers with the same label given and the same label right, with the values of the variables
that the output reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.explain.cells import Cell, Cells, steps_of, tally
from pellucid.explain.words import fired, shown
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Cases, Table, Var
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Vote, reads
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.semantics import batch
from pellucid.semantics.scores import Judged, judge
from pellucid.values import counted, grouped, literal

MOST = 2_000  # wrong answers looked at, those of the smallest inputs first
MOST_PAIRS = 20_000_000  # positions compared for them
MANY = 20  # groups above which the path is cut short
DEPTHS = (99, 3, 2, 1, 0)  # steps back from the output, the longest path first
EXAMPLES = 3
SHOWN = 6  # values of variables in a line
NO_RULE = "no rule or case on the way: counts, picks and formulas alone"
LARGE = 20  # cases of a table over an input above which it only sorts the values
Step = tuple[int, int, str]  # steps back from the output, place in the program, words
Path = tuple[str, ...]
Values = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Wrong:
    """One wrong answer, the outputs of its whole input, and how it came about.

    Args:
        example: number of it. sequence: step by step.
        position: from 0; None for one answer per sequence.
        column: number of the output.
        steps: every step on the way to it. deciding: what the output reads, with the values there.
    """

    example: int
    sequence: tuple
    position: int | None
    column: int
    given: Value
    wanted: Value
    output: Any
    right: Any
    steps: tuple[Step, ...]
    deciding: Values


@dataclass(frozen=True)
class Group:
    """Wrong answers with the same path, the smallest inputs first."""

    path: Path
    cases: tuple[Wrong, ...]

    @property
    def smallest(self) -> list[Wrong]:
        """The first few cases, each in another input."""
        first: dict[int, Wrong] = {}
        for case in self.cases:
            first.setdefault(case.example, case)
        return list(first.values())[:EXAMPLES]

    @property
    def examples(self) -> int:
        """How many examples they are in."""
        return len({case.example for case in self.cases})


@dataclass(frozen=True)
class Errors:
    """The groups, the largest first.

    Args:
        answers, wrong: scored answers in all (a row of several outputs is one), and wrong ones; examples,
            wrong_examples: likewise.
        depth: steps back from the output that paths were followed; None where the groups are by answer.
        ruleless: whether that is because no rule or case is on any way.
        outputs: the names of several outputs, else empty.
    """

    answers: int
    wrong: int
    examples: int
    wrong_examples: int
    groups: tuple[Group, ...]
    depth: int | None = DEPTHS[0]
    ruleless: bool = False
    outputs: tuple[str, ...] = ()

    @property
    def grouped(self) -> int:
        """Number of wrong values in the groups: of the smallest inputs alone, where there are too many."""
        return sum(len(g.cases) for g in self.groups)

    def to_json(self) -> dict[str, Any]:
        """One JSON object; positions count from 1."""
        names = ("answers", "wrong", "examples", "wrong_examples", "grouped")
        return {name: getattr(self, name) for name in names} | {
            "depth": None if self.depth == DEPTHS[0] else self.depth,
            "by": "answer" if self.depth is None else "path",
            "groups": [self._group_json(group) for group in self.groups],
        }

    def _group_json(self, group: Group) -> dict[str, Any]:
        smallest = [
            {"input": list(c.sequence), "position": None if c.position is None else c.position + 1, "given": c.given,
             "wanted": c.wanted, "output": c.output, "right": c.right, "deciding": dict(c.deciding)}
            | ({"column": self.outputs[c.column]} if self.outputs else {})
            for c in group.smallest
        ]  # fmt: skip
        counts = {"wrong": len(group.cases), "share": len(group.cases) / self.grouped, "examples": group.examples}
        return counts | {"path": list(group.path), "smallest": smallest}

    def __str__(self) -> str:
        return self.text(10)

    def text(self, most: int) -> str:
        """The groups for a reader, at most so many."""
        if not self.wrong:
            return f"No wrong answer: all {self.answers:,} are right."
        share = f"{self.wrong / self.answers:.2%}"
        told = f"{self.wrong:,} of {counted(self.answers, 'answer')} are wrong ({share})"
        where = f"in {self.wrong_examples:,} of {counted(self.examples, 'example')}"
        lines = [f"{told}, {where}. Groups by {self._by()}, the largest first:"]
        if self.grouped < self.wrong:
            lines.append(f"(Only those of the smallest inputs are looked at: {self.grouped:,} wrong answers.)")
        if self.depth not in (None, DEPTHS[0]):
            far = counted(self.depth or 0, "step")
            lines.append(f"(Paths are followed {far} back from the output; all of them would be too many.)")
        for number, group in enumerate(self.groups[:most], 1):
            lines += ["", *self._group_lines(number, group)]
        if len(self.groups) > most:
            rest = counted(sum(len(g.cases) for g in self.groups[most:]), "wrong answer")
            lines += ["", f"and {counted(len(self.groups) - most, 'smaller group')} with {rest}; --top N shows more"]
        return "\n".join(lines)

    def _by(self) -> str:
        why = "no rule or case is on their way" if self.ruleless else "their paths are too many"
        return "path" if self.depth is not None else f"answer ({why})"

    def _group_lines(self, number: int, group: Group) -> Iterator[str]:
        first, *others = group.smallest
        share = f"{len(group.cases) / self.grouped:.1%}"
        yield f"{number}. {len(group.cases):,} wrong ({share}), in {counted(group.examples, 'example')}"
        yield from (f"     {step}" for step in group.path)
        yield f"   smallest input:  {shown(first.sequence)}{self._where(first)}"
        yield f"   given:           {shown(first.output)}"
        yield f"   right:           {shown(first.right)}"
        if self.depth is None:
            if first.deciding:
                yield f"   decided by:      {_values(first.deciding)}"
            for case in others:
                told = f"{shown(case.sequence)}{self._where(case)}   {_values(case.deciding)}"
                yield f"   also:            {told}".rstrip()

    def _where(self, case: Wrong) -> str:
        column = f"   {self.outputs[case.column]}" if self.outputs else ""
        return column + ("" if case.position is None else f"   at position {case.position + 1}")


def _values(held: Values) -> str:
    told = [f"{name} = {literal(value)}" for name, value in held[:SHOWN]]
    return ", ".join([*told, *(["..."] if len(held) > SHOWN else [])])


# ---------------------------------------------------------------- grouping


def errors(program: Program, inputs: Sequence[Any], wanted: Sequence[Any]) -> Errors:
    """Group the wrong answers on data by the rules they went through.

    Args:
        program: any program.
        inputs, wanted: inputs and right outputs in the user's form, as of `scores.judge`.

    Raises:
        PellucidError: an input that the program does not take.
    """
    given = batch.predict(program, inputs)
    judged = judge(given, wanted, program.when)
    names = tuple(output.name for output in program.outputs) if len(program.outputs) > 1 else ()
    counts = len(judged.right), len(judged.wrong), judged.examples, len(set(judged.example[judged.wrong].tolist()))
    cases = list(_followed(program, inputs, given, wanted, judged))
    depth, ruleless, groups = _grouped(cases)
    ranked = sorted((Group(path, tuple(members)) for path, members in groups.items()), key=lambda g: -len(g.cases))
    return Errors(*counts, tuple(ranked), depth, ruleless, names)


def _followed(
    program: Program, inputs: Sequence[Any], given: Sequence[Any], wanted: Sequence[Any], judged: Judged
) -> Iterator[Wrong]:
    """The wrong answers, those of the smallest inputs first, until too much would have to be compared."""
    last, ways, pairs = -1, None, 0
    heads = sum(isinstance(a.node, Aggregate) for a in program)
    rows = sorted(judged.wrong.tolist(), key=lambda row: (len(inputs[int(judged.example[row])]), row))
    for row in rows[:MOST]:
        i, j = int(judged.example[row]), int(judged.position[row])
        sequence = steps_of(program, inputs[i])
        if i != last or ways is None:
            pairs += heads * len(sequence) ** 2
            if pairs > MOST_PAIRS and ways is not None:
                return
            last, ways = i, Ways(Cells(program, inputs[i]))
        for c in np.flatnonzero(~judged.right[row]).tolist():
            cell = program.results[c], j if j >= 0 else len(sequence) - 1
            said, right = judged.given[row][c], judged.wanted[row][c]
            way = tuple(ways.path(cell, said, right)), tuple(ways.deciding(cell))
            yield Wrong(i, sequence, None if j < 0 else j, c, said, right, given[i], wanted[i], *way)


def _grouped(cases: Sequence[Wrong]) -> tuple[int | None, bool, dict[Path, list[Wrong]]]:
    """Steps back from the output, whether there are no rules, and the groups: by the longest paths of few groups."""
    by_answer = grouped(((_instead(case),), case) for case in cases)
    if cases and not any(case.steps for case in cases):
        return None, True, by_answer
    groups = dict[Path, list[Wrong]]()
    for depth in DEPTHS:
        groups = grouped((_cut(case, depth), case) for case in cases)
        if len(groups) <= MANY:
            return depth, False, groups
    return (None, False, by_answer) if len(by_answer) < len(groups) else (DEPTHS[-1], False, groups)


def _cut(case: Wrong, depth: int) -> Path:
    """The words of the steps that are near enough to the output, in the order of the program."""
    kept = sorted({(place, words) for back, place, words in case.steps if back <= depth})
    told = tuple(dict.fromkeys(words for _, words in kept))
    return told or ((_instead(case),) if case.steps else (NO_RULE, _instead(case)))


def _instead(case: Wrong) -> str:
    if isinstance(case.wanted, float) or isinstance(case.given, float):
        return "gives another number than the right one"
    return f"gives {literal(case.given)} instead of {literal(case.wanted)}"


# ---------------------------------------------------------------- the way of an answer


class Ways:
    """The ways that answers to one input came about."""

    def __init__(self, cells: Cells) -> None:
        self.cells, self.program = cells, cells.program
        self.order = {name: i for i, name in enumerate(self.program.nodes)}
        self.state = {name for names, cyclic in self.program.groups if cyclic for name in names}

    def path(self, cell: Cell, given: Value, wanted: Value) -> Iterator[Step]:
        """Every step on the way to a wrong answer."""
        node = self.program[cell[0]]
        return self._vote(*cell, node, given, wanted) if isinstance(node, Vote) else self._steps(*cell, 0)

    def deciding(self, cell: Cell) -> Iterator[tuple[str, Value]]:
        """What was computed and is read by the output, with its values there; none for a vote of all positions."""
        node = self.program[cell[0]]
        if not (isinstance(node, Vote) and node.pooled):
            read = [name for name in reads(node) if not isinstance(self.program[name], Input)]
            yield from ((name, self.cells[name, cell[1]]) for name in read)

    def _steps(self, name: str, i: int, back: int) -> Iterator[Step]:
        """The nearest steps first, each cell once."""
        seen, pending = {(name, i)}, [(name, i)]
        while pending:
            for cell in pending:
                yield from ((back, self.order[cell[0]], words) for words in self._words(*cell))
            before = [cell for cell in dict.fromkeys(c for p in pending for c in self._before(*p)) if cell not in seen]
            seen.update(before)
            pending, back = before, back + 1

    def _words(self, name: str, i: int) -> Iterator[str]:
        """The case or rule that gave a value."""
        node, cells = self.program[name], self.cells
        match node:
            case Let((Table() | Cases()) as expression) if not self._sorts(expression):
                yield f"{name}, {fired(expression, cells.fired(expression, cells.here(i)))}"
            case Aggregate(how=how) if AGGREGATES[how].reads and not cells.looked(name, i).picked:
                yield f"{name}: no key"

    def _before(self, name: str, i: int) -> Iterator[Cell]:
        """The cells that a value was taken or made of, but for counts, sums, and what a state was before."""
        node, cells = self.program[name], self.cells
        match node:
            case Let(expression):
                yield from ((what, i) for _, what in cells.steps(expression, cells.here(i)) if isinstance(what, str))
            case Delay(variable, amount) if name not in self.state and 0 <= i - amount < cells.size:
                yield variable, i - amount
            case Aggregate(select, how, str() as value) if AGGREGATES[how].picks and name not in self.state:
                yield from ((value, j) for j in cells.looked(name, i).picked)
                yield from ((query, i) for query in select.query)

    def _sorts(self, expression: Table | Cases) -> bool:
        """Whether it only says of what kind a value of the input is."""
        return (
            isinstance(expression, Table)
            and len(expression.cases) > LARGE
            and all(isinstance(a, Var) and isinstance(self.program[a.name], Input) for a in expression.args)
        )

    def _vote(self, name: str, i: int, node: Vote, said: Value, right_one: Value) -> Iterator[Step]:
        """The least evidence that beats the right label, and how it came about."""
        place, given, wanted = self.order[name], literal(said), literal(right_one)
        if right_one not in node.labels:
            yield 0, place, f"the program never gives {wanted}"
            return
        vote = tally(self.cells, node, i)
        right = next(n for n, (label, _) in enumerate(vote.sums) if label == right_one)
        pieces = grouped(((piece.variable, piece.value), piece) for piece in vote.pieces)
        margins = {key: sum(p.weights[0] - p.weights[right] for p in found) for key, found in pieces.items()}
        against = sum(margin for margin in margins.values() if margin < 0)
        enough, told = int(node.labels.index(vote.sums[0][0]) > node.labels.index(vote.sums[right][0])), False
        for (variable, value), margin in sorted(margins.items(), key=lambda pair: -pair[1]):
            if margin <= 0 or (told and against >= enough):
                break
            told, against = True, against + margin
            if variable is None:
                yield 0, place, f"before any evidence {given} is ahead of {wanted}"
                continue
            yield 0, place, f"{variable} == {literal(value)} speaks for {given}"
            (first, *others) = pieces[variable, value]
            if not others and first.position is not None:
                yield from self._steps(variable, first.position, 1)
        if not told:
            yield 0, place, f"nothing speaks for {wanted}, and {given} comes first"
