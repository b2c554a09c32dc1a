"""A trace as text: a table with the user's positions as columns, then the rules that fired and how the output came."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pellucid.program.inspect.reasons import NO_CASE, Piece, Reason
from pellucid.program.inspect.words import plain, runs
from pellucid.program.literals import literal
from pellucid.program.text import trace_text as of_texts
from pellucid.program.text.trace import TextTrace
from pellucid.program.trace import Picks, Place, Trace, Variable

WIDTH = 100
LONGEST_CELL = 11  # longer cells go to a list below the table
PIECES = 4  # of evidence shown
BLANK = "."  # a cell that the position asked about does not depend on
UNMATCHED = "none"
Row = tuple[str, list[str]]


def text(trace: Trace | TextTrace, width: int = WIDTH, bold: Callable[[str], str] = str) -> str:
    """The trace for a reader; lines of at most about `width` columns, the table in blocks of positions."""
    if isinstance(trace, TextTrace):
        return of_texts.text(trace, width, bold)
    output = trace.output if isinstance(trace.output, list) else [trace.output]
    parts = [
        [f"input   {' '.join(map(plain, trace.sequence))}", f"output  {' '.join(map(plain, output))}"],
        [bold("Variables"), *_wrapped((f"{v.name} = {v.expression}" for v in trace.variables), width)],
        [bold("Values"), *_blocks(trace, width)],
    ]
    if notes := _notes(trace):
        parts.append([*_wrapped(notes, width)])
    for title, lines in (
        ("Picked k, for each q", _long_picks(trace)),
        ("Rules that fired", _fired(trace)),
        ("How the output was decided", [*_decided(trace)]),
    ):
        if lines:
            parts.append([bold(title), *_wrapped(lines, width)])
    return "\n\n".join("\n".join(part) for part in parts)


def _wrapped(lines: Iterable[str], width: int) -> Iterable[str]:
    for line in lines:
        margin = "  " + " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(line.strip(), width, initial_indent=margin, subsequent_indent=margin + "    ")


# ---------------------------------------------------------------- the table


def _blocks(trace: Trace, width: int) -> Iterable[str]:
    from rich.cells import cell_len

    places = trace.shown()
    rows = _rows(trace, places)
    margin = max(cell_len(label) for label, _ in rows)
    columns = [max(cell_len(cells[i]) for _, cells in rows) for i in range(len(places))]
    start = 0
    while start < len(places):
        stop, used = start, margin + 2
        while stop < len(places) and (stop == start or used + columns[stop] + 2 <= width):
            used += columns[stop] + 2
            stop += 1
        if start:
            yield ""
        for label, cells in rows:
            padded = [" " * (columns[i] - cell_len(cells[i])) + cells[i] for i in range(start, stop)]
            yield f"  {label}{' ' * (margin - cell_len(label))}  {'  '.join(padded)}".rstrip()
        start = stop


def _rows(trace: Trace, places: Sequence[Place]) -> list[Row]:
    index = {p.position: i for i, p in enumerate(trace.places)}
    chosen = [index[p.position] for p in places]
    rows: list[Row] = [("position", [str(p.position) for p in places])]
    used: set[str] = set()
    for v in trace.variables:
        if len(v.values) != len(trace.places):
            continue  # the one label of a sequence
        cells: list[Row] = [(v.name, [plain(v.values[i]) for i in chosen])]
        if v.before is not None:
            cells.insert(0, ("  before", [plain(v.before[i]) for i in chosen]))
        if v.short is not None and max(map(len, v.short)) <= LONGEST_CELL:
            cells.append((f"  {v.cases}", [v.short[i] for i in chosen]))
        whole = v is trace.variables[0]  # the tokens: the head of the table
        rows += [(label, row if whole else _hidden(trace, v.name, places, row)) for label, row in cells]
        for picks in trace.picks:
            if v.name in picks.used_by and picks.name not in used and not _is_long(trace, picks):
                used.add(picks.name)
                row = [_keys(trace, picks, i) for i in chosen]
                rows.append(("  picked k", _hidden(trace, picks.name, places, row)))
    return rows


def _hidden(trace: Trace, name: str, places: Sequence[Place], row: list[str]) -> list[str]:
    return [cell if trace.wants(name, p.position) else BLANK for p, cell in zip(places, row, strict=True)]


def _keys(trace: Trace, picks: Picks, index: int) -> str:
    """Positions picked, runs as `2-5`; `none` where none matched."""
    if picks.unmatched[index]:
        return UNMATCHED
    names = {position: name for name, position in trace.markers.items()}
    picked = picks.picked[index]
    own = runs(k for k in picked if k not in names).replace(", ", ",")
    return ",".join([*(names[k] for k in picked if k == 0 and k in names), *([own] if own else []),
                     *(names[k] for k in picked if k > 0 and k in names)])  # fmt: skip


def _is_long(trace: Trace, picks: Picks) -> bool:
    return max(len(_keys(trace, picks, i)) for i in range(len(trace.places))) > LONGEST_CELL


def _notes(trace: Trace) -> list[str]:
    told = (
        ["q: the position that looks; k: a position it looks at, numbered as in the first line."] if trace.picks else []
    )
    if any(p.kind == "closest" for p in trace.picks):
        told.append("nearest: of two at equal distance the left one; q itself only if no other k matches.")
    shown = {p.position for p in trace.shown()}
    for name, position in trace.markers.items():
        where = "before the first token" if position == 0 else "after the last token"
        seen = "shown because a position picked it" if position in shown else "not shown"
        told.append(f"{name} is the marker {where} (position {position}): {seen}.")
    if any(any(p.unmatched) for p in trace.picks if p.kind == "closest"):
        first = next((name for name, position in trace.markers.items() if position == 0), "the first token")
        told.append(f"{UNMATCHED}: no k matched; where the nearest k is asked for, it is then {first}.")
    if any(v.short and NO_CASE in v.short for v in trace.variables):
        told.append(f"{NO_CASE}: no rule or case applied, so the default did.")
    if trace.needed is not None:
        told.append(f"{BLANK}: the position asked about does not depend on it.")
    return told


# ---------------------------------------------------------------- the lists


def _wanted(trace: Trace, name: str) -> list[int]:
    """Indices of the places shown that are asked about."""
    shown = {p.position for p in trace.shown()}
    return [i for i, p in enumerate(trace.places) if p.position in shown and trace.wants(name, p.position)]


def _at(trace: Trace, indices: Iterable[int]) -> str:
    """`at 1-3, 5`."""
    return f"at {runs(trace.places[i].position for i in indices)}"


def _long_picks(trace: Trace) -> Iterable[str]:
    lines = []
    for picks in trace.picks:
        indices = _wanted(trace, picks.name)
        if _is_long(trace, picks):
            lines.append(f"{' and '.join(picks.used_by)}: {picks.expression}")
            keys = [_keys(trace, picks, i) for i in range(len(trace.places))]
            lines += _grouped(trace, "  k ", keys, indices)
        if picks.rows is not None:
            lines += _grouped(trace, f"{' and '.join(picks.used_by)}, ", picks.rows, indices)
    return lines


def _fired(trace: Trace) -> Iterable[str]:
    lines = []
    for v in trace.variables:
        if v.fired is not None and v.short is not None and v.name != trace.decided_by:
            lines += _grouped(trace, f"{v.name}, ", v.fired, _wanted(trace, v.name))
    return lines


def _grouped(trace: Trace, head: str, words: Sequence[str], indices: Iterable[int]) -> Iterable[str]:
    """One line for each different text, with the positions it holds at."""
    groups: dict[str, list[int]] = {}
    for i in indices:
        groups.setdefault(words[i], []).append(i)
    return [f"{head}{words}   {_at(trace, members)}" for words, members in groups.items()]


def _decided(trace: Trace) -> Iterable[str]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for reason in trace.reasons:
        position = 0 if reason.row is None else reason.row + trace.first
        groups.setdefault(tuple(_told(reason)), []).append(position)
    for (head, *rest), positions in groups.items():
        where = f"   at {runs(positions)}" if positions[0] else ""
        yield head + where
        yield from (f"    {line}" for line in rest)


def _told(reason: Reason) -> Iterable[str]:
    if not reason.scores:
        yield reason.text
        return
    (label, score), *others = reason.scores
    next_best = ", ".join(f"{literal(other)} {points}" for other, points in others[:2])
    tie = ", and the first label wins a tie" if others and others[0][1] == score else ""
    yield f"{literal(label)} has most evidence: {score}" + (f" (then {next_best}{tie})" if others else "")
    for piece in reason.evidence[:PIECES]:
        says = [
            f"{weight:+} for {literal(name)}"
            for (name, _), weight in zip(reason.scores[:2], piece.weights, strict=False)
        ]
        yield f"{_said(piece)}: {', '.join(says)}"
    if len(reason.evidence) > PIECES:
        yield f"and {len(reason.evidence) - PIECES} smaller pieces of evidence"


def _said(piece: Piece) -> str:
    what = "always" if piece.variable is None else f"{piece.variable} = {literal(piece.value)}"
    return f"{what} ({piece.times} times)" if piece.times > 1 else what


# ---------------------------------------------------------------- JSON


def to_json(trace: Trace) -> dict[str, Any]:
    """The trace as one JSON object. A cell that is not asked about is null."""
    places = [trace.places.index(p) for p in trace.shown()]
    return {
        "input": list(trace.sequence),
        "output": trace.output,
        "positions": [trace.places[i].position for i in places],
        "symbols": [trace.places[i].token for i in places],
        "markers": dict(trace.markers),
        "variables": [_variable_json(trace, v, places) for v in trace.variables],
        "selections": [_picks_json(trace, p, places) for p in trace.picks],
        "decision": [_reason_json(trace, r) for r in trace.reasons],
    }


def _variable_json(trace: Trace, v: Variable, places: list[int]) -> dict[str, Any]:
    data: dict[str, Any] = {"name": v.name, "expression": v.expression}
    if len(v.values) != len(trace.places):
        return {**data, "values": list(v.values)}
    data["values"] = _cells(trace, v.name, v.values, places)
    if v.before is not None:
        data["before"] = _cells(trace, v.name, v.before, places)
    if v.fired is not None:
        data["fired"] = _cells(trace, v.name, v.fired, places)
    return data


def _picks_json(trace: Trace, p: Picks, places: list[int]) -> dict[str, Any]:
    data = {"name": p.name, "kind": p.kind, "used_by": list(p.used_by), "expression": p.expression}
    data["picked"] = _cells(trace, p.name, [list(found) for found in p.picked], places)
    data["unmatched"] = _cells(trace, p.name, p.unmatched, places)
    return data if p.rows is None else {**data, "rows": _cells(trace, p.name, p.rows, places)}


def _cells(trace: Trace, name: str, values: Sequence, places: list[int]) -> list:
    return [values[i] if trace.wants(name, trace.places[i].position) else None for i in places]


def _reason_json(trace: Trace, reason: Reason) -> dict[str, Any]:
    data: dict[str, Any] = {"position": None if reason.row is None else reason.row + trace.first}
    data |= {"label": reason.label, "because": reason.text}
    if reason.scores:
        labels = [label for label, _ in reason.scores]
        data["scores"] = [{"label": label, "score": score} for label, score in reason.scores]
        data["evidence"] = [
            {"variable": p.variable, "value": p.value, "times": p.times,
             "weights": [{"label": label, "weight": w} for label, w in zip(labels, p.weights, strict=True)]}
            for p in reason.evidence
        ]  # fmt: skip
    return data
