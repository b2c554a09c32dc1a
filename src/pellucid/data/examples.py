"""Examples as they came, from Python or a file: their shape is checked, what their columns hold is still open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Literal

from pellucid.data.tags import check_tags, scheme_of, to_iob2
from pellucid.errors import PellucidError
from pellucid.language.nodes import When
from pellucid.language.words import AS_WRITTEN, Words
from pellucid.values import counted, describe, is_sequence, listing, show

Written = Literal["values", "symbols", "numbers"]
Where = Callable[[int], str]
Cell = Callable[[int, int, int], str]
Shape = tuple[tuple[str, ...], tuple[str, ...], When]  # names of inputs and outputs, and when these come
SIMPLE = {int, str, float, type(None)}
WHEN = {"every": "one per step", "last": "one per sequence", "sequence": "one per sequence"}
GENERIC = {"x", "text", "sentence", "tokens", "words", "word", "y", "label", "labels", "tag", "tags", "ner_tags"}
SAME = "every step needs the same columns"


@dataclass(frozen=True)
class Side:
    """The inputs, or the outputs, of examples.

    Args:
        what: "input" or "output".
        names: of the columns.
        rows: per example its steps, each a value, or a list with one per column where there are several; of outputs
            that come once per sequence a single one.
        cell: how a message about a value begins, from the example, the step and the column, all counted from 0.
        written: as `values` of Python or JSON; or as text, meant as `symbols` or numbers (`1 2 x` are symbols), or as
            `numbers` throughout (an `x` among them is a misprint).
    """

    what: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    cell: Cell
    written: Written = "values"

    def flat(self, column: int) -> list[Any]:
        """The values of a column, of all steps of all examples."""
        steps = chain.from_iterable(self.rows)
        return list(steps) if len(self.names) == 1 else [step[column] for step in steps]

    def where(self, column: int, index: int) -> str:
        """The beginning of a message about a value of `flat`."""
        for i, steps in enumerate(self.rows):
            if index < len(steps):
                return self.cell(i, index, column)
            index -= len(steps)
        return f"{self.what}: "

    def grouped(self, columns: Sequence[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
        """Rows again, from columns as `flat` gives them."""
        steps = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        ends, found = 0, []
        for row in self.rows:
            found.append(tuple(steps[ends : ends + len(row)]))
            ends += len(row)
        return tuple(found)


@dataclass(frozen=True)
class Examples:
    """Examples with columns whose types are still open.

    Args:
        inputs, outputs: the values.
        when: `every` or `sequence`.
        words: of texts, how they are split.
        texts: the raw texts that inputs were split from.
        notes: what is to be known of how they were read.
    """

    inputs: Side
    outputs: Side
    when: When
    words: Words | None = None
    texts: tuple[str | None, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> Shape:
        """Names of the columns, and when outputs come."""
        return self.inputs.names, self.outputs.names, self.when

    def with_written_outputs(self) -> Examples:
        """The same with outputs that are text of a file, of which it is open whether they are numbers."""
        return replace(self, outputs=replace(self.outputs, written="symbols"))


def examples_of(
    inputs: Iterable[Any],
    outputs: Iterable[Any],
    *,
    names: tuple[Sequence[str] | None, Sequence[str] | None] = (None, None),
    when: When | None = None,
    words: Words | None = None,
    are_words: bool = False,
    where: Where = lambda i: f"example {i + 1}: ",
    cell: Callable[[int, int], str] | None = None,
) -> Examples:
    """Examples from sequences of values, raw texts or lists of words; see `Data.of`.

    Args:
        inputs, outputs, names, when, words, where: as there.
        are_words: lists of values are lists of words, taken as they are written where no rule is given.
        cell: the beginning of a message about step j of example i, where that has a place of its own.

    Raises:
        PellucidError: sequences of a form that cannot be data, beginning with `where(example)`.
    """
    x, y = _listed("inputs", inputs), _listed("outputs", outputs)
    if len(x) != len(y):
        raise PellucidError(f"{len(x)} inputs but {len(y)} outputs; one output per input is needed")
    if not x:
        raise PellucidError("no examples; at least one is needed")
    when = when or ("every" if is_sequence(y[0]) else "sequence")
    texts = tuple(value if isinstance(value, str) else None for value in x)
    if any(text is not None for text in texts):
        words = words or Words()
        x = [_split(value, words, when, where(i)) for i, value in enumerate(x)]
    else:
        texts, words = None, words or (AS_WRITTEN if are_words else None)
    rows = [_steps(value, f"{where(i)}input ") for i, value in enumerate(x)]
    results = [_outputs(value, when, where(i)) for i, value in enumerate(y)]
    for i, (a, b) in enumerate(zip(rows, results, strict=True)):
        if when == "every" and len(a) != len(b):
            have = f"input has {counted(a, 'step')}, output {len(b)}"
            raise PellucidError(f"{where(i)}{have}; one output per step is needed")
    at = cells(where, "input", True), cells(where, "output", when == "every")
    if cell is not None:
        at = (lambda i, j, _: cell(i, j),) * 2
    sides = _side("input", "x", names[0], rows, at[0]), _side("output", "y", names[1], results, at[1])
    found = Examples(*sides, "every" if when == "every" else "sequence", words=words, texts=texts)
    return in_iob2(found) if words is not None else found


def cells(where: Where, what: str, stepwise: bool) -> Cell:
    """How a message about a value begins: `example 3: input at step 2: `."""
    return lambda i, j, _: f"{where(i)}{what}{f' at step {j + 1}' if stepwise else ''}: "


def in_iob2(examples: Examples) -> Examples:
    """The examples with entity tags, in whatever scheme they are, as IOB2; others as they are.

    Raises:
        PellucidError: a tag that is none where the others are entity tags.
    """
    tags = examples.outputs.rows
    if examples.when != "every" or not set(map(type, chain.from_iterable(tags))) <= {str}:
        return examples
    scheme = scheme_of(tags)
    if scheme is None:
        return examples
    check_tags(tags, lambda i, j: examples.outputs.cell(i, j, 0))
    outputs = replace(examples.outputs, rows=[to_iob2(row) for row in tags])
    note = () if scheme == "IOB2" else (f"entity tags are {scheme}, read as IOB2",)
    return replace(examples, outputs=outputs, notes=examples.notes + note)


def default_names(letter: str, width: int) -> tuple[str, ...]:
    """`x` for one column without a name, `x1`, `x2`, ... for several."""
    return (letter,) if width == 1 else tuple(f"{letter}{i + 1}" for i in range(width))


def check_same(where: str, found: Shape, expected: Shape) -> None:
    """Refuse data with other columns than the training data; `x` or `text` may be any single column.

    Raises:
        PellucidError: naming what differs; the message begins with `where`.
    """
    for what, have, want in (("input", found[0], expected[0]), ("output", found[1], expected[1])):
        any_name = len(have) == len(want) == 1 and GENERIC & {*have, *want}
        if have != want and not any_name:
            raise PellucidError(f"{where}{what} columns: {listing(have)}; the training data has {listing(want)}")
    if found[2] != expected[2] and "every" in (found[2], expected[2]):
        raise PellucidError(f"{where}outputs: {WHEN[found[2]]}; the training data has {WHEN[expected[2]]}")


def _listed(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        raise PellucidError(f"{name}: {describe(values)}; expected a list with one item per example")
    return list(values)


def _split(value: Any, words: Words, when: When, where: str) -> Any:
    if isinstance(value, str) and when == "every":
        raise PellucidError(f"{where}a label per word needs the words as a list; got a text")
    try:
        return words.tokens(value)
    except PellucidError as error:
        raise PellucidError(f"{where}{error}") from None


def _steps(value: Any, where: str) -> list[Any]:
    if not is_sequence(value):
        raise PellucidError(f"{where}{describe(value)}; expected a list with a value per step, or a text")
    if len(value) == 0:
        raise PellucidError(f"{where}is empty; expected at least one step")
    return plain(value)


def _outputs(value: Any, when: When, where: str) -> list[Any]:
    if when != "every":
        return [value]
    if not is_sequence(value):
        raise PellucidError(f"{where}output {describe(value)}; expected a list with an output per step, as the first")
    return plain(value)


def plain(sequence: Any) -> list[Any]:
    """The items of a list, a tuple, an array or a column."""
    return sequence.tolist() if hasattr(sequence, "tolist") else list(sequence)


def _side(what: str, letter: str, names: Sequence[str] | None, rows: list[list[Any]], cell: Cell) -> Side:
    """The side with steps of one width, which is that of the first."""
    first = next(step for row in rows for step in row)
    width = len(first) if is_sequence(first) else 1
    several = is_sequence(first)
    if width == 0:
        raise PellucidError(f"{cell(0, 0, 0)}an empty list; expected at least one value")
    if several or not set(map(type, chain.from_iterable(rows))) <= SIMPLE:
        rows = [_row(row, several, width, lambda j, i=i: cell(i, j, 0)) for i, row in enumerate(rows)]
    given = tuple(names) if names is not None else default_names(letter, width)
    if len(given) != width:
        raise PellucidError(f"{what} has {counted(range(width), 'column')}; the names are {listing(given)}")
    if width == 1 and isinstance(rows[0][0], (list, tuple)):
        rows = [[step[0] for step in row] for row in rows]
    return Side(what, given, rows, cell)


def _row(steps: list[Any], several: bool, width: int, cell: Callable[[int], str]) -> list[list[Any]]:
    if several and all(isinstance(step, (list, tuple)) and len(step) == width for step in steps):
        return steps
    return [_step(step, several, width, cell(j)) for j, step in enumerate(steps)]


def _step(step: Any, several: bool, width: int, where: str) -> list[Any]:
    if is_sequence(step) != several:
        forms = ("a list", "one value") if several else ("one value", "a list")
        raise PellucidError(f"{where}{show(step)} is {forms[1]}, the first step is {forms[0]}; {SAME}")
    values = plain(step) if several else [step]
    if len(values) != width:
        raise PellucidError(f"{where}has {counted(values, 'value')}, the first step has {width}; {SAME}")
    return values


TEXT_NAMES = ("text", "sentence", "tokens", "words")  # of columns that hold texts, or lists of words
INPUT_NAMES = (*TEXT_NAMES, "input")
OUTPUT_NAMES = ("label", "labels", "ner_tags", "tags", "output")


def examples_from(table: Any, inputs: str | None, outputs: str | None, words: Words | None) -> Examples:
    """The examples in two columns of a table; see `Data.from_columns`.

    Raises:
        PellucidError: no such column, or as for `examples_of`; rows are counted from 1.
    """
    known = _names(table)
    x = _column(inputs, INPUT_NAMES, known, "input")
    y = _column(outputs, OUTPUT_NAMES, known, "output")
    labels, names = list(table[y]), _label_names(table, y)
    if names is not None:
        labels = [_named(value, names, y, i) for i, value in enumerate(labels)]
    return examples_of(
        list(table[x]),
        labels,
        names=(named(x), named(y)),
        words=words,
        are_words=x in TEXT_NAMES,
        where=lambda i: f"row {i + 1}: ",
    )


def named(column: str) -> tuple[str] | None:
    """Names of the one column, None where the name says nothing of what is in it."""
    return None if column in ("input", "output") else (column,)


def _names(table: Any) -> list[Any]:
    for name in ("column_names", "columns"):  # of Hugging Face, of pandas
        found = getattr(table, name, None)
        if found is not None and not callable(found) and not isinstance(found, dict):
            return list(found)
    if not hasattr(table, "keys"):
        raise PellucidError(f"{show(table)} has no columns; expected a dict, a data frame or a Hugging Face data set")
    names = list(table.keys())
    if "train" in names and hasattr(table["train"], "column_names"):
        raise PellucidError(f"a data set with the parts {listing(names)}; give one of them, as data['train']")
    return names


def _column(given: str | None, usual: Sequence[str], known: Sequence[Any], what: str) -> str:
    if given is not None and given in known:
        return given
    found = [name for name in usual if name in known] if given is None else []
    if not found:
        wanted = f"no column {show(given)}" if given is not None else f"no column for the {what}"
        expected = "" if given is not None else f"; expected one of {', '.join(usual)}"
        raise PellucidError(f"{wanted}; the columns are {listing(known) or 'none'}{expected}")
    return found[0]


def _label_names(table: Any, label: str) -> list[str] | None:
    """Names of the labels that a Hugging Face data set keeps as numbers."""
    features: Any = getattr(table, "features", None)
    feature: Any = features.get(label) if hasattr(features, "get") else None
    if isinstance(feature, list) and feature:
        feature = feature[0]
    feature = getattr(feature, "feature", feature)  # of the items of a sequence
    names: Any = getattr(feature, "names", None)
    return list(names) if is_sequence(names) else None


def _named(value: Any, names: Sequence[str], column: str, i: int) -> Any:
    if is_sequence(value):
        return [_named(item, names, column, i) for item in value]
    if isinstance(value, str):
        return value
    if value is None or not 0 <= value < len(names):
        raise PellucidError(f"row {i + 1}: {column} is {show(value)}; expected 0 to {len(names) - 1}, or a name")
    return names[value]
