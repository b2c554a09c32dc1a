"""Tables with one step a row; the rows of a sequence stand together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pellucid.data.cells import number
from pellucid.data.examples import Examples, Side
from pellucid.data.readers.base import File
from pellucid.errors import PellucidError
from pellucid.values import listing, show

SEQUENCE_NAMES = ("sequence", "series", "id")
OUTPUT_NAMES = ("output", "y", *(f"y{i}" for i in range(1, 10)))
Line = tuple[int, list[str]]  # its number, its fields


@dataclass(frozen=True)
class Table:
    """A table: its file, the line of the header, names of columns, rows that are not blank."""

    file: File
    line: int
    names: list[str]
    rows: list[Line]

    @property
    def where(self) -> str:
        """The beginning of a message about the header."""
        return self.file.at(self.line)

    def has(self, *names: str) -> bool:
        """Whether each of these columns is there once."""
        return all(self.names.count(name) == 1 for name in names)

    def lower(self) -> list[str]:
        """Names of the columns in small letters."""
        return [name.lower() for name in self.names]


def sequence_column(table: Table) -> int | None:
    """Index of the column that tells sequences apart, None where there is none."""
    lower = table.lower()
    return next((lower.index(name) for name in SEQUENCE_NAMES if name in lower), None)


def steps(table: Table, outputs: Sequence[str] | None) -> Examples:
    """The examples in a table with one step a row.

    Args:
        table: the table.
        outputs: names of the output columns; where not given, those named output, y, or y1 to y9, else the last one.

    Raises:
        PellucidError: naming file and line.
    """
    sequence = _check_header(table)
    ends = _output_columns(table, sequence, outputs)
    starts = [i for i in range(len(table.names)) if i != sequence and i not in ends]
    if not starts:
        raise PellucidError(f"{table.where}no input column is left; the columns are {listing(table.names)}")
    groups = list(_groups(table, sequence))

    def side(what: str, columns: list[int]) -> Side:
        def cell(i: int, j: int, k: int) -> str:
            return f"{table.file.at(groups[i][j][0])}column {table.names[columns[k]]}: "

        rows = [[[fields[c].strip() for c in columns] for _, fields in group] for group in groups]
        values = rows if len(columns) > 1 else [[step[0] for step in row] for row in rows]
        return Side(what, tuple(table.names[c] for c in columns), values, cell, "numbers")

    return Examples(side("input", starts), side("output", ends), "every")


def _check_header(table: Table) -> int:
    """Index of the sequence column."""
    names = table.names
    if all(number(name) is not None for name in names):
        raise PellucidError(f"{table.where}the header is {listing(names)}; expected names of columns")
    for name in names:
        if not name or names.count(name) > 1:
            problem = f"{names.count(name)} columns are named {show(name)}" if name else "a column has no name"
            raise PellucidError(f"{table.where}{problem}; expected different names")
    sequence = sequence_column(table)
    if sequence is None:
        other, name, suffix = ("\t", "tab", ".tsv") if table.file.suffix == ".csv" else (",", "comma", ".csv")
        hint = f" (is it {name}-separated? then name it {suffix})" if other in names[0] else ""
        raise PellucidError(
            f"{table.where}the columns are {listing(names)}; expected input and output (a sequence a row), text and "
            f"label, or one named sequence that says to which a row belongs (a step a row){hint}"
        )
    return sequence


def _output_columns(table: Table, sequence: int, outputs: Sequence[str] | None) -> list[int]:
    data = [name for i, name in enumerate(table.names) if i != sequence]
    if outputs is None:
        chosen = [name for name in data if name.lower() in OUTPUT_NAMES] or data[-1:]
    else:
        chosen = [name.strip() for name in outputs]
    for name in chosen:
        if name not in data:
            raise PellucidError(f"{table.where}no output column {show(name)}; the columns are {listing(data)}")
    if len(set(chosen)) != len(chosen):
        raise PellucidError(f"{table.where}the outputs are {listing(chosen)}; expected different columns")
    return [table.names.index(name) for name in chosen]


def _groups(table: Table, sequence: int) -> Iterator[list[Line]]:
    """The rows of each sequence."""
    begun: dict[str, int] = {}
    group: list[Line] = []
    for line, fields in table.rows:
        key = fields[sequence].strip()
        if not key:
            raise PellucidError(f"{table.file.at(line)}no sequence given; expected the name or number of one")
        if group and group[0][1][sequence].strip() != key:
            yield group
            group = []
        if not group and key in begun:
            raise PellucidError(
                f"{table.file.at(line)}sequence {show(key)} began on line {begun[key]} and was left since; "
                f"the rows of a sequence must stand together"
            )
        begun.setdefault(key, line)
        group.append((line, fields))
    yield group
