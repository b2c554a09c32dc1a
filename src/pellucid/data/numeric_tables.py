"""CSV and TSV of numbers: cells with whole sequences in them, or a step table.

Cells: columns `input` and `output`, a sequence a row, its numbers separated by spaces; other columns are ignored. As
many outputs as inputs in every row is one output per step, one output in every row is one per sequence.

Step table: any other header; a step a row, a number a field. The column named `sequence`, `series` or `id` (the first
of these there is) says to which sequence a row belongs; the rows of a sequence stand together.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from pellucid.data.dataset import count
from pellucid.data.files import StrPath
from pellucid.data.series import Number, Series, as_number
from pellucid.errors import PellucidError
from pellucid.values import listing, show

SEQUENCE_NAMES = ("sequence", "series", "id")
OUTPUT_NAMES = ("output", "y", *(f"y{i}" for i in range(1, 10)))

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)

Line = tuple[int, list[str]]  # line number, stripped fields


def parse_series_table(path: StrPath, text: str, delimiter: str, outputs: Sequence[str] | None = None) -> Series:
    """The number sequences in the text of a CSV (delimiter ",") or TSV (tab) file.

    Args:
        path, text, delimiter: the file.
        outputs: names of the output columns of a step table; where not given, those named output, y, or y1 to y9,
            else the last column.

    Raises:
        PellucidError: naming file and line.
    """
    header, body = read_table(path, text, delimiter)
    if outputs is None and holds_sequences(header, body):
        return _cells(path, header, body)
    return _steps(path, header, body, outputs)


def read_table(path: StrPath, text: str, delimiter: str) -> tuple[Line, list[Line]]:
    """Header and rows that are not blank, all as wide as the header.

    Raises:
        PellucidError: naming file and line; no row at all.
    """
    lines = list(_lines(path, text, delimiter))
    if len(lines) < 2:
        raise PellucidError(f"{path}: a header but no examples")
    return lines[0], lines[1:]


def holds_sequences(header: Line, body: Sequence[Line]) -> bool:
    """Whether a row holds a whole sequence, in the columns `input` and `output`, and not one step of one."""
    names = header[1]
    if names.count("input") != 1 or names.count("output") != 1:
        return False
    place, sequence = names.index("input"), sequence_column(names)
    if sequence is None or any(len(fields[place].split()) > 1 for _, fields in body):
        return True
    return len({fields[sequence] for _, fields in body}) == len(body)


def sequence_column(names: Sequence[str]) -> int | None:
    """Index of the column that tells sequences apart, None where there is none."""
    lower = [name.lower() for name in names]
    return next((lower.index(name) for name in SEQUENCE_NAMES if name in lower), None)


def looks_like_number(text: str) -> bool:
    """Whether the text is meant as a number, be it NaN or infinity."""
    return bool(_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text))


def looks_whole(text: str) -> bool:
    """Whether the text is a number written without point or exponent."""
    return _INTEGER.fullmatch(text) is not None


def parse_number(text: str, where: str) -> Number:
    """The number a text says.

    Raises:
        PellucidError: it says none, or one that is not finite or beyond 64 bits; the message begins with `where`.
    """
    if not text:
        raise PellucidError(f"{where}is empty; expected a number")
    if len(text) > 400 and _INTEGER.fullmatch(text):
        raise PellucidError(f"{where}{text[:20]}... has {len(text)} digits; expected integers of 64 bits")
    if _INTEGER.fullmatch(text):
        return as_number(int(text), where)
    return as_number(float(text) if looks_like_number(text) else text, where)


def _lines(path: StrPath, text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    size, line = 0, 1
    try:
        for fields in reader:
            here, line = line, reader.line_num + 1
            if not any(field.strip() for field in fields) and len(fields) < 2:
                continue
            size = size or len(fields)
            if len(fields) != size:
                raise PellucidError(f"{path}:{here}: {len(fields)} fields; the header has {size}")
            yield here, [field.strip() for field in fields]
    except csv.Error as error:
        raise PellucidError(f"{path}:{line}: not a well-formed table: {error}") from None


def _cells(path: StrPath, header: Line, body: Sequence[Line]) -> Series:
    columns = [header[1].index(name) for name in ("input", "output")]
    rows: list[list[list[Number]]] = []
    for line, fields in body:
        pair = zip(("input", "output"), columns, strict=True)
        rows.append([_cell(fields[column], f"{path}:{line}: {name} ") for name, column in pair])
    odd = next((i for i, (x, y) in enumerate(rows) if len(x) != len(y)), None)
    last = odd is not None and len(rows[odd][1]) == 1
    for (line, _), (x, y) in zip(body, rows, strict=True):
        if len(y) != (1 if last else len(x)):
            expected = f"one output per sequence, as on line {body[odd or 0][0]}" if last else "one output per step"
            raise PellucidError(f"{path}:{line}: input has {_numbers(x)}, output {len(y)}; expected {expected}")
    outputs = [y[0] if last else y for _, y in rows]
    return Series.of([x for x, _ in rows], outputs, last=last, where=lambda i: f"{path}:{body[i][0]}: ")


def _cell(text: str, where: str) -> list[Number]:
    if not text:
        raise PellucidError(f"{where}is empty; expected numbers separated by spaces")
    return [parse_number(part, f"{where}at step {i + 1}: ") for i, part in enumerate(text.split())]


def _steps(path: StrPath, header: Line, body: Sequence[Line], outputs: Sequence[str] | None) -> Series:
    names = header[1]
    where = f"{path}:{header[0]}: "
    sequence = _check_header(where, names)
    ends = _output_columns(where, names, sequence, outputs)
    starts = [i for i in range(len(names)) if i != sequence and i not in ends]
    if not starts:
        raise PellucidError(f"{where}no input column is left; the columns are {listing(names)}")
    first_lines: list[int] = []
    tables: list[list[list[Number]]] = []
    for line, group in _groups(path, body, sequence):
        first_lines.append(line)
        tables.append([_numbers_of(f"{path}:{n}: ", names, fields, sequence) for n, fields in group])
    inputs, results = ([[[row[i] for i in part] for row in table] for table in tables] for part in (starts, ends))
    input_names, output_names = ([names[i] for i in part] for part in (starts, ends))
    return Series.of(
        inputs, results, input_names, output_names, last=False, where=lambda i: f"{path}:{first_lines[i]}: "
    )


def _check_header(where: str, names: Sequence[str]) -> int:
    """Index of the sequence column."""
    if all(map(looks_like_number, names)):
        raise PellucidError(f"{where}the header is {listing(names)}; expected names of columns")
    for name in names:
        if not name or names.count(name) > 1:
            problem = f"{names.count(name)} columns are named {show(name)}" if name else "a column has no name"
            raise PellucidError(f"{where}{problem}; expected different names")
    sequence = sequence_column(names)
    if sequence is None:
        raise PellucidError(
            f"{where}the columns are {listing(names)}; add one named sequence that says to which sequence a row "
            f"belongs, or give whole sequences in columns input and output"
        )
    return sequence


def _output_columns(where: str, names: Sequence[str], sequence: int, outputs: Sequence[str] | None) -> list[int]:
    data = [name for i, name in enumerate(names) if i != sequence]
    if outputs is None:
        chosen = [name for name in data if name.lower() in OUTPUT_NAMES] or data[-1:]
    else:
        chosen = [name.strip() for name in outputs]
    for name in chosen:
        if name not in data:
            raise PellucidError(f"{where}no output column {show(name)}; the columns are {listing(data)}")
    if len(set(chosen)) != len(chosen):
        raise PellucidError(f"{where}the outputs are {listing(chosen)}; expected different columns")
    return [names.index(name) for name in chosen]


def _groups(path: StrPath, body: Sequence[Line], sequence: int) -> Iterator[tuple[int, list[Line]]]:
    """First line and lines of each sequence."""
    begun: dict[str, int] = {}
    group: list[Line] = []
    for line, fields in body:
        key = fields[sequence]
        if not key:
            raise PellucidError(f"{path}:{line}: no sequence given; expected the name or number of one")
        if group and group[0][1][sequence] != key:
            yield group[0][0], group
            group = []
        if not group and key in begun:
            raise PellucidError(
                f"{path}:{line}: sequence {show(key)} began on line {begun[key]} and was left since; "
                f"the rows of a sequence must stand together"
            )
        begun.setdefault(key, line)
        group.append((line, fields))
    yield group[0][0], group


def _numbers_of(where: str, names: Sequence[str], fields: Sequence[str], sequence: int) -> list[Number]:
    """The numbers of a row by column; 0 in place of the name of the sequence."""
    return [
        0 if i == sequence else parse_number(field, f"{where}column {names[i]}: ") for i, field in enumerate(fields)
    ]


def _numbers(row: Sequence[Number]) -> str:
    return count(row).replace("symbol", "number")
