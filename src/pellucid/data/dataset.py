"""Data sets of token sequences, and how they are divided into train, valid and test."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.tokens import KINDS, Kind, Token
from pellucid.errors import PellucidError
from pellucid.values import as_token, describe, is_sequence, listing, show

Input = tuple[Token, ...]
Output = Any  # tagging: tuple[Token | None, ...]; classification: Token
SHARES = {"train": 0.81, "valid": 0.09, "test": 0.10}  # of the paper: 10 % test, then 10 % of the rest valid
LEAST = 10  # examples below which a division into three means nothing


@dataclass(frozen=True)
class Dataset:
    """Token sequences with what should come out.

    Args:
        inputs: one tuple of tokens per example, without any marker.
        outputs: tagging: a tuple of as many labels per example (None = position not scored);
            classification: one label per example.
        kind: "tagging" or "classification".
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    kind: Kind

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Iterable[int]) -> "Dataset":
        """The examples at `indices`, in that order."""
        chosen = [int(i) for i in indices]
        return Dataset(tuple(self.inputs[i] for i in chosen), tuple(self.outputs[i] for i in chosen), self.kind)

    def labels(self) -> set[Token]:
        """Every label that occurs (None, the position not scored, aside)."""
        if self.kind == "classification":
            return set(self.outputs)
        return {label for output in self.outputs for label in output if label is not None}

    @classmethod
    def of(
        cls,
        inputs: Iterable[Any],
        outputs: Iterable[Any],
        kind: Kind | None = None,
        where: Callable[[int], str] = lambda i: f"example {i + 1}: ",
    ) -> "Dataset":
        """Check and copy sequences from Python: lists, tuples, arrays, data-frame columns.

        Args:
            inputs: one sequence of tokens (strings or integers) per example.
            outputs: one sequence of labels (tagging) or one label (classification) per example.
            kind: taken from the outputs where not given.
            where: the beginning of an error message about example i (counted from 0).

        Raises:
            PellucidError: anything that is no token, an empty input, outputs of another length, mixed kinds.
        """
        rows, results = _listed("inputs", inputs), _listed("outputs", outputs)
        if len(rows) != len(results):
            raise PellucidError(f"{len(rows)} inputs but {len(results)} outputs; one output per input is needed")
        if not rows:
            raise PellucidError("no examples; at least one is needed")
        if kind is not None and kind not in KINDS:
            raise PellucidError(f"kind is {show(kind)}; expected {' or '.join(KINDS)}")
        kind = kind or ("tagging" if is_sequence(results[0]) else "classification")
        checked = [_example(x, y, kind, where(i)) for i, (x, y) in enumerate(zip(rows, results, strict=True))]
        return cls(tuple(x for x, _ in checked), tuple(y for _, y in checked), kind)

    @classmethod
    def from_columns(
        cls, table: Any, input: str = "input", output: str = "output", kind: Kind | None = None
    ) -> "Dataset":
        """The data set in two columns of a dict, a data frame or a Hugging Face data set.

        Raises:
            PellucidError: a column is missing, or as for `of`.
        """
        columns = []
        for name in (input, output):
            try:
                columns.append(table[name])
            except (KeyError, IndexError, TypeError, ValueError):
                known = getattr(table, "column_names", None) or list(getattr(table, "keys", list)())
                raise PellucidError(f"no column {show(name)}; the columns are {listing(known) or 'none'}") from None
        return cls.of(*columns, kind=kind)


@dataclass(frozen=True)
class Splits:
    """A data set divided for training, choosing and judging."""

    train: Dataset
    valid: Dataset
    test: Dataset

    @property
    def kind(self) -> Kind:
        """Kind of all three parts."""
        return self.train.kind

    def parts(self) -> dict[str, Dataset]:
        """The three data sets by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


def together(first: Dataset, second: Dataset) -> Dataset:
    """Two data sets of one kind as one."""
    return Dataset(first.inputs + second.inputs, first.outputs + second.outputs, first.kind)


def split(dataset: Dataset, seed: int = 0) -> Splits:
    """Divide 81 / 9 / 10 at random, all examples with the same input into the same part.

    Raises:
        PellucidError: fewer than 10 examples, or fewer than 3 different inputs.
    """
    return Splits(**partition(dataset, SHARES, seed))


def partition(dataset: Dataset, shares: dict[str, float], seed: int) -> dict[str, Dataset]:
    """Divide into parts of about the given shares, equal inputs kept together, no part empty.

    Groups of equal inputs come in random order, each goes where most examples are still lacking.
    """
    groups: dict[Input, list[int]] = {}
    for i, sequence in enumerate(dataset.inputs):
        groups.setdefault(sequence, []).append(i)
    if len(dataset) < LEAST or len(groups) < len(shares):
        raise PellucidError(
            f"{len(dataset)} examples with {len(groups)} different inputs are too few to divide into "
            f"{' and '.join(shares)}; give at least {LEAST} examples, or a file for each part"
        )
    members = list(groups.values())
    total = sum(shares.values())
    lacking = {name: share / total * len(dataset) for name, share in shares.items()}
    chosen: dict[str, list[list[int]]] = {name: [] for name in shares}
    for g in np.random.default_rng(seed).permutation(len(members)):
        name = max(lacking, key=lambda part: lacking[part])
        chosen[name].append(members[g])
        lacking[name] -= len(members[g])
    _fill_empty(chosen)
    return {name: dataset.take(sorted(i for group in parts for i in group)) for name, parts in chosen.items()}


def _fill_empty(chosen: dict[str, list[list[int]]]) -> None:
    for parts in chosen.values():
        if not parts:
            donor = max(chosen.values(), key=len)
            smallest = min(range(len(donor)), key=lambda g: len(donor[g]))
            parts.append(donor.pop(smallest))


def _listed(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        raise PellucidError(f"{name}: {describe(values)}; expected a list with one item per example")
    return list(values)


def _example(sequence: Any, output: Any, kind: Kind, where: str) -> tuple[Input, Output]:
    tokens = _tokens(sequence, where)
    if kind == "classification":
        if is_sequence(output):
            raise PellucidError(f"{where}output is a list; classification needs one label")
        return tokens, _token(output, f"{where}output ")
    if not is_sequence(output):
        raise PellucidError(f"{where}output {describe(output)}; tagging needs a list with one label per input symbol")
    labels = _tags(output, where)
    if len(labels) != len(tokens):
        raise PellucidError(
            f"{where}input has {count(tokens)}, output {len(labels)}; tagging needs one label per input symbol"
        )
    return tokens, labels


def _tokens(sequence: Any, where: str) -> Input:
    if not is_sequence(sequence):
        raise PellucidError(f"{where}input {describe(sequence)}; expected a list of symbols")
    if len(sequence) == 0:
        raise PellucidError(f"{where}input is empty; expected at least one symbol")
    return tuple(_token(t, f"{where}input ") for t in _plain(sequence))


def _tags(output: Any, where: str) -> tuple[Token | None, ...]:
    return tuple(None if t is None else _token(t, f"{where}output ") for t in _plain(output))


def _plain(sequence: Any) -> list[Any]:
    return sequence.tolist() if hasattr(sequence, "tolist") else list(sequence)


def _token(value: Any, where: str) -> Token:
    try:
        return as_token(value)
    except PellucidError as error:
        raise PellucidError(f"{where}{error}") from None


def count(symbols: Sequence[Any]) -> str:
    """`1 symbol`, `4 symbols`."""
    return f"{len(symbols)} symbol{'' if len(symbols) == 1 else 's'}"
