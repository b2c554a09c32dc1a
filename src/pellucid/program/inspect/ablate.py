"""What breaks when variables are held at their commonest value: how much the program needs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.errors import PellucidError
from pellucid.program.direct import direct_heads
from pellucid.program.inspect.demand import user_rows
from pellucid.program.inspect.scope import Scope, few_of, same_length
from pellucid.program.inspect.words import expression, plain
from pellucid.program.interpret import Env, chunks, evaluate, values_of
from pellucid.program.ir import Input, Program, Selection
from pellucid.program.literals import literal
from pellucid.program.metrics import accuracy
from pellucid.program.predicates import Value

EXAMPLES = 3
COLUMNS = ("label", "answers", "changed")
Table = Counter[tuple[int, Value, Value]]


@dataclass(frozen=True)
class Ablation:
    """What holding variables at a constant does to the answers.

    Args:
        constants: the value each variable is held at: its commonest on these inputs.
        on: which inputs, in words; answers, changed: number of answers, and of those that change.
        labels: by label the program gave before: (label, answers, changed, what most of these became).
        positions: (position, answers, changed); empty for a classifier.
        examples: the smallest inputs that change: input, output before, output after.
        before, after: accuracy on a data set, if one was given.
    """

    constants: dict[str, Value]
    on: str
    answers: int
    changed: int
    labels: list[tuple[Value, int, int, Value | None]]
    positions: list[tuple[int, int, int]]
    examples: list[dict[str, Any]]
    before: dict[str, float] | None = None
    after: dict[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        data = asdict(self)
        data["labels"] = [
            dict(zip(("label", "answers", "changed", "mostly_to"), row, strict=True)) for row in self.labels
        ]
        data["positions"] = [dict(zip(("position", "answers", "changed"), row, strict=True)) for row in self.positions]
        return {**data, "changed_share": self.changed / max(1, self.answers)}

    def __str__(self) -> str:
        held = ", ".join(f"{name} = {literal(value)}" for name, value in self.constants.items())
        lines = [f"Held at the commonest value: {held}."]
        share = self.changed / max(1, self.answers)
        lines.append(f"On {self.on}: {self.changed:,} of {self.answers:,} answers change ({share:.1%}).")
        if self.before is not None and self.after is not None:
            told = [f"{key}s {self.before[key]:.3%} -> {self.after[key]:.3%}" for key in ("token", "sequence")]
            lines.append(f"Accuracy: {', '.join(told)}.")
        if self.changed:
            lines += ["", "By the label before:", *_label_lines(self.labels)]
            if self.positions:
                lines += ["", "By position:", *_position_lines(self.positions)]
            lines += ["", "Smallest inputs that change:"]
            lines += [
                f"  {_shown(e['input'])}:  {_shown(e['before'])}  ->  {_shown(e['after'])}" for e in self.examples
            ]
        return "\n".join(lines)


def _shown(value: Any) -> str:
    return " ".join(map(plain, value)) if isinstance(value, list) else plain(value)


def _label_lines(labels: list[tuple[Value, int, int, Value | None]]) -> list[str]:
    width = max(len(literal(label)) for label, *_ in labels)
    lines = []
    for label, answers, changed, to in labels:
        mostly = f", most to {literal(to)}" if changed else ""
        lines.append(f"  {literal(label):<{width}}  {changed / answers:7.1%} of {answers:,} change{mostly}")
    return lines


def _position_lines(positions: list[tuple[int, int, int]]) -> list[str]:
    return [
        f"  {position:>3}  {changed / answers:7.1%} of {answers:,} change" for position, answers, changed in positions
    ]


def ablate(program: Program, names: Sequence[str], scope: Scope, data: Dataset | None = None) -> Ablation:
    """Hold variables at their commonest value and compare the answers.

    Args:
        scope: the inputs; `data`: with right answers to them, for the accuracy.

    Raises:
        PellucidError: a name that is no variable, or the tokens.
    """
    check_names(program, names)
    long = same_length(program, scope.program)
    constants = commonest(long, names, scope)
    table, changed = _compared(long, scope, constants)
    smallest = sorted(changed, key=lambda i: (len(scope.inputs[i]), i))[:EXAMPLES]
    outputs = [_outputs(long, [scope.inputs[i] for i in smallest], held) for held in ({}, constants)]
    examples = [
        {"input": list(scope.inputs[i]), "before": before, "after": after}
        for i, before, after in zip(smallest, *outputs, strict=True)
    ]
    scores = [None, None]
    if data is not None:
        scores = [accuracy(_outputs(long, data.inputs, held), data) for held in ({}, constants)]
    return Ablation(
        {name: values_of(long, name)[code] for name, code in constants.items()},
        scope.words,
        sum(table.values()),
        sum(count for (_, b, a), count in table.items() if b != a),
        _by_label(table),
        _by_position(table) if program.vocab.kind == "tagging" else [],
        examples,
        *scores,
    )


def check_names(program: Program, names: Sequence[str]) -> None:
    """Raise `PellucidError` for a name that cannot be held at a constant."""
    known = variables(program)
    for name in names:
        if name == program.tokens:
            raise PellucidError(f"--ablate {name}: this is the input itself; variables: {', '.join(known) or 'none'}")
        if name not in known:
            raise PellucidError(f"--ablate {name}: no variable of this name; variables: {', '.join(known) or 'none'}")


def variables(program: Program) -> list[str]:
    """Names of what is computed from the input, selectors aside."""
    return [a.name for a in program if not isinstance(program.types[a.name], Selection) and a.name != program.tokens]


def commonest(program: Program, names: Sequence[str], scope: Scope) -> dict[str, int]:
    """Code of the commonest value of each variable at the user's positions."""
    counts: dict[str, Counter[int]] = {name: Counter() for name in names}
    for tokens, _, env in scope.runs(program):
        user = user_rows(program, tokens)
        for name, counter in counts.items():
            codes, times = np.unique(env[name][user] if env[name].ndim == 2 else env[name], return_counts=True)
            counter.update(dict(zip(codes.tolist(), times.tolist(), strict=True)))
    return {name: min(counter, key=lambda c: (-counter[c], c)) for name, counter in counts.items()}


def changed_share(program: Program, name: str, scope: Scope) -> float:
    """Share of the answers that change when one variable is held at its commonest value."""
    long = same_length(program, scope.program)
    table, _ = _compared(long, scope, commonest(long, [name], scope))
    return sum(count for (_, b, a), count in table.items() if b != a) / max(1, sum(table.values()))


def _held(program: Program, constants: dict[str, int], tokens: np.ndarray) -> np.ndarray:
    """Output codes with some variables held, int [batch, width]; of a pooled readout int [batch, 1]."""
    width = tokens.shape[1] if program.markers else program.width
    held: Env = {}
    for name, code in constants.items():
        pooled = name == program.output and getattr(program[name], "pooled", False)
        held[name] = np.full(len(tokens) if pooled else (len(tokens), width), code)
    shifted = any(program[name] == Input("positions") for name in held)
    direct = direct_heads(program) if program.vocab.text is not None and not shifted else ()
    codes = evaluate(program, tokens, held, direct=direct)[program.output]
    return codes if codes.ndim == 2 else codes[:, None]


def _compared(program: Program, scope: Scope, constants: dict[str, int]) -> tuple[Table, list[int]]:
    """How often (position, label before, label after) occurs, and which inputs change; position 0 for a classifier."""
    values, table, changed, start = values_of(program, program.output), Counter(), [], 0
    first, answers = 0 if program.markers else 1, scope.rows(program)
    for part in chunks(scope.tokens):
        tokens = scope.tokens[part]
        before, after = _held(program, {}, tokens), _held(program, constants, tokens)
        rows = answers[part] if before.shape[1] > 1 else np.ones(before.shape, bool)
        place = np.nonzero(rows)[1] + first if program.vocab.kind == "tagging" else np.zeros(int(rows.sum()), np.int64)
        size = len(values)
        index, counts = np.unique((place * size + before[rows]) * size + after[rows], return_counts=True)
        for at, count in zip(index.tolist(), counts.tolist(), strict=True):
            (i, b), a = divmod(at // size, size), at % size
            table[i, values[b], values[a]] += count
        changed += (np.flatnonzero(((before != after) & rows).any(1)) + start).tolist()
        start += len(tokens)
    return table, changed


def _outputs(program: Program, inputs: Sequence[tuple], constants: dict[str, int]) -> list:
    """Outputs with some variables held: a list of labels each, or a label each."""
    values, outputs, first = values_of(program, program.output), [], int(program.markers)
    tokens = program.vocab.encode_inputs(inputs)
    for part in chunks(tokens):
        codes = _held(program, constants, tokens[part])
        for row, sequence in zip(codes, inputs[part], strict=True):
            if program.vocab.kind == "classification":
                outputs.append(values[row[0] if len(row) == 1 else row[len(sequence) - 1]])
            else:
                outputs.append([values[c] for c in row[first : first + len(sequence)]])
    return outputs


def _by_label(table: Table) -> list[tuple[Value, int, int, Value | None]]:
    """The labels that change most first."""
    answers: Counter[Value] = Counter()
    became: dict[Value, Counter[Value]] = {}
    for (_, b, a), count in table.items():
        answers[b] += count
        if a != b:
            became.setdefault(b, Counter())[a] += count
    rows = []
    for label, count in answers.items():
        found = became.get(label, Counter())
        rows.append((label, count, found.total(), found.most_common(1)[0][0] if found else None))
    return sorted(rows, key=lambda row: (-row[2] / row[1], isinstance(row[0], str), row[0]))


def _by_position(table: Table) -> list[tuple[int, int, int]]:
    answers, changed = Counter(), Counter()
    for (i, b, a), count in table.items():
        answers[i] += count
        changed[i] += count * (a != b)
    return [(i, answers[i], changed[i]) for i in sorted(answers)]


@dataclass(frozen=True)
class Overview:
    """Every variable of a program with what it computes, and the share of answers that change when it is held."""

    on: str
    rows: tuple[tuple[str, str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        names = ("name", "expression", "changed_share")
        return {"on": self.on, "variables": [dict(zip(names, row, strict=True)) for row in self.rows]}

    def __str__(self) -> str:
        lines = ["matters   variable"]
        lines += [f"{share:7.1%}   {name} = {words}" for name, words, share in self.rows]
        told = f"matters: share of the answers that change when it is held at its commonest value, on {self.on}."
        return "\n".join([*lines, "", told])


def overview(program: Program, scope: Scope) -> Overview:
    """What each variable computes, and how much it matters."""
    scope = few_of(scope)
    names = variables(program)
    shares = [changed_share(program, name, scope) for name in names]
    words = [expression(program, program[name]) for name in names]
    return Overview(scope.words, tuple(zip(names, words, shares, strict=True)))
