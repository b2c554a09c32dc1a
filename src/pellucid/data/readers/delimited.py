"""CSV and TSV with a header, in three shapes; columns with other names are ignored in the first two.

| columns | a row is |
|---|---|
| `input` and `output` | a sequence: values separated by spaces, as many outputs as inputs, or one |
| `text` and `label` | a text |
| `sequence` (or `series`, `id`) and any others | a step; the rows of a sequence stand together |

Fields may be quoted, as in the csv module.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from pellucid.data.examples import Examples, Side, cells, examples_of
from pellucid.data.readers.base import File, Format, Options
from pellucid.data.readers.steps import Line, Table, sequence_column, steps
from pellucid.errors import PellucidError
from pellucid.language.columns import When
from pellucid.values import counted

DELIMITERS = {".csv": ",", ".tsv": "\t"}


def parse(file: File, options: Options) -> Examples:
    """The examples in a table.

    Raises:
        PellucidError: naming file and line.
    """
    table = read_table(file, DELIMITERS[file.suffix])
    if options.outputs is None and is_labelled(table.names):
        return _texts(table, options)
    if options.outputs is None and _holds_sequences(table):
        return _sequences(table, options)
    return steps(table, options.outputs)


def read_table(file: File, delimiter: str) -> Table:
    """Header and rows, all as wide as the header.

    Raises:
        PellucidError: naming file and line; no row at all.
    """
    lines = list(_lines(file, delimiter))
    if len(lines) < 2:
        raise PellucidError(f"{file.path}: a header but no examples")
    line, header = lines[0]
    return Table(file, line, [name.strip() for name in header], lines[1:])


def is_labelled(names: Sequence[str]) -> bool:
    """Whether the columns are those of texts, and not of sequences."""
    lower = [name.lower() for name in names]
    return lower.count("text") == lower.count("label") == 1 and not {"input", "output"} <= set(lower)


def _lines(file: File, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(file.text, newline=""), delimiter=delimiter, strict=True)
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


def _texts(table: Table, options: Options) -> Examples:
    text, label = (table.lower().index(name) for name in ("text", "label"))
    pairs = [(line, fields[text], fields[label].strip()) for line, fields in table.rows]
    return labelled(table.file, pairs, options)


def labelled(file: File, rows: Sequence[tuple[int, str, str]], options: Options) -> Examples:
    """Examples from lines with a text and its label.

    Raises:
        PellucidError: one of them is empty; the text has no word.
    """
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


def _holds_sequences(table: Table) -> bool:
    """Whether a row holds a whole sequence, in the columns `input` and `output`, and not one step of one."""
    if not table.has("input", "output"):
        return False
    place, sequence = table.names.index("input"), sequence_column(table)
    if sequence is None or any(len(fields[place].split()) > 1 for _, fields in table.rows):
        return True
    return len({fields[sequence] for _, fields in table.rows}) == len(table.rows)


def _sequences(table: Table, options: Options) -> Examples:
    file, lines = table.file, [line for line, _ in table.rows]
    sides = []
    for name in ("input", "output"):
        column = table.names.index(name)
        sides.append([fields[column].split() for _, fields in table.rows])
        for line, values in zip(lines, sides[-1], strict=True):
            if not values:
                raise PellucidError(f"{file.at(line)}{name} is empty; expected values separated by spaces")
    when = _when(file, lines, sides[0], sides[1], options.when)

    def where(i: int) -> str:
        return file.at(lines[i])

    x = Side("input", ("x",), sides[0], cells(where, "input", True), "symbols")
    y = Side("output", ("y",), sides[1], cells(where, "output", when == "every"), "symbols")
    return Examples(x, y, when)


def _when(file: File, lines: list[int], inputs: list[list[str]], outputs: list[list[str]], when: When | None) -> When:
    """What all rows agree on; rows with one value in and one out fit both, and alone are steps."""
    reason = ""
    for line, x, y in zip(lines, inputs, outputs, strict=True):
        fits: dict[When, bool] = {"every": len(y) == len(x), "sequence": len(y) == 1}
        if when is None and sum(fits.values()) == 1:
            when, reason = max(fits, key=fits.__getitem__), f", as on line {line}"
        if not (fits[when] if when else any(fits.values())):
            need: dict[When | None, str] = {"every": "one output per input value", "sequence": "one output"}
            expected = need.get(when, "as many outputs as inputs, or one")
            raise PellucidError(
                f"{file.at(line)}input has {counted(x, 'value')}, output {len(y)}; expected {expected}{reason}"
            )
    return when or "every"


DELIMITED = Format("table", tuple(DELIMITERS), lambda file: file.suffix in DELIMITERS, parse)
