"""Wrong answers grouped by the rules they went through: the few mistakes a program makes, each with a smallest input.

Where no rule or case is on the way of any, or the ways are too many, the groups are of answers with the same label
given and the same label right, with the values of the variables that the output reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.explain.cells import Cells, steps_of
from pellucid.explain.paths import Paths, Step, Wrong
from pellucid.explain.words import shown
from pellucid.language.nodes import Aggregate
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.semantics import batch
from pellucid.semantics.scores import judge
from pellucid.values import counted, literal

MOST = 2_000  # wrong answers looked at, those of the smallest inputs first
MOST_PAIRS = 20_000_000  # positions compared for them
MANY = 20  # groups above which the path is cut short
DEPTHS = (99, 3, 2, 1, 0)  # steps back from the output, the longest path first
EXAMPLES = 3
SHOWN = 6  # values of variables in a line
NO_RULE = "no rule or case on the way: counts, picks and formulas alone"
Path = tuple[str, ...]
Values = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Group:
    """Wrong answers with the same path, the smallest inputs first; of those shown, what decided."""

    path: Path
    cases: tuple[Wrong, ...]
    deciding: tuple[Values, ...]

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
             "wanted": c.wanted, "output": c.output, "right": c.right, "deciding": dict(values)}
            | ({"column": self.outputs[c.column]} if self.outputs else {})
            for c, values in zip(group.smallest, group.deciding, strict=True)
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
            if group.deciding[0]:
                yield f"   decided by:      {_values(group.deciding[0])}"
            for case, values in zip(others, group.deciding[1:], strict=True):
                yield f"   also:            {shown(case.sequence)}{self._where(case)}   {_values(values)}".rstrip()

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
    rows = sorted(judged.wrong.tolist(), key=lambda row: (len(inputs[int(judged.example[row])]), row))
    cases = list[Wrong]()
    for row in rows[:MOST]:
        i, j = int(judged.example[row]), int(judged.position[row])
        for c in np.flatnonzero(~judged.right[row]).tolist():
            sides = judged.given[row][c], judged.wanted[row][c], given[i], wanted[i]
            cases.append(Wrong(i, steps_of(program, inputs[i]), None if j < 0 else j, c, *sides))
    followed = list(_followed(program, inputs, cases))
    cases = cases[: len(followed)]
    paths = [path for path, _ in followed]
    depth, ruleless, groups = _grouped(cases, paths)
    held = {id(case): values for case, (_, values) in zip(cases, followed, strict=True)}
    ranked = [Group(path, tuple(members), ()) for path, members in groups.items()]
    ranked.sort(key=lambda g: -len(g.cases))
    found = tuple(Group(g.path, g.cases, tuple(held[id(case)] for case in g.smallest)) for g in ranked)
    return Errors(*counts, found, depth, ruleless, names)


def _followed(program: Program, inputs: Sequence[Any], cases: Sequence[Wrong]) -> Iterator[tuple[list[Step], Values]]:
    """The path of each wrong answer and what decided it, until too much would have to be compared."""
    last, ways, pairs = -1, None, 0
    heads = sum(isinstance(a.node, Aggregate) for a in program)
    for case in cases:
        if case.example != last or ways is None:
            pairs += heads * len(case.sequence) ** 2
            if pairs > MOST_PAIRS and ways is not None:
                return
            last, ways = case.example, Paths(Cells(program, inputs[case.example]))
        yield ways.path(case), tuple(ways.deciding(case))


def _grouped(
    cases: Sequence[Wrong], paths: Sequence[Sequence[Step]]
) -> tuple[int | None, bool, dict[Path, list[Wrong]]]:
    """Steps back from the output, whether there are no rules, and the groups: by the longest paths of few groups."""
    by_answer = _with_paths(cases, [(_instead(case),) for case in cases])
    if cases and not any(paths):
        return None, True, by_answer
    groups = dict[Path, list[Wrong]]()
    for depth in DEPTHS:
        groups = _with_paths(cases, [_cut(path, depth, case) for path, case in zip(paths, cases, strict=True)])
        if len(groups) <= MANY:
            return depth, False, groups
    return (None, False, by_answer) if len(by_answer) < len(groups) else (DEPTHS[-1], False, groups)


def _with_paths(cases: Sequence[Wrong], paths: Sequence[Path]) -> dict[Path, list[Wrong]]:
    groups: dict[Path, list[Wrong]] = {}
    for case, path in zip(cases, paths, strict=True):
        groups.setdefault(path, []).append(case)
    return groups


def _cut(path: Sequence[Step], depth: int, case: Wrong) -> Path:
    """The words of the steps that are near enough to the output, in the order of the program."""
    kept = sorted({(place, words) for back, place, words in path if back <= depth})
    told = tuple(dict.fromkeys(words for _, words in kept))
    return told or ((_instead(case),) if path else (NO_RULE, _instead(case)))


def _instead(case: Wrong) -> str:
    if isinstance(case.wanted, float) or isinstance(case.given, float):
        return "gives another number than the right one"
    return f"gives {literal(case.given)} instead of {literal(case.wanted)}"
