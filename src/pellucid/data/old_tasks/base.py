"""What every built-in task offers: a `Task` is a family, `build` fixes its sizes and gives a `TaskInstance`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.data.dataset import LEAST, Dataset, Input, Splits
from pellucid.data.tokens import Kind, Markers, Token
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.values import show

ENUMERABLE = 1_000_000  # inputs up to which a domain is walked through as a whole
LARGEST = 512  # of a size setting: beyond it, predicate tables alone would fill the memory
DRAWS = 5  # batches drawn at most to find enough different inputs, as in the paper's code


@dataclass(frozen=True, eq=False)
class Domain:
    """The inputs of a task: which they are, how many, and how to draw from them.

    tokens: every input token; labels: every possible output value; lengths: of an input, in tokens;
    size: number of inputs; draw: n random inputs (repeats possible); walk: each input once;
    contains: whether a sequence of known tokens and of a right length is one of them.
    """

    tokens: tuple[Token, ...]
    labels: tuple[Token, ...]
    lengths: range
    size: int
    draw: Callable[[np.random.Generator, int], list[Input]]
    walk: Callable[[], Iterator[Input]]
    contains: Callable[[Sequence[Token]], bool] = lambda sequence: True


@dataclass(frozen=True, eq=False)
class Task:
    """A family of tasks in the registry.

    sizes: settings with their default (the paper's); domain: settings -> Domain, raises PellucidError on bad sizes;
    oracle: the exact answer; model, training: architecture and training settings that suit the task, by the names that
    `--set` gives them; examples: how many to draw.
    """

    name: str
    summary: str
    sizes: Mapping[str, int]
    domain: Callable[..., Domain]
    oracle: Callable[[Sequence[Any]], Any]
    model: Mapping[str, Any]
    markers: Markers = "begin"
    causal: bool = False
    kind: Kind = "tagging"
    training: Mapping[str, Any] = field(default_factory=dict)
    examples: int = 20_000

    @property
    def defaults(self) -> dict[str, int]:
        """Settings and their default values."""
        return dict(self.sizes)

    def build(self, **settings: Any) -> "TaskInstance":
        """The task at the sizes given, defaults for the others.

        Raises:
            PellucidError: an unknown setting, or a value the task has no meaning for.
        """
        for name, value in settings.items():
            if name not in self.sizes:
                known = " and ".join(self.sizes)
                raise PellucidError(f"task {self.name} has no setting {show(name)}; its settings are {known}")
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= LARGEST:
                raise PellucidError(
                    f"task {self.name}: {name} is {show(value)}; expected a whole number from 1 to {LARGEST}"
                )
        sizes = self.defaults | {name: int(value) for name, value in settings.items()}
        try:
            return TaskInstance(self, sizes, self.domain(**sizes))
        except PellucidError as error:
            raise PellucidError(f"task {self.name}: {error}") from None


@dataclass(frozen=True, eq=False)
class TaskInstance:
    """A task at fixed sizes: everything needed to train on it and to judge what was trained."""

    task: Task
    settings: Mapping[str, int]
    domain: Domain

    @property
    def name(self) -> str:
        """Name in the registry."""
        return self.task.name

    @property
    def kind(self) -> Kind:
        """Tagging or classification."""
        return self.task.kind

    @property
    def markers(self) -> Markers:
        """Markers the model puts around an input."""
        return self.task.markers

    @property
    def causal(self) -> bool:
        """Whether an output may depend on earlier tokens only."""
        return self.task.causal

    @property
    def model(self) -> dict[str, Any]:
        """Architecture that suits the task, free to change."""
        return dict(self.task.model)

    @property
    def training(self) -> dict[str, Any]:
        """Training settings that suit the task, free to change."""
        return dict(self.task.training)

    @property
    def domain_size(self) -> int:
        """Number of different inputs."""
        return self.domain.size

    def oracle(self, sequence: Sequence[Token]) -> Any:
        """The exact output for one input of the domain: a tuple, None where a position is not scored."""
        return self.task.oracle(sequence)

    def valid_input(self, sequence: Sequence[Token]) -> bool:
        """Whether the sequence is one of the domain."""
        known = all(type(t) in (int, str) and t in self.domain.tokens for t in sequence)
        return known and len(sequence) in self.domain.lengths and self.domain.contains(sequence)

    def enumerate(self) -> Iterator[Input] | None:
        """Every input of the domain once, or None where there are more than a million."""
        return self.domain.walk() if self.domain.size <= ENUMERABLE else None

    def label(self, inputs: Iterable[Input]) -> Dataset:
        """The data set of these inputs with the oracle's outputs."""
        rows = tuple(inputs)
        return Dataset(rows, tuple(map(self.task.oracle, rows)), self.kind)

    def sample(self, rng: np.random.Generator, n: int) -> Dataset:
        """Draw n fresh random examples, repeats possible: first the lengths, then the tokens."""
        return self.label(self.domain.draw(rng, n))

    def splits(self, seed: int = 0, size: int = 20_000) -> Splits:
        """Up to `size` different random inputs, shuffled and divided 81 / 9 / 10 into train, valid and test.

        As in the paper's code, up to 5 x `size` inputs are drawn to find that many different ones.

        Raises:
            PellucidError: a size below 10, or fewer than 10 different inputs.
        """
        if size < LEAST:
            raise PellucidError(f"size is {show(size)}; expected at least {LEAST}")
        rng = np.random.default_rng(seed)
        found: dict[Input, None] = {}
        for _ in range(DRAWS):
            found |= dict.fromkeys(self.domain.draw(rng, size))
            if len(found) >= size:
                break
        inputs = list(found)[:size]
        if len(inputs) < LEAST:
            raise PellucidError(
                f"task {self.name} at {dict(self.settings)}: {len(inputs)} different inputs drawn; "
                f"at least {LEAST} are needed for train, valid and test"
            )
        data = self.label(inputs[i] for i in rng.permutation(len(inputs)))
        test = round(0.1 * len(data))
        valid = max(1, round(0.1 * (len(data) - test)))
        bounds = (0, len(data) - test - valid, len(data) - test, len(data))
        return Splits(*(data.take(range(*pair)) for pair in pairwise(bounds)))

    def vocab(self) -> Vocab:
        """The vocabulary of the whole domain: labels too rare for a sample have their code as well."""
        domain = self.domain
        return Vocab.of(domain.tokens, domain.labels, self.kind, domain.lengths[-1], self.causal, self.markers)


def mixed_draw(tokens: Sequence[Token], lengths: range) -> Callable[[np.random.Generator, int], list[Input]]:
    """Draws sequences: the length uniformly, then the tokens: from all of them, in one of ten sequences from a few.

    The paper draws from all tokens only (uniformly); then a sequence of one repeated token practically never occurs,
    and what is true of it (`hist` says 7) cannot be learnt from examples.
    """
    return partial(_draw, tuple(tokens), lengths)


def _draw(tokens: tuple[Token, ...], lengths: range, rng: np.random.Generator, n: int) -> list[Input]:
    drawn = rng.integers(lengths.start, lengths.stop, n)
    choices = np.where(rng.random(n) < 0.9, len(tokens), rng.integers(1, len(tokens) + 1, n))
    order = rng.permuted(np.tile(np.arange(len(tokens)), (n, 1)), axis=1)
    row = np.repeat(np.arange(n), drawn)
    codes = order[row, rng.integers(0, choices[row])]
    flat = [tokens[c] for c in codes.tolist()]
    ends = np.cumsum(drawn)
    return [tuple(flat[a:b]) for a, b in zip((ends - drawn).tolist(), ends.tolist(), strict=True)]


def sizes(layers: int, heads_cat: int, heads_num: int, mlps_cat: int, mlps_num: int, **more: Any) -> dict[str, Any]:
    """Architecture of a Transformer Program: heads and MLPs a layer, categorical and numerical."""
    parts = {"heads_cat": heads_cat, "heads_num": heads_num, "mlps_cat": mlps_cat, "mlps_num": mlps_num}
    return {"layers": layers, **parts, **more}
