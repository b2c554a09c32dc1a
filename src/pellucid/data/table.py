"""CSV and TSV: a header with the columns `input` and `output`, symbols separated by spaces.

Symbols are strings, or integers where every symbol of the column is one; "01" or "+1" anywhere keeps them strings.
Fields may be quoted as in the csv module; columns with other names are ignored.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import cast

from pellucid.data.dataset import Dataset, count
from pellucid.data.files import StrPath
from pellucid.data.tokens import Kind, Token
from pellucid.errors import PellucidError
from pellucid.values import is_integer, listing

Row = tuple[int, list[str], list[str]]  # line, input symbols, output symbols


def parse_table(path: StrPath, text: str, delimiter: str, kind: Kind | None = None) -> Dataset:
    """The data set in the text of a CSV (delimiter ",") or TSV (tab) file.

    As many output as input symbols in every row is tagging; one output symbol in every row is classification; inputs
    of one symbol throughout, which are both, are tagging. `kind`, where given, decides instead.

    Raises:
        PellucidError: naming file and line.
    """
    rows = list(_rows(path, text, delimiter))
    if not rows:
        raise PellucidError(f"{path}: a header but no examples")
    kind = _kind(path, rows, kind)
    inputs = _typed([symbols for _, symbols, _ in rows])
    outputs = _typed([symbols for _, _, symbols in rows])
    if kind == "classification":
        return Dataset(tuple(inputs), tuple(symbols[0] for symbols in outputs), kind)
    return Dataset(tuple(inputs), tuple(outputs), kind)


def _rows(path: StrPath, text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[int, int] | None = None
    size, line = 0, 1
    try:
        for fields in reader:
            here, line = line, reader.line_num + 1
            if not any(field.strip() for field in fields) and len(fields) < 2:
                continue
            if columns is None:
                columns, size = _header(f"{path}:{here}: ", fields, delimiter), len(fields)
            elif len(fields) != size:
                raise PellucidError(
                    f"{path}:{here}: {len(fields)} field{'' if len(fields) == 1 else 's'}; the header has {size}"
                )
            else:
                yield _row(f"{path}:{here}: ", here, fields, columns)
    except csv.Error as error:
        raise PellucidError(f"{path}:{line}: not a well-formed table: {error}") from None


def _header(where: str, fields: Sequence[str], delimiter: str) -> tuple[int, int]:
    names = [field.strip() for field in fields]
    if names.count("input") == 1 and names.count("output") == 1:
        return names.index("input"), names.index("output")
    other = {",": ("\t", "tab", ".tsv"), "\t": (",", "comma", ".csv")}[delimiter]
    hint = f" (is it {other[1]}-separated? then name it {other[2]})" if other[0] in fields[0] else ""
    expected = 'expected the columns "input" and "output", or for texts "text" and "label"'
    raise PellucidError(f"{where}the header is {listing(names)}; {expected}{hint}")


def _row(where: str, line: int, fields: Sequence[str], columns: tuple[int, int]) -> Row:
    parts = {name: fields[column].split() for name, column in zip(("input", "output"), columns, strict=True)}
    for name, symbols in parts.items():
        if not symbols:
            raise PellucidError(f"{where}{name} is empty; expected symbols separated by spaces")
    return line, parts["input"], parts["output"]


def _kind(path: StrPath, rows: Sequence[Row], kind: Kind | None) -> Kind:
    """The kind all rows agree on; rows with one symbol in and one out fit both."""
    reason = ""
    for line, symbols, labels in rows:
        fits = {"tagging": len(labels) == len(symbols), "classification": len(labels) == 1}
        if kind is None and sum(fits.values()) == 1:
            kind = cast(Kind, max(fits, key=lambda name: fits[name]))
            reason = f" as on line {line}"
        if not (fits[kind] if kind else any(fits.values())):
            raise PellucidError(
                f"{path}:{line}: input has {count(symbols)}, output {len(labels)}; {_need(kind, reason)}"
            )
    return kind or "tagging"


def _need(kind: Kind | None, reason: str) -> str:
    needs = {"tagging": "one output symbol per input symbol", "classification": "one output symbol"}
    if kind is None:
        return "expected as many output as input symbols (tagging), or one (classification)"
    return f"expected {needs[kind]} ({kind}{reason})"


def _typed(cells: Sequence[list[str]]) -> list[tuple[Token, ...]]:
    if all(is_integer(symbol) for cell in cells for symbol in cell):
        return [tuple(int(symbol) for symbol in cell) for cell in cells]
    return [tuple(cell) for cell in cells]
