"""What breaks when variables are held: how much the answers of a program, or its figures on data, need them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.explain.evaluation import told
from pellucid.explain.slices import Scope
from pellucid.explain.words import aligned, meaning, plain, shown
from pellucid.language.expressions import Const
from pellucid.language.nodes import Input, Let, When
from pellucid.language.program import Program
from pellucid.language.types import Value, order
from pellucid.semantics import batch
from pellucid.semantics.scores import Judged, figures, judge
from pellucid.values import counted, literal

EXAMPLES = 3
FEW = 5_000  # inputs on which all variables are looked at
Example = tuple[Any, Any, Any]  # input, output before, output after


@dataclass(frozen=True)
class Ablation:
    """What holding variables at one value does to the answers.

    Args:
        variables: each with what it is held at, in words.
        on: which inputs, in words.
        answers, changed: number of answers, and of those that change.
        labels: by answer before, where there are few: (answer, how many, how many of them change, what most of these
            became).
        positions: (position from 1, answers, changed); empty for one answer per sequence.
        examples: the smallest inputs that change.
        before, after: figures on data, if right outputs were given.
    """

    variables: dict[str, str]
    on: str
    answers: int
    changed: int
    labels: tuple[tuple[Value, int, int, Value], ...]
    positions: tuple[tuple[int, int, int], ...]
    examples: tuple[Example, ...]
    before: dict[str, float] | None
    after: dict[str, float] | None
    when: When

    @property
    def share(self) -> float:
        """Share of the answers that change."""
        return self.changed / max(1, self.answers)

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        data = {name: getattr(self, name) for name in ("variables", "on", "answers", "changed", "before", "after")}
        data["changed_share"] = self.share
        named = {
            "labels": ("label", "answers", "changed", "mostly_to"),
            "positions": ("position", "answers", "changed"),
            "examples": ("input", "before", "after"),
        }
        rows = {key: [dict(zip(names, row, strict=True)) for row in getattr(self, key)] for key, names in named.items()}
        return data | rows

    def __str__(self) -> str:
        lines = [f"{'; '.join(f'{name}: {words}' for name, words in self.variables.items())}."]
        lines.append(f"On {self.on}: {self.changed:,} of {counted(self.answers, 'answer')} change ({self.share:.1%}).")
        if self.before is not None and self.after is not None:
            lines += [f"Before: {told(self.before, self.when)}", f"After:  {told(self.after, self.when)}"]
        if self.changed:
            labels = [[plain(a), f"{n:,}", f"{c / n:.1%}", plain(to) if c else ""] for a, n, c, to in self.labels]
            places = [[str(a), f"{n:,}", f"{c / n:.1%}", ""] for a, n, c in self.positions]
            for head, rows in ((["label before", "answers", "change", "mostly to"], labels),
                               (["position", "answers", "change", ""], places)):  # fmt: skip
                lines += ["", *aligned([head, *rows], "<>><")] if rows else []
            lines += ["", "Smallest inputs that change:"]
            lines += [f"  {shown(a)}:  {shown(b)}  ->  {shown(c)}" for a, b, c in self.examples]
        return "\n".join(lines)


# ---------------------------------------------------------------- holding


def variables(program: Program) -> list[str]:
    """Names of what is computed from the input."""
    return [a.name for a in program if not isinstance(a.node, Input)]


def held(program: Program, names: Sequence[str], inputs: Sequence[Any]) -> tuple[Program, dict[str, Value]]:
    """The program with variables held at their commonest values on these inputs, and those values."""
    cells = batch.evaluate(program, inputs)
    values = {name: _commonest(cells[name].tolist()) for name in names}
    return program.map(lambda a: Let(Const(values[a.name])) if a.name in values else a.node), values


def _commonest(values: Sequence[Value]) -> Value:
    """The value there is most often, the first of equally frequent ones in the usual order."""
    counts = Counter(v if not isinstance(v, float) or math.isfinite(v) else None for v in values)
    most = max(counts.values(), default=0)
    return next(iter(order(value for value in counts if counts[value] == most)), None)


# ---------------------------------------------------------------- comparing


def ablate(program: Program, names: Sequence[str], scope: Scope) -> Ablation:
    """Hold variables at their commonest values on some inputs, and compare the answers.

    Raises:
        PellucidError: a name that is no variable.
    """
    known = variables(program)
    for name in names:
        if name not in known:
            what = "this is the input itself" if name in program.nodes else "no variable of this name"
            raise PellucidError(f"ablate {name}: {what}; variables: {', '.join(known) or 'none'}")
    replaced, values = held(program, names, scope.inputs)
    words = {name: f"held at its commonest value, {literal(value)}" for name, value in values.items()}
    before, after = batch.predict(program, scope.inputs), batch.predict(replaced, scope.inputs)
    judged = judge(after, before, program.when)
    smallest = sorted(set(judged.example[judged.wrong].tolist()), key=lambda i: (len(scope.inputs[i]), i))[:EXAMPLES]
    scores = [None if scope.wanted is None else figures(out, scope.wanted, program.when) for out in (before, after)]
    return Ablation(
        words,
        scope.words,
        len(judged.right),
        len(judged.wrong),
        _by_label(judged) if len(program.outputs) == 1 and program.outputs[0].labels else (),
        _by_position(judged) if program.when == "every" else (),
        tuple((scope.inputs[i], before[i], after[i]) for i in smallest),
        scores[0],
        scores[1],
        program.when,
    )


def _by_label(judged: Judged) -> tuple[tuple[Value, int, int, Value], ...]:
    """The labels that change most first."""
    became: dict[Value, Counter[Value]] = {}
    for after, before in judged.pairs():
        became.setdefault(before, Counter())[after] += 1
    rows = []
    for label, counts in became.items():
        changed = [(count, other) for other, count in counts.items() if other != label]
        to = max(changed, key=lambda pair: pair[0], default=(0, None))[1]
        rows.append((label, counts.total(), sum(count for count, _ in changed), to))
    return tuple(sorted(rows, key=lambda row: (-row[2] / row[1], str(row[0]))))


def _by_position(judged: Judged) -> tuple[tuple[int, int, int], ...]:
    every, changed = Counter(judged.position.tolist()), Counter(judged.position[judged.wrong].tolist())
    return tuple((position + 1, every[position], changed[position]) for position in sorted(every))


@dataclass(frozen=True)
class Overview:
    """Every variable of a program with what it computes, and the share of answers that change when it is held."""

    on: str
    rows: tuple[tuple[str, str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        names = ("name", "meaning", "changed_share")
        rows = [dict(zip(names, row, strict=True)) for row in self.rows]
        return {"on": self.on, "how": "commonest", "variables": rows}

    def __str__(self) -> str:
        rows = [["matters", "variable"], *([f"{share:.1%}", f"{name} = {words}"] for name, words, share in self.rows)]
        told = f"matters: share of the answers that change when it is held at its commonest value, on {self.on}."
        return "\n".join([*aligned(rows, "><"), "", told])


def overview(program: Program, scope: Scope) -> Overview:
    """What each variable computes, and how much it matters, on at most 5,000 of the inputs."""
    if len(scope.inputs) > FEW:
        keep = np.sort(np.random.default_rng(0).permutation(len(scope.inputs))[:FEW]).tolist()
        scope = Scope([scope.inputs[i] for i in keep], False, f"{FEW:,} random ones of {scope.words}")
    found = [(name, meaning(program[name]), ablate(program, [name], scope).share) for name in variables(program)]
    return Overview(scope.words, tuple(found))
