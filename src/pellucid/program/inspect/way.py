"""The way an answer came about: the cases, rules and evidence it went through, from the output backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.program.inspect.demand import answer_rows
from pellucid.program.inspect.fired import fired, matching
from pellucid.program.inspect.reasons import fired_text
from pellucid.program.interpret import Env, evaluate, evidence_table, numbers_of, values_of
from pellucid.program.ir import Aggregate, Embed, Input, Program, Readout, Rules, Select, reads
from pellucid.program.literals import literal
from pellucid.program.predicates import Match, Value

Step = tuple[int, int, str]  # steps back from the output, place in the program, words


@dataclass(frozen=True)
class Wrong:
    """One wrong answer, and the outputs of its whole input.

    Args:
        index: of the example; position: from 1, None for a classifier.
    """

    index: int
    sequence: tuple[Value, ...]
    position: int | None
    given: Value
    wanted: Value
    output: Any
    right: Any


class Ways:
    """The program on all inputs at once, asked for the path of one answer at a time."""

    def __init__(self, program: Program, inputs: list[tuple[Value, ...]]) -> None:
        self.program, self.place = program, {s: i for i, s in enumerate(inputs)}
        self.order = {a.name: i for i, a in enumerate(program)}
        tokens = program.vocab.encode_inputs(inputs)
        self.env: Env = {}
        self.numbers: dict[str, np.ndarray | None] = {}
        self.matched: dict[str, np.ndarray] = {}
        self.env = evaluate(program, tokens)
        for a in program:
            self.numbers[a.name] = fired(program, a.name, tokens, self.env)
            if isinstance(a.node, Select):
                self.matched[a.name] = np.asarray(matching(program, a.name, tokens, self.env).any(2))
        self.last = answer_rows(program, tokens)

    def path(self, case: Wrong) -> list[Step]:
        """Every step on the way to one wrong answer."""
        i = self.place[case.sequence]
        node = self.program[self.program.output]
        if isinstance(node, Readout):
            return list(self._vote(i, case, node))
        return list(self._steps(self.program.output, i, self._row(i, case), 0))

    def deciding(self, case: Wrong) -> list[tuple[str, Value]]:
        """The variables that the output reads with their values where the answer stands; none for a pooled readout."""
        i, node = self.place[case.sequence], self.program[self.program.output]
        if isinstance(node, Readout) and node.pooled:
            return []
        names: list[str] = []
        for name in reads(node):
            read = self.program[name]
            names += reads(read) if isinstance(read, Select) else (name,)
        found, row = [], self._row(i, case)
        for name in dict.fromkeys(names):
            if not isinstance(self.program[name], Input | Select):
                found.append((name, values_of(self.program, name)[int(self.env[name][i, row])]))
        return found

    def _steps(self, name: str, i: int, row: int, back: int) -> Iterator[Step]:
        node, number = self.program[name], self.numbers[name]
        if isinstance(node, Aggregate):
            yield from self._picked(name, node, i, row, back)
            return
        if number is not None and not isinstance(node, Embed):
            yield back, self.order[name], f"{name}, {fired_text(node, int(number[i, row]))}"
        for read in self._used(name, int(number[i, row]) if number is not None else -1):
            yield from self._steps(read, i, row, back + 1)

    def _used(self, name: str, number: int) -> tuple[str, ...]:
        """What a node read: of a decision list, what the rule that fired did."""
        node = self.program[name]
        if isinstance(node, Rules) and number >= 0:
            return reads(Rules((node.rules[number],), ""))
        return reads(node)

    def _picked(self, name: str, node: Aggregate, i: int, row: int, back: int) -> Iterator[Step]:
        select = self.program[node.selector]
        assert isinstance(select, Select)
        place = self.order[name]
        number = self.numbers[node.selector]
        if number is not None and isinstance(select.predicate, Match):
            yield back, place, f"{name}, {fired_text(select, int(number[i, row]))}"
        if not self.matched[node.selector][i, row] and node.how not in ("count", "any", "sum"):
            yield back, place, f"{name}: nothing matched"
        elif node.how == "take" and node.value is not None:
            picked = int(self.env[node.selector][i, row])
            yield from self._steps(node.value, i, picked, back + 1)
        if isinstance(select.predicate, Match) or node.how == "take":
            yield from self._steps(select.query, i, row, back + 1)

    def _vote(self, i: int, case: Wrong, node: Readout) -> Iterator[Step]:
        """The least evidence that beats the right label, and how it came about."""
        place = self.order[self.program.output]
        if case.wanted not in node.labels:
            yield 0, place, f"the program never gives {literal(case.wanted)}"
            return
        rows = np.flatnonzero(self.last[i]) if node.pooled else np.array([self._row(i, case)])
        given, wanted = node.labels.index(case.given), node.labels.index(case.wanted)
        pieces = list(self._pieces(i, rows, node, given, wanted))
        always = (node.bias[given] - node.bias[wanted]) * len(rows)
        against = sum(margin for margin, *_ in pieces if margin < 0) + min(0, always)
        enough, told = 0 if given < wanted else 1, False
        for margin, name, value, row in sorted([*pieces, (always, "", "", None)], key=lambda p: -p[0]):
            if margin <= 0 or (told and against >= enough):
                break
            told, against = True, against + margin
            if not name:
                yield 0, place, f"before any evidence {literal(case.given)} is ahead of {literal(case.wanted)}"
                continue
            yield 0, place, f"{name} == {literal(value)} speaks for {literal(case.given)}"
            if row is not None:
                yield from self._steps(name, i, row, 1)
        if not told:
            yield 0, place, f"nothing speaks for {literal(case.wanted)}, and {literal(case.given)} comes first"

    def _row(self, i: int, case: Wrong) -> int:
        if case.position is not None:
            return case.position - 1 + self.program.markers
        return int(np.flatnonzero(self.last[i])[-1])

    def _pieces(
        self, i: int, rows: np.ndarray, node: Readout, given: int, wanted: int
    ) -> Iterator[tuple[int, str, Value, int | None]]:
        """(margin for the given label, variable, value, row if there is one only) of every value that voted."""
        one = int(rows[0]) if len(rows) == 1 else None
        for k, evidence in enumerate(node.evidence):
            table = evidence_table(node, k, values_of(self.program, evidence.variable))
            codes, times = np.unique(self.env[evidence.variable][i, rows], return_counts=True)
            for code, count in zip(codes.tolist(), times.tolist(), strict=True):
                margin = int(table[code, given] - table[code, wanted]) * count
                yield margin, evidence.variable, values_of(self.program, evidence.variable)[code], one
        for name, weights in node.scaled:
            numbers = numbers_of(self.program.types[name], self.env[name][i, rows])
            yield int(numbers.sum()) * (weights[given] - weights[wanted]), name, int(numbers.sum()), one
