"""Readable variable names, from structure alone: the same program always gets the same names."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import replace

from pellucid.language.spelling import form
from pellucid.program import runtime
from pellucid.program.formula import Apply
from pellucid.program.indexing import always, is_index
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Assign,
    Embed,
    Formula,
    Input,
    Lookup,
    Node,
    Program,
    Readout,
    Rule,
    Rules,
    Scan,
    Select,
    Test,
    reads,
    renamed,
)
from pellucid.program.predicates import Compare, OneOf
from pellucid.program.text import runtime as text_runtime

LONGEST = 24
# Names that emitted programs use for something else; single letters and v0, v1, ... are their loop variables.
RESERVED = {*dir(builtins), *keyword.kwlist, *vars(runtime), "sequence", "wanted", "votes", "row", PREVIOUS}
IN_TEXTS = {*vars(text_runtime), "text"}  # names that programs for texts use for something else, too
LOOP = re.compile(r"[a-z]|v\d+")
SINGULAR = {"tokens": "token", "positions": "position"}
SINGULAR_IN_TEXTS = {**SINGULAR, "words": "word"}
REACHED = {"before": "earlier_", "after": "later_"}
COMPARED = {"==": "same", "!=": "other", "<": "smaller", ">": "larger", "<=": "not_larger", ">=": "not_smaller"}
CHOSEN = {"min": "smallest", "max": "largest", "first": "first", "last": "last"}
OPERATORS = {
    "+": "added", "-": "difference", "*": "product", "//": "quotient", "%": "remainder",
    "min": "smaller", "max": "larger",
}  # fmt: skip


def usable(name: str, text: bool = False) -> bool:
    """Whether a variable can have this name in an emitted program. Constants are upper case, so they never clash.

    text: in a program for texts.
    """
    plain = re.fullmatch("[a-z][a-z0-9_]*", name) is not None
    return plain and name not in RESERVED and not LOOP.fullmatch(name) and not (text and name in IN_TEXTS)


def with_readable_names(program: Program) -> Program:
    """The program with every variable renamed; a number tells variables of the same kind apart."""
    names: dict[str, str] = {}
    taken = {"output"}
    for a in program:
        base = "output"
        if a.name != program.output:
            base = next(filter(_short, _candidates(a.name, program, names)), "variable")
        text = program.vocab.text is not None
        names[a.name] = base if a.name == program.output else _free(base, taken, text)
        taken.add(names[a.name])
    assigns = tuple(Assign(names[a.name], renamed(a.node, names)) for a in program)
    return replace(program, assignments=assigns, output=names[program.output])


def _short(base: str) -> bool:
    return len(base) <= LONGEST and re.fullmatch("[a-z][a-z0-9_]*", base) is not None


def _free(base: str, taken: set[str], text: bool) -> str:
    name, number = base, 1
    while name in taken or not usable(name, text):
        number += 1
        name = f"{base}_{number}"
    return name


def _one(name: str) -> str:
    return SINGULAR_IN_TEXTS.get(name, name)


def _candidates(name: str, program: Program, names: dict[str, str]) -> Iterator[str]:
    """Names for a variable, the most telling first; one that is too long is passed over."""
    node = program[name]
    if program.vocab.text is not None:
        yield from _in_texts(program, node, names)
    match node:
        case Input(which):
            yield which
        case Embed():
            yield "cluster"
        case Select(_, key):
            yield from (f"where_{_one(names[key])}", "where")
        case Aggregate(selector, how, value):
            select = program[selector]
            assert isinstance(select, Select)
            yield from _aggregate(program, select, how, names, None if value is None else _one(names[value]))
            yield "head"
        case Lookup((variable,), (((value,), 1),), 0) | Rules(
            (Rule((Test(variable, "==" | "in", (value,), None),), 1),), 0
        ):
            yield from _is(program, variable, value)
            yield from _outcome({0, 1}, [names[variable]])
        case Lookup(variables, cases, default):
            yield from _outcome({default, *(out for _, out in cases)}, [names[v] for v in variables])
        case Rules(rules, default):
            yield from _outcome({default, *(rule.outcome for rule in rules)}, [names[v] for v in reads(node)])
        case Formula(expression):
            if is_index(program, name, 0):
                yield "place"
            yield OPERATORS[expression.op] if isinstance(expression, Apply) else "number"
        case Scan():
            yield "state"
        case Readout():
            yield "label"


def _in_texts(program: Program, node: Node, names: dict[str, str]) -> Iterator[str]:
    """What is called otherwise in programs for texts."""
    match node:
        case Input("tokens"):
            yield "words"
        case Embed(variable, cases) if variable == program.tokens:
            yield "word_form" if all(kind == form(str(token)) for token, kind in cases) else "word_kind"
        case Lookup((first, second)):
            pair = _one(names[first]), _one(names[second])
            named = {("previous_word", "word"): "phrase_kind", ("word", "next_word"): "next_phrase_kind"}
            if pair in named:
                yield named[pair]
            yield "_and_".join(name.replace("word_form", "form").replace("word_kind", "kind") for name in pair)
            yield "pair_kind"


def _is(program: Program, variable: str, value: object) -> Iterator[str]:
    """`is_red` for a test of the tokens against a word."""
    yield from (f"is_{word}" for word in _called(program, variable, value))


def _called(program: Program, variable: str, value: object) -> Iterator[str]:
    """A token that can be part of a name."""
    if variable == program.tokens and isinstance(value, str) and re.fullmatch("[A-Za-z][A-Za-z0-9_]*", value):
        yield value.lower()


def _outcome(outcomes: set, variables: list[str]) -> Iterator[str]:
    """A flag gives 0 and 1, a value whole numbers, a rule anything else."""
    numbers = all(isinstance(outcome, int) for outcome in outcomes)
    what = "flag" if outcomes <= {0, 1} else "value" if numbers else "rule"
    if len(variables) == 1:
        yield f"{_one(variables[0])}_{what}"
    yield what


def _aggregate(program: Program, select: Select, how: str, names: dict[str, str], value: str | None) -> Iterator[str]:
    key = _one(names[select.key])
    if how in ("count", "any"):
        for which in _which(program, select, names):
            yield f"{which}_count" if how == "count" else f"any_{which}"
    elif how == "sum":
        yield from (f"{REACHED.get(select.reach, '')}{value}_sum", "weighted_sum")
    elif (near := _neighbour(program, select)) is not None:
        yield near.format(value)
    elif how == "take":
        yield f"{value}_by_{key}"
    else:
        yield from (f"{CHOSEN[how]}_{REACHED.get(select.reach, '')}{value}", f"{CHOSEN[how]}_{value}", CHOSEN[how])


def _which(program: Program, select: Select, names: dict[str, str]) -> Iterator[str]:
    """Which keys are counted: where they are, how they compare, of which variable."""
    where, key, predicate = REACHED.get(select.reach, ""), _one(names[select.key]), select.predicate
    positions = program[select.query] == program[select.key] == Input("positions")
    if always(program, select):
        mask = "" if select.mask is None else _one(names[select.mask])
        mask = "not_" * (select.negated and bool(mask)) + mask.removeprefix("is_")
        yield (where + mask).rstrip("_") or "position"
    elif isinstance(predicate, Compare) and positions and predicate.op in "<>":
        yield "earlier" if predicate.op == "<" else "later"
    elif isinstance(predicate, Compare) and select.query == select.key and not predicate.offset:
        compared = COMPARED[predicate.op] + ("_or_tied" if select.ties != "none" else "")
        yield from (f"{where}{compared}_{key}", f"{compared}_{key}", f"{where}{compared}", compared)
    else:
        if isinstance(predicate, OneOf) and len(predicate.values) == 1:
            yield from (where + name for name in _called(program, select.key, predicate.values[0]))
        yield from (f"{where}{key}", key, f"{where}key")


def _neighbour(program: Program, select: Select) -> str | None:
    """How a value is called that stands at a fixed distance or place; None where it does not."""
    predicate = select.predicate
    if program[select.key] != Input("positions"):
        return None
    if isinstance(predicate, Compare) and predicate.op == "==" and program[select.query] == Input("positions"):
        offset = predicate.offset
        side = ("previous", "before") if offset < 0 else ("next", "after")
        return f"{side[0]}_{{}}" if abs(offset) == 1 else f"{{}}_{abs(offset)}_{side[1]}"
    if isinstance(predicate, OneOf) and len(predicate.values) == 1:
        return f"{{}}_at_{predicate.values[0]}"
    return None
