"""Wrong answers grouped by the rules they went through: the few mistakes a program makes, each with a smallest input.

Where no rule or case is on the way of any, or the ways are too many, the groups are of answers with the same label
given and the same label right, with the values of the variables that the output reads.

The path of an answer: the case or rule that gave it, then those that gave what it read, position by position, through
every value taken from one picked key. Of a vote: the least evidence that is enough to beat the right label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.data.dataset import Dataset
from pellucid.program.inspect.way import Step, Ways, Wrong
from pellucid.program.inspect.words import counted, plain
from pellucid.program.interpret import predict
from pellucid.program.ir import Program, stretched
from pellucid.program.literals import literal
from pellucid.program.predicates import Value

MOST = 20_000  # wrong answers looked at, those of the smallest inputs first
MOST_IN_TEXTS = 2_000  # likewise in texts, which are longer
MANY = 20  # groups above which the path is cut short
DEPTHS = (99, 3, 2, 1, 0)  # steps back from the output, the longest path first
EXAMPLES = 3
SHOWN = 6  # values of variables in a line
NO_RULE = "no rule or case on the way: counts, picks and formulas alone"


@dataclass(frozen=True)
class Group:
    """Wrong answers with the same path, the smallest inputs first."""

    path: tuple[str, ...]
    cases: tuple[Wrong, ...]
    deciding: tuple[tuple[tuple[str, Value], ...], ...] = ()  # of the smallest, in groups by answer

    @property
    def smallest(self) -> list[Wrong]:
        """The first few cases, each in another input."""
        first: dict[tuple[Value, ...], Wrong] = {}
        for case in self.cases:
            first.setdefault(case.sequence, case)
        return list(first.values())[:EXAMPLES]

    @property
    def inputs(self) -> int:
        """How many examples they are in."""
        return len({case.index for case in self.cases})


@dataclass(frozen=True)
class Blame:
    """The groups, the largest first.

    Args:
        answers, wrong: scored answers in all, and wrong ones; examples, wrong_examples: likewise.
        depth: steps back from the output that paths were followed; None where the groups are by answer.
        ruleless: whether that is because no rule or case is on any way.
        written: of texts, the user's own words of every example, where inputs have the classes of unknown ones.
    """

    answers: int
    wrong: int
    examples: int
    wrong_examples: int
    groups: tuple[Group, ...]
    depth: int | None = DEPTHS[0]
    ruleless: bool = False
    written: Sequence[Sequence[Value]] | None = None

    @property
    def grouped(self) -> int:
        """Number of wrong answers in the groups: not more than `MOST`."""
        return sum(len(g.cases) for g in self.groups)

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "answers": self.answers,
            "wrong": self.wrong,
            "examples": self.examples,
            "wrong_examples": self.wrong_examples,
            "grouped": self.grouped,
            "depth": None if self.depth == DEPTHS[0] else self.depth,
            "by": "answer" if self.depth is None else "path",
            "groups": [self._group_json(group) for group in self.groups],
        }

    def _group_json(self, group: Group) -> dict[str, Any]:
        examples = [
            {"input": list(c.sequence), "position": c.position, "given": c.given, "wanted": c.wanted,
             "output": c.output, "right": c.right}
            for c in group.smallest
        ]  # fmt: skip
        if self.written is not None:
            for example, case in zip(examples, group.smallest, strict=True):
                example["words"] = list(self.written[case.index])
        for example, values in zip(examples, group.deciding, strict=False):
            example["deciding"] = dict(values)
        share = len(group.cases) / self.grouped
        return {
            "wrong": len(group.cases),
            "share": share,
            "examples": group.inputs,
            "path": list(group.path),
            "smallest": examples,
        }

    def text(self, most: int) -> str:
        """The groups for a reader, at most so many."""
        if not self.groups:
            return f"No wrong answer: all {self.answers:,} are right."
        share = f"{self.wrong / self.answers:.2%}"
        lines = [f"{self.wrong:,} of {self.answers:,} answers are wrong ({share}), in {self.wrong_examples:,} of "
                 f"{counted(self.examples, 'example')}. Groups by {self._by()}, the largest first:"]  # fmt: skip
        if self.grouped < self.wrong:
            lines.append(f"(Only those of the smallest inputs are looked at: {self.grouped:,} wrong answers.)")
        if self.depth not in (None, DEPTHS[0]):
            lines.append(
                f"(Paths are followed {counted(self.depth or 0, 'step')} back from the output; "
                "all of them would be too many.)"
            )
        for number, group in enumerate(self.groups[:most], 1):
            lines += ["", *self._group_lines(number, group)]
        if len(self.groups) > most:
            rest = sum(len(g.cases) for g in self.groups[most:])
            lines += [
                "",
                f"and {counted(len(self.groups) - most, 'smaller group')} with {counted(rest, 'wrong answer')}; "
                "--top N shows more",
            ]
        return "\n".join(lines)

    def _by(self) -> str:
        if self.depth is not None:
            return "path"
        why = "no rule or case is on their way" if self.ruleless else "their paths are too many"
        return f"answer ({why})"

    def _group_lines(self, number: int, group: Group) -> Iterator[str]:
        smallest = group.cases[0]
        share = f"{len(group.cases) / self.grouped:.1%}"
        yield f"{number}. {len(group.cases):,} wrong ({share}), in {counted(group.inputs, 'example')}"
        yield from (f"     {step}" for step in group.path)
        where = "" if smallest.position is None else f"   at position {smallest.position}"
        yield f"   smallest input:  {self._input(smallest)}{where}"
        yield f"   given:           {_shown(smallest.output)}"
        yield f"   right:           {_shown(smallest.right)}"
        if not group.deciding:
            return
        if group.deciding[0]:
            yield f"   decided by:      {_values(group.deciding[0])}"
        for case, held in list(zip(group.smallest, group.deciding, strict=True))[1:]:
            where = "" if case.position is None else f"   at position {case.position}"
            decided = f"   {_values(held)}" if held else ""
            yield f"   also:            {self._input(case)}{where}{decided}"

    def _input(self, case: Wrong) -> str:
        return _shown(list(case.sequence if self.written is None else self.written[case.index]))


def _values(held: Sequence[tuple[str, Value]]) -> str:
    told = [f"{name} = {literal(value)}" for name, value in held[:SHOWN]]
    return ", ".join([*told, *(["..."] if len(held) > SHOWN else [])])


def _shown(value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    return " ".join("-" if item is None else plain(item) for item in items)


def blame(program: Program, data: Dataset, written: Sequence[Sequence[Value]] | None = None) -> Blame:
    """Group the wrong answers on a data set by the rules they went through; `written` as in `Blame`."""
    outputs = predict(program, data.inputs)
    wrong = list(_wrong_answers(data, outputs))
    scored = len(data) if data.kind == "classification" else sum(y is not None for row in data.outputs for y in row)
    counts = scored, len(wrong), len(data), len({case.index for case in wrong})
    if not wrong:
        return Blame(*counts, (), written=written)
    wrong = sorted(wrong, key=_size)[: MOST if program.vocab.text is None else MOST_IN_TEXTS]
    ways = _ways(program, wrong)
    paths = [ways.path(case) for case in wrong]
    ruleless = not any(paths)
    depth = next((d for d in DEPTHS if len(_grouped(wrong, paths, d)) <= MANY), None)
    depth = None if ruleless else depth
    groups = _by_answer(wrong) if depth is None else _grouped(wrong, paths, depth)
    if not ruleless and depth is None and len(groups) >= len(_grouped(wrong, paths, DEPTHS[-1])):
        depth = DEPTHS[-1]
        groups = _grouped(wrong, paths, depth)
    ranked = [Group(path, tuple(sorted(cases, key=_size))) for path, cases in groups.items()]
    ranked.sort(key=lambda g: (-len(g.cases), _size(g.cases[0])))
    if depth is None:
        ranked = [replace(g, deciding=tuple(tuple(ways.deciding(c)) for c in g.smallest)) for g in ranked]
    return Blame(*counts, tuple(ranked), depth, ruleless, written)


def _by_answer(wrong: Sequence[Wrong]) -> dict[tuple[str, ...], list[Wrong]]:
    groups: dict[tuple[str, ...], list[Wrong]] = {}
    for case in wrong:
        groups.setdefault((_instead(case),), []).append(case)
    return groups


def _instead(case: Wrong) -> str:
    return f"gives {literal(case.given)} instead of {literal(case.wanted)}"


def _grouped(wrong: Sequence[Wrong], paths: Sequence[Sequence[Step]], depth: int) -> dict[tuple[str, ...], list[Wrong]]:
    groups: dict[tuple[str, ...], list[Wrong]] = {}
    for case, path in zip(wrong, paths, strict=True):
        groups.setdefault(_cut(path, depth, case), []).append(case)
    return groups


def _size(case: Wrong) -> tuple[int, int, int]:
    return len(case.sequence), case.index, case.position or 0


def _wrong_answers(data: Dataset, outputs: list) -> Iterator[Wrong]:
    for i, (sequence, given, right) in enumerate(zip(data.inputs, outputs, data.outputs, strict=True)):
        if data.kind == "classification":
            if given != right:
                yield Wrong(i, sequence, None, given, right, given, right)
            continue
        for position, (told, wanted) in enumerate(zip(given, right, strict=True), 1):
            if wanted is not None and told != wanted:
                yield Wrong(i, sequence, position, told, wanted, given, list(right))


# ---------------------------------------------------------------- paths


def _cut(path: Sequence[Step], depth: int, case: Wrong) -> tuple[str, ...]:
    """The words of the steps that are near enough to the output, in the order of the program."""
    kept = sorted({(place, words) for back, place, words in path if back <= depth})
    told = tuple(dict.fromkeys(words for _, words in kept))
    return told or ((_instead(case),) if path else (NO_RULE, _instead(case)))


def _ways(program: Program, wrong: Sequence[Wrong]) -> Ways:
    inputs = list(dict.fromkeys(case.sequence for case in wrong))
    if program.unbounded:
        program = stretched(program, max(map(len, inputs)))
    return Ways(program, inputs)
