"""A trace of a program for texts, for a reader: the decision first, then a line for every word, then what fired."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pellucid.program.inspect.reasons import Piece
from pellucid.program.inspect.words import plain, runs
from pellucid.program.literals import literal
from pellucid.program.predicates import Value
from pellucid.program.text.trace import Fired, TextTrace, Word

WIDTH = 100
MARKED = 3  # words whose rank is shown
LABELS = 8  # whose totals are shown
LONGEST = 28  # letters of a cell
PIECES = 3  # of evidence shown beside a word
KINDS = 2  # columns of kinds
MANY = 4  # words with one label beyond which each is explained in short
CASES = 8  # of a table that are shown


def text(trace: TextTrace, width: int = WIDTH, bold: Callable[[str], str] = str) -> str:
    """The trace for a reader, in lines of about `width` columns."""
    given = trace.text if isinstance(trace.text, str) else " ".join(map(str, trace.text))
    told = trace.output if isinstance(trace.output, list) else [trace.output]
    parts = [[*_head("text", plain_text(given), width), *_head("output", " ".join(map(plain, told)), width)]]
    if trace.scores:
        parts.append([bold("Evidence for each label"), *_totals(trace)])
    if trace.words:
        parts.append([bold("What each word says"), *_table(trace, width)])
    if fired := [*_fired(trace)]:
        parts.append([bold("Phrases and rules that fired"), *_wrapped(fired, width)])
    return "\n\n".join("\n".join(part) for part in parts)


def plain_text(given: str) -> str:
    """The text in one line, odd characters escaped."""
    return "".join(c if c.isprintable() else literal(c)[1:-1] for c in given)


def _head(name: str, value: str, width: int) -> list[str]:
    return textwrap.wrap(value, width, initial_indent=f"{name:<8}", subsequent_indent=" " * 8) or [name]


def _fired(trace: TextTrace) -> Iterable[str]:
    """A line for every table, with the cases that moved most; one for every rule."""
    tables: dict[str, list[Fired]] = {}
    for f in trace.fired:
        if f.outcome is None:
            yield f"{f.variable}, {f.case}   at {runs(f.positions)}"
        elif f.lead != 0:
            tables.setdefault(f.variable, []).append(f)
    for name, cases in tables.items():
        cases.sort(key=lambda f: -abs(f.lead or 0))
        told = [_case(f) for f in cases[:CASES]]
        more = [f"and {len(cases) - CASES} more"] if len(cases) > CASES else []
        yield f"{name}: {'; '.join([*told, *more])}"


def _case(f: Fired) -> str:
    """`how far: count +15 at 2`, the outcome left out where it is called like the case."""
    case = " ".join(map(plain, f.values))
    outcome = "" if f.outcome == " ".join(map(str, f.values)) else f" is {_cell(f.outcome or 0)}"
    return f"{case}{outcome}{f' {f.lead:+}' if f.lead else ''} (at {runs(f.positions)})"


def _wrapped(lines: Iterable[str], width: int) -> Iterable[str]:
    for line in lines:
        yield from textwrap.wrap(line, width, initial_indent="  ", subsequent_indent="      ")


def _totals(trace: TextTrace) -> Iterable[str]:
    shown = trace.scores[:LABELS]
    size = max(len(plain(label)) for label, _ in shown)
    for label, score in shown:
        yield f"  {plain(label):<{size}}  {score:>6,}"
    if len(trace.scores) > LABELS:
        yield f"  and {len(trace.scores) - LABELS} more labels"
    if len(shown) > 1 and shown[0][1] == shown[1][1]:
        yield "  The first label wins a tie."
    if any(trace.bias):
        always = ", ".join(f"{literal(label)} {b:+}" for (label, _), b in zip(shown, trace.bias, strict=False) if b)
        yield f"  Every word adds, whatever it is: {always}."


def _table(trace: TextTrace, width: int) -> Iterable[str]:
    classified = bool(trace.scores)
    kinds = [name for name, _ in trace.words[0].kinds[:KINDS]]
    heads = ["", "", "word", *kinds]
    if classified:
        heads += ["says", " over ".join(_cell(label) for label, _ in trace.scores[:2]), "because of"]
    else:
        heads += ["label", "because of"]
    ranks = _marks(trace.words) if classified and len(trace.words) > 1 else {}
    rows = [heads]
    for i, word in enumerate(trace.words):
        row = [ranks.get(i, ""), str(word.position), _named(word), *(_cell(value) for _, value in word.kinds[:KINDS])]
        if classified:
            row += [_says([label for label, _ in trace.scores], word.weights), f"{word.lead:+}" if word.lead else ""]
        else:
            row.append(_cell(word.label) if word.label is not None else "")
        rows.append([*row, _because(word, trace, i)])
    yield from _aligned(rows, width)
    if ranks:
        yield "  *1, *2, ...: the words that moved the decision most."


def _marks(words: Sequence[Word]) -> dict[int, str]:
    """Numbers of the words that moved the decision between the two best labels most."""
    moved = sorted((i for i, w in enumerate(words) if w.lead), key=lambda i: -abs(words[i].lead))
    return {i: f"*{rank}" for rank, i in enumerate(moved[:MARKED], 1)}


def _named(word: Word) -> str:
    """The word, and its class where it is unknown or read otherwise."""
    known = word.read in (word.word, word.word.lower())
    return _cell(word.word) if known else f"{_cell(word.word)} {word.read}"


def _cell(value: Value) -> str:
    told = plain(value)
    return told if len(told) <= LONGEST else told[: LONGEST - 3] + "..."


def _says(labels: Sequence[Value], weights: Sequence[int]) -> str:
    """The label a word speaks for most, and by how much more than for the others."""
    best = max(weights)
    first = [label for label, weight in zip(labels, weights, strict=True) if weight == best]
    if len(first) == len(labels):
        return ""
    lead = best - max(weight for weight in weights if weight < best)
    if len(first) == len(labels) - 1 > 1:
        (other,) = (label for label in labels if label not in first)
        return f"not {_cell(other)} {lead:+}"
    return f"{'/'.join(map(_cell, first[:2]))}{'/...' if len(first) > 2 else ''} {lead:+}"


def _because(word: Word, trace: TextTrace, index: int) -> str:
    pieces = [piece for piece in word.evidence if trace.scores or piece.lead]
    most = 1 if trace.orders and word.label == _commonest(trace) else PIECES
    told = [_piece(piece, dict(word.kinds[:KINDS])) for piece in pieces[:most]]
    if len(pieces) > most > 1:
        told.append(f"{len(pieces) - most} more")
    because = ", ".join(told)
    if not trace.orders or len(trace.orders[index]) < 2:
        return because
    standing = ", ".join(f"{_cell(label)} {score}" for label, score in trace.orders[index][:2])
    return f"{standing}: {because}" if because else standing


def _commonest(trace: TextTrace) -> Value | None:
    """The label that most words of a text have, as far as there are many: it needs the shortest explanation."""
    labels = Counter(word.label for word in trace.words)
    label, count = labels.most_common(1)[0]
    return label if count > MANY else None


def _piece(piece: Piece, kinds: dict[str, Value]) -> str:
    """What one value said; the kinds of the word stand in columns of their own."""
    assert piece.variable is not None
    assert piece.value is not None
    name = piece.variable if piece.variable in kinds else f"{piece.variable} {_cell(piece.value)}"
    return f"{name} {piece.lead:+}" if piece.lead else name


def _aligned(rows: list[list[str]], width: int) -> Iterable[str]:
    from rich.cells import cell_len

    sizes = [max(cell_len(row[c]) for row in rows) for c in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell + " " * (size - cell_len(cell)) for cell, size in zip(row[:-1], sizes, strict=True)]
        start = "  " + "  ".join(cell for cell, size in zip(cells, sizes, strict=True) if size) + "  "
        rest = textwrap.wrap(row[-1], max(30, width - cell_len(start))) or [""]
        yield (start + rest[0]).rstrip()
        yield from (" " * cell_len(start) + line for line in rest[1:])


# ---------------------------------------------------------------- JSON


def to_json(trace: TextTrace) -> dict[str, Any]:
    """The trace as one JSON object."""
    data: dict[str, Any] = {
        "input": trace.text if isinstance(trace.text, str) else list(trace.text),
        "output": trace.output,
    }
    labels = [label for label, _ in trace.scores]
    if trace.scores:
        data["scores"] = [{"label": label, "score": score} for label, score in trace.scores]
        data["every_word_adds"] = _weights(labels, trace.bias)
    data["words"] = [_word_json(trace, word, i, labels) for i, word in enumerate(trace.words)]
    data["fired"] = [{"variable": f.variable, "case": f.case, "positions": list(f.positions)} for f in trace.fired]
    return data


def _word_json(trace: TextTrace, word: Word, index: int, labels: list[Value]) -> dict[str, Any]:
    data: dict[str, Any] = {"position": word.position, "word": word.word, "read": word.read, "kinds": dict(word.kinds)}
    if trace.orders:
        labels = [label for label, _ in trace.orders[index]]
        data["scores"] = [{"label": label, "score": score} for label, score in trace.orders[index]]
    if word.label is not None:
        data["label"] = word.label
    if labels:
        data["says"] = _weights(labels, word.weights)
        data["evidence"] = [
            {"variable": p.variable, "value": p.value, "weights": _weights(labels, p.weights)} for p in word.evidence
        ]
    return data


def _weights(labels: Sequence[Value], weights: Sequence[int]) -> list[dict[str, Any]]:
    return [{"label": label, "weight": weight} for label, weight in zip(labels, weights, strict=False)]
