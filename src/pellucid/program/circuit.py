"""Slices of a program: what it uses for one label, one position, one input, or its wrong answers.

Each slice is a program of its own, made of parts of the whole one, with a promise that has been checked:

- input: the same output on that input. Cases, rules and evidence that this input does not use are gone.
- wrong: the same answers at the wrong positions of a data set, likewise.
- label: says that label exactly where the whole program does; `other` stands for all other labels.
- position: the same output at that position, for every input that has it.

Slices for a label or a position are cut for every possible input where all can be run, else for random ones or for
the inputs of a data set; in the first case the exact simplification passes are applied to what is left, too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.data.dataset import Dataset
from pellucid.data.tokens import Token, lenient, sort_tokens
from pellucid.errors import PellucidError
from pellucid.program.bounds import Bounded
from pellucid.program.emit import emit
from pellucid.program.inspect.prune import pruned
from pellucid.program.inspect.scope import Inputs, Scope, at_position, domain, scope_of, wrong_answers
from pellucid.program.inspect.spare import spare_votes
from pellucid.program.inspect.words import counted, expression
from pellucid.program.interpret import predict
from pellucid.program.ir import Assign, Categorical, Lookup, Node, Program, Readout
from pellucid.program.literals import literal
from pellucid.program.names import usable
from pellucid.program.simplify import simplify
from pellucid.program.size import ast_nodes, code_lines
from pellucid.program.verify import run_text
from pellucid.values import listing

OTHER = "other"
WIDTH = 84  # of a docstring
Same = Callable[[Token], object]
SIZES = {"ast_nodes": "AST node", "lines": "line", "variables": "variable"}
TEXT_CHECKED = 20_000  # inputs on which the text of a slice is run, too


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
        kind: label, position, input or wrong.
        promise: what it preserves, a sentence.
        check: on the inputs it was cut for; fresh: on other random ones, where those were random.
        program, source: the slice; whole: size of the program it was cut from.
        cut: AST nodes of what was cut out, where that is larger than the whole program, which then stands here.
    """

    kind: str
    promise: str
    check: Check
    fresh: Check | None
    program: Program
    source: str
    whole: dict[str, int]
    cut: int | None = None

    @property
    def size(self) -> dict[str, int]:
        """Size of the slice, as in `report.json`."""
        return size_of(self.program, self.source)

    def summary(self) -> list[str]:
        """What it is, what was checked, and how large it is, a line each."""
        parts = [f"{self.size[key]:,} of {counted(self.whole[key], word)}" for key, word in SIZES.items()]
        checks = [str(check) for check in (self.check, self.fresh) if check is not None]
        lines = [f"Promise: {self.promise}.", *checks, f"Size: {', '.join(parts)}."]
        if self.cut is not None:
            lines.append(f"This is the whole program: what was cut out of it would be larger ({self.cut:,} AST nodes).")
        if not self.program.unbounded:
            most = counted(self.program.vocab.max_length, "token")
            lines.append(f"MAX_LENGTH: nothing longer than {most} was checked, so longer inputs are refused.")
        return lines

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        variables = [{"name": a.name, "expression": expression(self.program, a.node)} for a in self.program]
        return {
            "slice": self.kind,
            "promise": self.promise,
            "checked": vars(self.check),
            "fresh": None if self.fresh is None else vars(self.fresh),
            "variables": variables,
            "size": self.size,
            "whole": self.whole,
            "cut": self.cut,
            "source": self.source,
        }


def size_of(program: Program, source: str) -> dict[str, int]:
    """Size of an emitted program: AST nodes, lines, variables."""
    variables = sum(a.name != program.tokens for a in program)
    return {"ast_nodes": ast_nodes(source), "lines": code_lines(source), "variables": variables}


def _not_for_texts(program: Program) -> None:
    if program.vocab.text is not None:
        raise PellucidError(
            "a program that reads texts is not cut into slices: explain shows what one text uses, "
            "circuit with --data alone how much each variable matters, and errors what wrong answers have in common"
        )


def slice_for_input(program: Program, sequence: Sequence[Token]) -> Slice:
    """What one input uses: the program that gives the same output on it."""
    _not_for_texts(program)
    scope = scope_of(program, [tuple(sequence)], "this input", exhaustive=True)
    told = " ".join(map(str, sequence))
    return _cut("input", f"the same output as the whole program on the input {told}", program, scope)


def slice_for_wrong(program: Program, data: Dataset, name: str) -> Slice | None:
    """What the wrong answers of a data set use; None if there are none."""
    _not_for_texts(program)
    scope = wrong_answers(program, data, name)
    if scope is None:
        return None
    return _cut("wrong", f"the same answers as the whole program where that is wrong on {name}", program, scope)


def slice_for_position(program: Program, position: int, inputs: Inputs | None = None, name: str = "") -> Slice:
    """What the output at one position (from 1) uses, on the inputs given, else on all possible or random ones.

    Raises:
        PellucidError: a classifier, or a position that no input has.
    """
    _not_for_texts(program)
    if program.vocab.kind == "classification":
        raise PellucidError("--position: a classifier gives one label for a whole sequence; expected a tagging program")
    longest = program.vocab.max_length if inputs is None else max(map(len, inputs))
    if not 1 <= position <= longest:
        raise PellucidError(f"--position {position}: expected a number from 1 to {longest}")
    scope = domain(program, fewest=position) if inputs is None else scope_of(program, inputs, name)
    fresh = _other(program, scope, position) if inputs is None else None
    promise = f"the same output as the whole program at position {position}"
    fresh = None if fresh is None else at_position(fresh, position)
    return _cut("position", promise, program, at_position(scope, position), fresh)


def slice_for_label(program: Program, label: Token, inputs: Inputs | None = None, name: str = "") -> Slice:
    """What saying one label uses, on the inputs given, else on all possible or random ones.

    Raises:
        PellucidError: an unknown label.
    """
    _not_for_texts(program)
    kind = program.types[program.output]
    labels = sort_tokens((*program.vocab.labels, *(kind.values if isinstance(kind, Categorical) else ())))
    known = lenient(labels)
    if label not in known:
        raise PellucidError(f"--label {label}: unknown label; known: {listing(labels)}")
    label = known[label]
    scope = domain(program) if inputs is None else scope_of(program, inputs, name)
    other = OTHER
    while other in labels:
        other += "_"
    told = says(spare_votes(program, scope, label), label, other)
    renamed = told.vocab.labels != program.vocab.labels
    rest = "; any other label means: not this one"
    promise = f"says {literal(label)} exactly where the whole program does"
    fresh = _other(program, scope) if inputs is None else None
    found = _cut("label", promise + rest, program, scope, fresh, told, lambda said: said == label)
    if not renamed or found.cut is not None:
        return found
    return _with_text(replace(found, promise=f"{promise}; {literal(other)} stands for all other labels"))


def says(program: Program, label: Token, other: str) -> Program:
    """The program with every other label called `other`; unchanged where a pooled readout needs several of them."""
    node, name = program[program.output], program.output
    kept = {label: label}
    vocab = replace(program.vocab, labels=sort_tokens((label, other)))
    match node:
        case Readout(labels) if len(labels) == 2 and label in labels:
            new: Node = replace(node, labels=tuple(kept.get(v, other) for v in labels))
        case Readout(pooled=True):
            return program
        case Lookup(variables, cases, default):
            default = kept.get(default, other)
            told = tuple((key, kept.get(out, other)) for key, out in cases)
            new = Lookup(variables, tuple(case for case in told if case[1] != default), default)
        case _:
            last = Assign(_free_name(program), Lookup((name,), (((label,), label),), other))
            return replace(program, vocab=vocab, assignments=(*program.assignments, last), output=last.name)
    return replace(program.map(lambda a: new if a.name == name else a.node), vocab=vocab)


def _free_name(program: Program) -> str:
    taken, name, number = {a.name for a in program}, "answer", 1
    while name in taken or not usable(name):
        number += 1
        name = f"answer_{number}"
    return name


def _cut(
    kind: str,
    promise: str,
    whole: Program,
    scope: Scope,
    fresh: Scope | None = None,
    start: Program | None = None,
    same: Same = lambda label: label,
) -> Slice:
    """Cut the program down, check the promise, write the text.

    Args:
        fresh: other inputs to check it on, too; start: the program to cut, where it is not the whole one; same: what of
            a label must stay the same.
    """
    start = start or whole
    longest = max(whole.vocab.max_length, *map(len, scope.inputs))
    start = replace(start, unbounded=False, vocab=replace(start.vocab, max_length=longest))
    program = pruned(start, scope)
    if kind in ("label", "position"):
        program = pruned(simplify(program, scope.facts() if scope.exhaustive else Bounded()), scope)
    if program.assignments == whole.assignments:
        program = whole
    cut, size = ast_nodes(emit(program)), size_of(whole, emit(whole))
    larger = cut > size["ast_nodes"]
    program = whole if larger else program
    text = emit(program)
    checks = [None if s is None else _checked(whole, program, text, s, same) for s in (scope, fresh)]
    assert checks[0] is not None
    return _with_text(Slice(kind, promise, checks[0], checks[1], program, text, size, cut if larger else None))


def _with_text(found: Slice) -> Slice:
    """The slice with its text, which begins with its summary."""
    told = [line for part in found.summary() for line in textwrap.wrap(part, WIDTH, subsequent_indent="  ")]
    source = emit(found.program, "\n".join(["A slice of a program learned by pellucid.", "", *told]))
    return replace(found, source=source)


def _checked(whole: Program, program: Program, text: str, scope: Scope, same: Same) -> Check:
    """Compare a slice and its text with the whole program."""
    expected = [[same(label) for label in row] for row in scope.said(whole)]
    told = [[same(label) for label in row] for row in scope.said(program)]
    wrong = {i for i, (a, b) in enumerate(zip(expected, told, strict=True)) if a != b}
    run = scope.inputs[:TEXT_CHECKED]
    wrong |= {i for i, (a, b) in enumerate(zip(run_text(text, run), predict(program, run), strict=True)) if a != b}
    return Check(len(scope.inputs), len(wrong), scope.exhaustive, scope.words)


def _other(program: Program, scope: Scope, fewest: int = 1) -> Scope | None:
    """Other random inputs than those of a scope; None where it holds all there are."""
    if scope.exhaustive:
        return None
    found = domain(program, 1, fewest)
    return replace(found, words=f"{len(found.inputs):,} other random inputs")
