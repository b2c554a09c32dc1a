"""The docstring of an emitted program: what it was learned from, how right it is, and what was checked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pellucid.explain.evaluation import told
from pellucid.language.nodes import Column
from pellucid.language.program import Program
from pellucid.language.words import NUMBER, PATTERN, UNKNOWN, form
from pellucid.values import counted, literal
from pellucid.verify import Verdict

WIDTH = 84
SHOWN = 40  # values of a column or labels that are listed


@dataclass(frozen=True)
class Story:
    """What a certificate tells beside the program.

    Args:
        task, seed, learner: what was learned, with which seed and by what, in words.
        scores, longer: figures by part of the data, and on longer inputs (None: refused).
        exact: whether no output of any data is wrong.
        verdict: what was checked; None while it is being checked.
        given_up: what a simplification that changes the function cost; None where it preserves it.
        details: what the learner has to say of the program, a sentence each.
        cut_short: stages that ended before their work was done.
    """

    task: str
    seed: int
    learner: str
    scores: Mapping[str, Mapping[str, float]]
    longer: Mapping[str, Mapping[str, float] | None]
    exact: bool
    verdict: Verdict | None = None
    given_up: Mapping[str, Any] | None = None
    details: Sequence[str] = field(default_factory=tuple)
    cut_short: Sequence[str] = field(default_factory=tuple)


def certificate(program: Program, story: Story) -> str:
    """Text of the certificate."""
    lines = [f"{story.task}: a program learned by pellucid ({story.learner}, seed {story.seed}).", ""]
    lines += [*_figures(program, story), *story.details]
    if story.cut_short:
        lines.append(f"Cut short, before all of its work was done: {', '.join(story.cut_short)}.")
    if story.given_up is not None:
        lines.append(_changes(story.given_up))
    if story.verdict is not None:
        lines.append(f"Verified: {_compared(story.verdict)}: {story.verdict}.")
    lines += [*_columns(program), "", *_use(program)]
    wrapped = (textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""] for text in lines)
    return "\n".join(line for text in wrapped for line in text) + "\n"


def _figures(program: Program, story: Story) -> Iterator[str]:
    yield "No errors on any of its data." if story.exact else "Not without errors: an approximation, with those below."
    for part, score in story.scores.items():
        yield f"On {part} data: {told(score, program.when)}."
    for part, score in story.longer.items():
        yield f"On longer inputs, {part}: {'refused' if score is None else told(score, program.when)}."
    if not story.longer:
        yield f"Longer inputs: {'not measured' if program.takes_longer else 'refused'}."


def _compared(verdict: Verdict) -> str:
    model = "the trained model, " if "model" in verdict.compared else ""
    return f"{model}program.json and this program"


def _changes(given_up: Mapping[str, Any]) -> str:
    if not given_up:
        return "Picked from the candidates of a run; the trained model beside it is another candidate's."
    parts = {"domain": "all possible inputs"}
    changes = [f"{c['changed']:,} of {c['of']:,} outputs on {parts.get(n, n + ' data')}" for n, c in given_up.items()]
    return f"Compact: made smaller than the trained model; differs from it in {', '.join(changes)}."


def _columns(program: Program) -> Iterator[str]:
    for column in program.inputs:
        yield from _words(column) if column.words is not None else [f"Input {column.name}: {_values(column)}."]
    for output in program.outputs:
        labels = "numbers" if output.labels is None else _listed(output.labels)
        when = {"every": "at every position", "last": "after the last position", "sequence": "for the sequence"}
        yield f"Output {output.name}, {when[program.when]}: {labels}."
    if program.longest is not None:
        more = "longer ones are taken" if program.takes_longer else "longer ones are refused"
        yield f"Longest input: {program.longest} position{'' if program.longest == 1 else 's'} in training; {more}."


def _values(column: Column) -> str:
    known = column.type.values
    return str(column.type) if known is None else f"{_listed(known)}; others are {_other(column)}"


def _other(column: Column) -> str:
    return "refused" if column.unknown is None else f"{literal(column.unknown)} to it"


def _listed(values: Sequence[Any]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(literal(v) for v in values[:SHOWN]) + more


def _words(column: Column) -> Iterator[str]:
    """Which words are known, what happens to others, and how a raw text is split."""
    assert column.words is not None
    reading, texts = column.words, column.type.texts
    classes = [text for text in texts if text == f"<{form(text)}>" and text != NUMBER]
    other = _other(column)
    if reading.forms:
        example = next((text for text in classes if "-" in text), (classes or [UNKNOWN])[0])
        other = f"told apart by what they look like ({counted(classes, 'class')}, such as {literal(example)})"
    yield f"Words: {len(texts) - len(classes):,} known; others are {other}."
    case = "small letters" if reading.words.lowercase else "capitals kept"
    numbers = f"numbers become {literal(NUMBER)}" if reading.words.numbers else "numbers as they are"
    default = "" if reading.words.pattern == PATTERN else ", by a pattern of its own"
    yield f"A raw text is split into words, numbers and signs{default}: {case}, {numbers}."


def _some(column: Column, i: int) -> str:
    """A value of a column, as it is typed."""
    known = column.type.values
    return str(i + 1) if known is None else str(known[i % len(known)])


def _use(program: Program) -> list[str]:
    if any(column.words is not None for column in program.inputs):
        return [
            'Use: run("a text") or run(["its", "words"]), or: python program.py "a text"',
            "  or: python program.py --jsonl (a JSON string or a JSON list a line)",
        ]
    (first, *more) = program.inputs
    several = [",".join(_some(column, i) for column in program.inputs) for i in range(2)]
    step = " ".join(several) if more else "1 2 3" if first.type.is_number else "TOKEN ..."
    return [f"Use: run([...]), or: python program.py {step}, or: python program.py --jsonl"]
