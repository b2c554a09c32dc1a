"""Statements for the `Readout` of a program for texts: the evidence of every word, and the label with most of it."""

from __future__ import annotations

from pellucid.program.ir import Evidence, Readout
from pellucid.program.layout import comprehension, lines
from pellucid.program.literals import LINE, settled
from pellucid.program.text.lists import evidence_rows
from pellucid.program.writer import Writer

MANY = 16  # variables beyond which a loop has no letters of their own for them


def write_evidence(writer: Writer, name: str, node: Readout, last: bool) -> None:
    """The winner at each word, or of all words; `last`: it is what `run` returns."""
    writer.constants.append("# Evidence of each value for these labels, in this order.")
    labels = writer.row("OUTPUT_LABELS", node.labels)
    parts = [*node.evidence, *node.scaled]
    bias = writer.row("OUTPUT_BIAS", node.bias) if any(node.bias) or not parts else None
    rows = [(writer.list(_variable(part)), *_row(writer, part)) for part in parts]
    target = "return " if last else f"{name} = "
    write = _pooled if node.pooled else _each
    write(writer, labels, bias, rows, target)
    writer.call("winner")


Row = tuple[str, str, str]  # of evidence: the variable, the text before its value at one word, the text after it


def _variable(part: Evidence | tuple[str, tuple[int, ...]]) -> str:
    return part.variable if isinstance(part, Evidence) else part[0]


def _row(writer: Writer, part: Evidence | tuple[str, tuple[int, ...]]) -> tuple[str, str]:
    """Text of the evidence of one variable, before and after what its value is called."""
    if isinstance(part, Evidence):
        name = writer.free(f"{part.variable.upper()}_EVIDENCE")
        writer.constants.append(evidence_rows(name, part.rows))
        return f"{name}.get(", f", {_otherwise(writer, part.default)})"
    return "[", f" * w for w in {writer.row(f'{part[0].upper()}_EVIDENCE', part[1])}]"


def _otherwise(writer: Writer, default: tuple[int, ...]) -> str:
    """Evidence of the values not listed."""
    if default not in writer.otherwise:
        writer.otherwise[default] = writer.row("OTHER_EVIDENCE" if any(default) else "NO_EVIDENCE", default)
    return writer.otherwise[default]


def _pooled(writer: Writer, labels: str, bias: str | None, rows: list[Row], target: str) -> None:
    writer.body.append("    # Every word adds its evidence; the label with the largest sum wins.")
    if bias is not None and not rows:
        writer.statement(f"votes = [{bias}] * {writer.size}")
    elif bias is None and len(rows) == 1:
        ((variable, before, after),) = rows
        writer.assign("votes", comprehension(f"{before}v{after}", f"for v in {variable}"))
    else:
        inner = [] if bias is None else [f"        *[{bias}] * {writer.size},"]
        for variable, before, after in rows:
            inner += lines(comprehension(f"{before}v{after}", f"for v in {variable}", opening="*["), 8, "", ",")
        writer.body.append(settled("\n".join(["    votes = [", *inner, "    ]"])))
    writer.statement(f"{target}winner({labels}, votes)")


def _each(writer: Writer, labels: str, bias: str | None, rows: list[Row], target: str) -> None:
    writer.body.append("    # The label with the largest sum of evidence wins.")
    letters = [f"v{i}" if len(rows) <= MANY else f"v[{i}]" for i in range(len(rows))]
    told = [] if bias is None else [bias]
    told += [f"{before}{letter}{after}" for letter, (_, before, after) in zip(letters, rows, strict=True)]
    inner = "".join(f"                {row},\n" for row in told)
    votes = f"        winner(\n            {labels},\n            [\n{inner}            ],\n        )\n"
    variables = [variable for variable, _, _ in rows] or [writer.program.tokens]
    writer.statement(f"{target}[\n{votes}{_loop(letters or ['_'], variables)}\n    ]")


def _loop(letters: list[str], variables: list[str]) -> str:
    """`for v0, v1 in zip(a, b)`, its arguments on lines of their own where it is long."""
    if len(variables) == 1:
        return f"        for {letters[0]} in {variables[0]}"
    target = "v" if len(variables) > MANY else ", ".join(letters)
    whole = f"        for {target} in zip({', '.join(variables)})"
    if len(whole) <= LINE:
        return whole
    return f"        for {target} in zip(\n" + "".join(f"            {name},\n" for name in variables) + "        )"
