"""What a program did on one input: every variable, what was looked at, which rule fired, the votes of every label.

As text for a person: what decides the outputs, positions from left to right, a line for each variable.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from pellucid.explain.cells import PIECES, POOLED, Cell, Cells, Looked, Piece, Tally, check_position, steps_of, tally
from pellucid.explain.words import aligned, fired, meaning, plain, shown, spans
from pellucid.language.expressions import Cases, Const, Table
from pellucid.language.nodes import Aggregate, Input, Let, Node, Vote
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.values import counted, grouped

WIDTH = 100
LONGEST = 14  # characters of a cell
NARROWEST = 34  # room for what a variable is, beside its values
LABELS = 8  # whose votes are shown
BLANK, NONE = ".", "none"
Bold = Callable[[str], str]
Row = tuple[str, list[str], str]  # name, cells, what it is


@dataclass(frozen=True)
class Variable:
    """A variable at every position; positions count from 0 here, and from 1 for people and in JSON.

    Args:
        name, node, meaning: which it is, and what it computes, in words.
        values: by position.
        used: whether the outputs asked about depend on it there.
        decides: likewise, where of every vote only what moved it most counts.
        numbers: of a table or a list of rules, the case or rule that applied, -1 for the default.
        looked: of an aggregate, what it looked at.
        votes: of a vote.
    """

    name: str
    node: Node
    meaning: str
    values: tuple[Value, ...]
    used: tuple[bool, ...]
    decides: tuple[bool, ...]
    numbers: tuple[int, ...] | None = None
    looked: tuple[Looked, ...] | None = None
    votes: tuple[Tally, ...] | None = None

    @property
    def fired(self) -> list[str]:
        """The case or rule that applied at each position, in words."""
        rules = self.node.expression if isinstance(self.node, Let) else None
        return [fired(rules, n) for n in self.numbers or ()] if isinstance(rules, Table | Cases) else []

    def to_json(self) -> dict[str, Any]:
        """One JSON object, what is not used as well."""
        found: dict[str, Any] = {"name": self.name, "meaning": self.meaning, "values": list(self.values)}
        found["used"] = list(self.used)
        if self.numbers is not None:
            found["fired"] = self.fired
        if self.looked is not None:
            for part in ("compared", "matched", "picked"):
                found[part] = [[j + 1 for j in getattr(looked, part)] for looked in self.looked]
        if self.votes is not None:
            found["votes"] = [vote.to_json() for vote in self.votes]
        return found


@dataclass(frozen=True)
class Explanation:
    """One run of a program.

    Args:
        sequence: the input, a step per position, as the user has it.
        output: what came out.
        variables: in the order of the program.
        results: the variables that come out, by output.
        position: the one whose output is asked about; None: all.
    """

    sequence: tuple
    output: Any
    variables: tuple[Variable, ...]
    results: dict[str, str]
    position: int | None = None

    def __getitem__(self, name: str) -> Variable:
        return next(v for v in self.variables if v.name == name)

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "input": list(self.sequence),
            "output": self.output,
            "position": None if self.position is None else self.position + 1,
            "outputs": self.results,
            "variables": [v.to_json() for v in self.variables],
        }

    def __str__(self) -> str:
        return text(self)


def explain(program: Program, sequence: Any, position: int | None = None) -> Explanation:
    """What a program did on one input.

    Args:
        program: any program.
        sequence: an input in the user's form.
        position: tell what the output at this position, from 1, depends on; None: all outputs.

    Raises:
        PellucidError: an input that the program does not take, or is too long; a position that is not in it.
    """
    cells = Cells(program, sequence)
    if position is not None:
        check_position(program, position, cells.size, ", the input's length")
    at = None if position is None else position - 1
    answers = cells.answers(at)
    used, decides = cells.needed(answers), cells.needed(answers, lambda name, i: _decisive(cells, name, i))
    variables = tuple(_variable(cells, a.name, a.node, used, decides) for a in program)
    results = {output.name: output.variable for output in program.outputs}
    return Explanation(steps_of(program, sequence), cells.output, variables, results, at)


def _decisive(cells: Cells, name: str, i: int) -> Iterable[Cell]:
    """What a cell was computed from; of a vote, what moved it most."""
    node = cells.program[name]
    if not isinstance(node, Vote):
        return cells.reads(name, i)
    pieces = tally(cells, node, i).telling(POOLED if node.pooled else PIECES)
    return [(p.variable, p.position) for p in pieces if p.variable is not None and p.position is not None]


def _variable(cells: Cells, name: str, node: Node, used: set[Cell], decides: set[Cell]) -> Variable:
    numbers, looked, votes, places = None, None, None, range(cells.size)
    match node:
        case Let((Table() | Cases()) as expression):
            numbers = tuple(cells.fired(expression, cells.here(i)) for i in places)
        case Aggregate():
            looked = tuple(cells.looked(name, i) for i in places)
        case Vote(pooled=pooled):  # the same at every position, where it is pooled
            votes = tuple(tally(cells, node, i) for i in (places[:1] if pooled else places))
    uses, tells = (tuple((name, i) in found for i in places) for found in (used, decides))
    return Variable(name, node, meaning(node), tuple(cells.values[name]), uses, tells, numbers, looked, votes)


# ---------------------------------------------------------------- as text


def text(found: Explanation, width: int = WIDTH, bold: Bold = str) -> str:
    """The explanation in lines of about `width` columns.

    Shown are the variables, and their values, that the outputs asked about depend on, of votes what moved them most;
    the JSON has all of them.
    """
    head = [*_wrapped("input", shown(found.sequence), width), *_wrapped("output", shown(found.output), width)]
    blocks = [head, *_table(found, width, bold)]
    if hidden := sum(any(v.used) and not any(v.decides) for v in found.variables):
        blocks.append([f"  and {counted(hidden, 'variable')} that moved the votes less"])
    for title, lines in (("Rules", _rules(found)), ("Votes", _votes(found))):
        if told := [line for one in lines for line in _hanging(one, width)]:
            blocks.append([bold(title), *told])
    return "\n\n".join("\n".join(block) for block in blocks)


def _wrapped(name: str, value: str, width: int) -> list[str]:
    return textwrap.wrap(value, width, initial_indent=f"{name:<8}", subsequent_indent=" " * 8) or [name]


def _hanging(line: str, width: int) -> list[str]:
    margin = " " * (2 + len(line) - len(line.lstrip()))
    return textwrap.wrap(line.strip(), width, initial_indent=margin, subsequent_indent=margin + "    ")


# ---------------------------------------------------------------- the table


def _table(found: Explanation, width: int, bold: Bold) -> Iterator[list[str]]:
    """The values; what the variables are stands beside them where there is room, else before them."""
    places = [i for i in range(len(found.sequence)) if any(v.decides[i] for v in found.variables)]
    rows = [row for v in found.variables if any(v.decides) and not _fixed(v) for row in _lines(found, v, places)]
    rows = [("position", [str(i + 1) for i in places], ""), *_words(found, places), *rows]
    margin = max(cell_len(name) for name, _, _ in rows)
    sizes = [max(cell_len(cells[k]) for _, cells, _ in rows) for k in range(len(places))]
    room = width - margin - sum(sizes) - 2 * len(sizes) - 4
    if room >= NARROWEST or not places:
        yield [bold("Variables"), *_block(rows, range(len(places)), room)]
        return
    names = [f"{name} = {words}" for name, _, words in rows if words]
    yield [bold("Variables"), *(line for name in names for line in _hanging(name, width))]
    first, *rest = (_block(rows, part, 0) for part in _parts(sizes, width - margin - 2))
    yield [bold("Values"), *first]
    yield from rest


def _parts(sizes: Sequence[int], width: int) -> Iterator[range]:
    """Neighbouring columns that fit beside each other."""
    start = 0
    while start < len(sizes):
        stop, used = start, 0
        while stop < len(sizes) and (stop == start or used + sizes[stop] + 2 <= width):
            used += sizes[stop] + 2
            stop += 1
        yield range(start, stop)
        start = stop


def _block(rows: Sequence[Row], columns: range, room: int) -> list[str]:
    told = aligned([[name, *(cells[k] for k in columns)] for name, cells, _ in rows], "<" + ">" * len(columns))
    if not room:
        return told
    size = max(map(cell_len, told)) + 3
    lines = list[str]()
    for line, (_, _, words) in zip(told, rows, strict=True):
        first, *rest = textwrap.wrap(words, room) or [""]
        lines.append((line + " " * (size - cell_len(line)) + first).rstrip())
        lines += [" " * (size + 2) + more for more in rest]
    return lines


def _fixed(variable: Variable) -> bool:
    """Whether it is the same whatever the input, which tells nothing."""
    constant = isinstance(variable.node, Let) and isinstance(variable.node.expression, Const)
    return constant or variable.node == Input("", "position")


def _words(found: Explanation, places: Sequence[int]) -> Iterator[Row]:
    """The user's own words, where the program knows others."""
    one = next((v for v in found.variables if isinstance(v.node, Input) and v.node.of == "value"), None)
    own = [found.sequence[i] for i in places]
    if one is None or (
        not any(isinstance(s, list | tuple) for s in own)
        and [str(one.values[i]) for i in places] != list(map(str, own))
    ):
        yield "written", [_cell(step) for step in own], ""


def _lines(found: Explanation, v: Variable, places: Sequence[int]) -> Iterator[Row]:
    def row(name: str, cell: Callable[[int], str], words: str = "") -> Row:
        return name, [cell(i) if v.decides[i] else BLANK for i in places], words

    yield row(v.name, lambda i: _cell(v.values[i]), v.meaning)
    if (numbers := v.numbers) is not None and _has_rules(v):
        yield row("  rule", lambda i: str(numbers[i] + 1) if numbers[i] >= 0 else "-")
    if (looked := v.looked) is not None and _chooses(found, v.node):
        yield row("  keys", lambda i: _keys(looked[i].picked))


def _cell(value: Any) -> str:
    return plain(value, LONGEST)


def _keys(picked: Sequence[int]) -> str:
    told = spans(picked)
    return NONE if not picked else told if len(told) <= LONGEST else f"{len(picked)} keys"


def _has_rules(v: Variable) -> bool:
    return isinstance(v.node, Let) and isinstance(v.node.expression, Cases) and len(v.node.expression.rules) > 1


def _chooses(found: Explanation, node: Node) -> bool:
    """Whether which keys an aggregate picks depends on what stands there; else the words tell it."""
    assert isinstance(node, Aggregate)
    compared = (*node.select.query, *node.select.key, *([node.select.mask] if node.select.mask else []))
    return any(not _fixed(found[name]) for name in compared)


# ---------------------------------------------------------------- rules and votes


def _rules(found: Explanation) -> Iterator[str]:
    """A line for each rule that fired where it matters, with the positions."""
    for v in found.variables:
        if _has_rules(v):
            yield from _at_places(v, v.fired)


def _at_places(v: Variable, told: Iterable[str]) -> Iterator[str]:
    """A line for each of the things told where the variable decides, with the positions."""
    groups = grouped((words, i) for i, words in enumerate(told) if v.decides[i])
    return (f"{v.name}, {words}   at {spans(places)}" for words, places in groups.items())


def _votes(found: Explanation) -> Iterator[str]:
    for v in found.variables:
        if v.votes is None or not any(v.decides):
            continue
        if len(v.votes) == 1 < len(v.values):
            yield from _whole(v.votes[0], found.sequence)
        else:
            yield from _at_places(v, map(_standing, v.votes))


def _standing(vote: Tally) -> str:
    """The best labels with their sums, and what made the difference."""
    sums = ", ".join(f"{plain(label)} {total}" for label, total in vote.sums[:2])
    tied = len(vote.sums) > 1 and vote.sums[0][1] == vote.sums[1][1]
    told = [_piece(piece) for piece in vote.telling(PIECES)]
    return sums + (" (the first label wins a tie)" if tied else "") + (f": {', '.join(told)}" if told else "")


def _piece(piece: Piece) -> str:
    name = "always" if piece.variable is None else f"{piece.variable} {_cell(piece.value)}"
    return f"{name} {piece.lead:+}"


def _whole(vote: Tally, sequence: Sequence[Value]) -> Iterator[str]:
    """The one vote of a sequence: all sums, then the pieces that moved it most."""
    more = f", and {len(vote.sums) - LABELS} more labels" if len(vote.sums) > LABELS else ""
    yield ", ".join(f"{plain(label)} {total}" for label, total in vote.sums[:LABELS]) + more
    told = vote.telling(len(vote.pieces))
    if not told or len(vote.sums) < 2:
        return
    yield f"What moved it, {plain(vote.sums[0][0])} over {plain(vote.sums[1][0])}:"
    rows = []
    for piece in told[:POOLED]:
        step = "" if piece.position is None else shown([sequence[piece.position]])
        place = "" if piece.position is None else str(piece.position + 1)
        name = "always" if piece.variable is None else f"{piece.variable} {plain(piece.value, 2 * LONGEST)}"
        rows.append([f"{piece.lead:+}", place, step, name])
    yield from aligned(rows, ">><<")
    if len(told) > POOLED:
        yield f"  and {len(told) - POOLED} more, {sum(p.lead for p in told[POOLED:]):+} together"
