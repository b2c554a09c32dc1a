"""Statements for `Readout`: weighted evidence, and the label with the largest sum."""

from __future__ import annotations

from pellucid.program.ir import Evidence, Readout
from pellucid.program.literals import LINE
from pellucid.program.writer import Writer


def write_readout(writer: Writer, name: str, node: Readout) -> None:
    """The winner of a vote at each position, or of one over the whole sequence."""
    upper = name.upper()
    writer.constants.append("# Evidence of each value for these labels, in this order.")
    labels, names, rows = writer.row(f"{upper}_LABELS", node.labels), [], []
    if any(node.bias) or not (node.evidence or node.scaled):
        rows.append(writer.row(f"{upper}_BIAS", node.bias))
    reads = [*node.evidence, *node.scaled]
    letters = _letters(len(reads))
    for letter, part in zip(letters, reads, strict=True):
        if isinstance(part, Evidence):
            names.append(writer.list(part.variable))
            constant = writer.constant(f"{upper}_BY_{part.variable.upper()}", part.rows)
            rows.append(f"{constant}.get({letter}, {_otherwise(writer, upper, part.default)})")
        else:
            names.append(writer.list(part[0]))
            constant = writer.row(f"{upper}_PER_{part[0].upper()}", part[1])
            rows.append(f"[{letter} * w for w in {constant}]")
    loop = _loop(names or [writer.program.tokens])
    writer.call("winner")
    if node.pooled:
        _pooled(writer, name, labels, rows, loop)
        return
    inner = "".join(f"                {row},\n" for row in rows)
    writer.body.append("    # The label with the largest sum of evidence wins.")
    call = f"        winner(\n            {labels},\n            [\n{inner}            ],\n        )\n"
    writer.statement(f"{name} = [\n{call}{loop}\n    ]")


def _pooled(writer: Writer, name: str, labels: str, rows: list[str], loop: str) -> None:
    inner = "".join(f"            {row},\n" for row in rows)
    writer.body.append("    # Every token adds its evidence; the label with the largest sum wins.")
    if len(rows) == 1:
        writer.line("votes", rows[0], loop.strip())
    else:
        writer.statement(f"votes = [\n        row\n{loop}\n        for row in (\n{inner}        )\n    ]")
    users = f"votes[{len(rows)} : {len(rows)} * (len(sequence) + 1)]" if writer.program.markers else "votes"
    writer.statement(f"{name} = winner({labels}, {users})")


def _otherwise(writer: Writer, upper: str, default: tuple[int, ...]) -> str:
    """Evidence of the values not listed."""
    if default not in writer.otherwise:
        writer.otherwise[default] = writer.row(f"{upper}_OTHERWISE" if any(default) else "NO_EVIDENCE", default)
    return writer.otherwise[default]


def _letters(count: int) -> list[str]:
    """Loop variables, one per variable read; parts of one where the loop would not fit on a line."""
    return [f"v{i}" if count <= 16 else f"v[{i}]" for i in range(count)]


def _loop(names: list[str]) -> str:
    """`for v0, v1 in zip(a, b)`, its arguments on lines of their own where it is long."""
    letters = "v" if len(names) > 16 else ", ".join(_letters(len(names)))
    if len(names) == 1:
        return f"        for {letters} in {names[0]}"
    flat = f"        for {letters} in zip({', '.join(names)})"
    if len(flat) <= LINE:
        return flat
    return f"        for {letters} in zip(\n" + "".join(f"            {name},\n" for name in names) + "        )"
