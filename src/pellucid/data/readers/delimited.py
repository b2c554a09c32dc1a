"""Tables: CSV and TSV with a header, and `LABEL<TAB>text` a line without one (further tabs belong to the text).

Tables with a header come in four shapes; columns with other names are ignored in the first two.

| columns | a row is |
|---|---|
| `input` and `output` | a sequence: values separated by spaces, as many outputs as inputs, or one |
| `text` and `label` | a text |
| `sequence` (or `series`, `id`, or what `--group` names) and any others | a step |
| others, numbers or few texts, none of them in rising order | an example of its own |

The rows of a sequence stand together. Fields may be quoted, as in the csv module.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, takewhile

from pellucid.data.examples import Examples, Side, cells, examples_of
from pellucid.data.kinds import number
from pellucid.data.readers.base import File, Format, Options
from pellucid.errors import PellucidError
from pellucid.language.nodes import When
from pellucid.values import counted, listing, show

SEQUENCE_NAMES = ("sequence", "series", "id")
OUTPUT_NAMES = ("output", "y", *(f"y{i}" for i in range(1, 10)))
DELIMITERS = {".csv": ",", ".tsv": "\t"}
ROWS = "rows"  # in place of a column of sequences: every row is an example of its own
LEAST_ROWS = 10  # from which rising values say an order
MOST_TEXTS = 0.5  # share of the rows that may have a text of their own, where a column is a category
SUSPICIOUS = 20  # lines from which as many labels as lines mean that the columns are the other way round
Line = tuple[int, list[str]]  # its number, its fields


@dataclass(frozen=True)
class Table:
    """A table: its file, the line of the header, names of columns, rows that are not blank, all as wide."""

    file: File
    line: int
    names: list[str]
    rows: list[Line]

    @classmethod
    def of(cls, file: File) -> Table:
        """The table in a file; `PellucidError` names file and line."""
        lines = list(_lines(file))
        if len(lines) < 2:
            raise PellucidError(f"{file.path}: a header but no examples")
        line, header = lines[0]
        return cls(file, line, [name.strip() for name in header], lines[1:])

    @cached_property
    def lower(self) -> list[str]:
        """Names of the columns in small letters."""
        return [name.lower() for name in self.names]

    @property
    def sequence(self) -> int | None:
        """Index of the column that tells sequences apart, None where there is none."""
        return next((self.lower.index(name) for name in SEQUENCE_NAMES if name in self.lower), None)

    def column(self, index: int) -> list[str]:
        """The fields of a column."""
        return [fields[index].strip() for _, fields in self.rows]

    def refuse(self, problem: str) -> PellucidError:
        """An error about the header."""
        return PellucidError(f"{self.file.at(self.line)}{problem}")


def _lines(file: File) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(file.text, newline=""), delimiter=DELIMITERS[file.suffix], strict=True)
    size, line = 0, 1
    try:
        for fields in reader:
            here, line = line, reader.line_num + 1
            if len(fields) < 2 and not any(field.strip() for field in fields):
                continue
            size = size or len(fields)
            if len(fields) != size:
                raise PellucidError(f"{file.at(here)}{counted(fields, 'field')}; the header has {size}")
            yield here, fields
    except csv.Error as error:
        raise PellucidError(f"{file.at(line)}not a well-formed table: {error}") from None


def parse(file: File, options: Options) -> Examples:
    """The examples in a table with a header."""
    table = Table.of(file)
    plain = options.outputs is None and options.group is None
    if plain and is_labelled(table.names):
        text, label = table.lower.index("text"), table.lower.index("label")
        return _texts(file, [(line, fields[text], fields[label].strip()) for line, fields in table.rows], options)
    if plain and _holds_sequences(table):
        return _sequences(table, options)
    return _steps(table, options)


# ---------------------------------------------------------------- one step a row


def _steps(table: Table, options: Options) -> Examples:
    """The output columns are by default the last ones if named output, y, or y1 to y9, else the last one."""
    _check_header(table)
    sequence = _grouping(table, options.group)
    ends = _output_columns(table, sequence, options.outputs)
    starts = [i for i in range(len(table.names)) if i != sequence and i not in ends]
    if not starts:
        raise table.refuse(f"no input column is left; {_forms(table)}")
    if sequence is None and options.group is None and options.when is None:
        _check_rows(table, starts, ends)
    groups = _groups(table, sequence)

    def side(what: str, columns: list[int]) -> Side:
        def cell(i: int, j: int, k: int) -> str:
            return f"{table.file.at(groups[i][j][0])}column {table.names[columns[k]]}: "

        rows = [[[fields[c].strip() for c in columns] for _, fields in group] for group in groups]
        values = rows if len(columns) > 1 else [[step[0] for step in row] for row in rows]
        return Side(what, tuple(table.names[c] for c in columns), values, cell, "numbers")

    note = "every row is an example of its own, as no column is named sequence (--group COLUMN where one says which)"
    told = (note,) if sequence is None and options.group is None else ()
    return Examples(side("input", starts), side("output", ends), "every", notes=told)


def _check_header(table: Table) -> None:
    names = table.names
    if all(number(name) is not None for name in names):
        raise table.refuse(f"the header is {listing(names)}; expected names of columns")
    for name in names:
        if not name or names.count(name) > 1:
            problem = f"{names.count(name)} columns are named {show(name)}" if name else "a column has no name"
            raise table.refuse(f"{problem}; expected different names")


def _grouping(table: Table, group: str | None) -> int | None:
    """Index of the column that says to which sequence a row belongs; None: each row is one of its own."""
    if group is None:
        return table.sequence
    if group in table.names:
        return table.names.index(group)
    if group == ROWS:
        return None
    raise table.refuse(f"no column {show(group)} for --group; expected {ROWS}, or one of {listing(table.names)}")


def _check_rows(table: Table, starts: Sequence[int], ends: Sequence[int]) -> None:
    """Refuse a table without sequences whose rows may be something else than an example each."""
    names = table.names
    if any(number(name) is not None for name in names):
        raise table.refuse(_forms(table))
    for i in (*starts, *ends):
        cells = table.column(i)
        values = [number(cell) for cell in cells]
        if None in values and (len(set(cells)) > MOST_TEXTS * len(cells) or "" in cells or i in starts == [i]):
            raise table.refuse(f"{_forms(table)}; {names[i]} holds texts, for instance {show(cells[0])}")
        known = [value for value in values if value is not None]
        if i in starts and len(known) == len(cells) >= LEAST_ROWS and known == sorted(known):
            raise table.refuse(
                f"{names[i]} rises from row to row: is it an order, or the name of a sequence? expected --group COLUMN "
                f"that says to which sequence a row belongs, or --group {ROWS} where every row is an example of its own"
            )


def _forms(table: Table) -> str:
    """What the columns are, and what they may be."""
    other, name, suffix = ("\t", "tab", ".tsv") if table.file.suffix == ".csv" else (",", "comma", ".csv")
    hint = f" (is it {name}-separated? then name it {suffix})" if other in table.names[0] else ""
    return (
        f"the columns are {listing(table.names)}; expected input and output (a sequence a row), text and label, "
        f"one named sequence (a step a row), or numbers (an example a row){hint}"
    )


def _output_columns(table: Table, sequence: int | None, outputs: Sequence[str] | None) -> list[int]:
    data = [name for i, name in enumerate(table.names) if i != sequence]
    if outputs is None:
        ends = list(takewhile(lambda name: name.lower() in OUTPUT_NAMES, reversed(data)))
        chosen = ends[::-1] or data[-1:]
    else:
        chosen = [name.strip() for name in outputs]
    for name in chosen:
        if name not in data:
            raise table.refuse(f"no output column {show(name)}; the columns are {listing(data)}")
    if len(set(chosen)) != len(chosen):
        raise table.refuse(f"the outputs are {listing(chosen)}; expected different columns")
    return [table.names.index(name) for name in chosen]


def _groups(table: Table, sequence: int | None) -> list[list[Line]]:
    """The rows of each sequence."""
    if sequence is None:
        return [[row] for row in table.rows]
    begun: dict[str, list[Line]] = {}
    for key, rows in groupby(table.rows, lambda row: row[1][sequence].strip()):
        group = list(rows)
        where = table.file.at(group[0][0])
        if not key:
            raise PellucidError(f"{where}no sequence given; expected the name or number of one")
        if key in begun:
            left = f"sequence {show(key)} began on line {begun[key][0][0]} and was left since"
            raise PellucidError(f"{where}{left}; the rows of a sequence must stand together")
        begun[key] = group
    return list(begun.values())


# ---------------------------------------------------------------- one sequence a row


def _holds_sequences(table: Table) -> bool:
    """Whether a row holds a whole sequence, in the columns `input` and `output`, and not one step of one."""
    if not table.names.count("input") == table.names.count("output") == 1:
        return False
    place, sequence = table.names.index("input"), table.sequence
    if sequence is None or any(len(fields[place].split()) > 1 for _, fields in table.rows):
        return True
    return len({fields[sequence] for _, fields in table.rows}) == len(table.rows)


def _sequences(table: Table, options: Options) -> Examples:
    lines, sides = [table.file.at(line) for line, _ in table.rows], []
    for name in ("input", "output"):
        column = table.names.index(name)
        sides.append([fields[column].split() for _, fields in table.rows])
        for line, values in zip(lines, sides[-1], strict=True):
            if not values:
                raise PellucidError(f"{line}{name} is empty; expected values separated by spaces")
    when = _when(table, sides[0], sides[1], options.when)
    x = Side("input", ("x",), sides[0], cells(lines.__getitem__, "input", True), "symbols")
    y = Side("output", ("y",), sides[1], cells(lines.__getitem__, "output", when == "every"), "symbols")
    return Examples(x, y, when)


def _when(table: Table, inputs: list[list[str]], outputs: list[list[str]], when: When | None) -> When:
    """What all rows agree on; rows with one value in and one out fit both, and alone are steps."""
    reason = ""
    for (line, _), x, y in zip(table.rows, inputs, outputs, strict=True):
        fits: dict[When, bool] = {"every": len(y) == len(x), "sequence": len(y) == 1}
        if when is None and sum(fits.values()) == 1:
            when, reason = max(fits, key=fits.__getitem__), f", as on line {line}"
        if not (fits[when] if when else any(fits.values())):
            need: dict[When | None, str] = {"every": "one output per input value", "sequence": "one output"}
            expected = need.get(when, "as many outputs as inputs, or one")
            have = f"input has {counted(x, 'value')}, output {len(y)}"
            raise PellucidError(f"{table.file.at(line)}{have}; expected {expected}{reason}")
    return when or "every"


# ---------------------------------------------------------------- texts with a label


def is_labelled(names: Sequence[str]) -> bool:
    """Whether the columns are those of texts, and not of sequences."""
    lower = [name.lower() for name in names]
    return lower.count("text") == lower.count("label") == 1 and not {"input", "output"} <= set(lower)


def holds_labels_first(file: File) -> bool:
    """Whether a file is one of texts, without a header: any `.txt`, and a `.tsv` of two columns."""
    if file.suffix != ".tsv":
        return file.suffix == ".txt"
    names = [name.strip().strip('"').strip() for name in file.lines[0][1].split("\t")]
    return len(names) == 2 and not is_labelled(names) and not {"input", "output"} <= set(names)


def parse_labels_first(file: File, options: Options) -> Examples:
    """The texts in a file without a header."""
    rows = []
    for n, line in file.lines:
        label, tab, text = line.rstrip("\r").partition("\t")
        if not tab:
            raise PellucidError(f"{file.at(n)}no tab in {show(line.rstrip())}; expected LABEL<TAB>text")
        rows.append((n, text, label.strip()))
    labels, texts = {label for _, _, label in rows}, {text for _, text, _ in rows}
    if len(labels) == len(rows) >= SUSPICIOUS and len(texts) < len(rows):
        raise PellucidError(f"{file.path}: every line has a label of its own; expected LABEL<TAB>text, the label first")
    return _texts(file, rows, options)


def _texts(file: File, rows: Sequence[tuple[int, str, str]], options: Options) -> Examples:
    """From lines with a text and its label, of which it is open whether it is meant as a number."""
    for line, text, label in rows:
        if not text.strip() or not label.strip():
            raise PellucidError(f"{file.at(line)}the {'label' if text.strip() else 'text'} is empty")
    found = examples_of(
        [text for _, text, _ in rows],
        [label for _, _, label in rows],
        names=(("text",), ("label",)),
        words=options.words,
        where=lambda i: file.at(rows[i][0]),
    )
    return found.with_written_outputs()


DELIMITED = Format("table", tuple(DELIMITERS), lambda file: file.suffix in DELIMITERS, parse)
LABELLED = Format("LABEL<TAB>text", (".tsv", ".txt"), holds_labels_first, parse_labels_first)
