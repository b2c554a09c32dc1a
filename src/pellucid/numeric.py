"""What a learner of numeric sequences is given and gives back: the bias, the problem, a program found (no JAX)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from pellucid.data.series import Series
    from pellucid.program.numeric import NumericProgram

MODES = ("shift", "first", "last-where", "sum", "mean", "min", "max", "count", "mode")
OPERATORS = (
    "+", "-", "*", "/", "//", "%", "neg", "abs", "min", "max", "==", "!=", "<", "<=", ">", ">=", "and", "or", "not",
    "where", "floor", "sqrt", "square", "sin", "cos", "exp", "log", "sign", "pow",
)  # fmt: skip
ALL_MODES, ALL_OPERATORS = frozenset(MODES), frozenset(OPERATORS)
POSITION = "position"
LARGEST_WINDOW = 64
_LAG = re.compile(r"(?P<name>.+)\[t(?:\s*-\s*(?P<lag>\d+))?\]")


@dataclass(frozen=True)
class Bias:
    """Which pieces a program may be made of (control by inductive bias).

    Args:
        modes: what may be routed or aggregated over earlier steps.
        operators: element-wise operators; a linear readout at the end is always allowed.
        layers, heads, units: most layers of modes, modes and operators in a program; `units=0`: no operators at all.
        window: largest shift, and longest window.
        mask: what may not be read: `y[t-1]`, `x[t]`, `x[t-2]`, or a column's name for all of it.
        feedback: how many past outputs are offered as inputs (None: the learner decides, up to `window`).
        readable_inputs: the columns (and `position`) that may be read; None: all.
    """

    modes: frozenset[str] = ALL_MODES
    operators: frozenset[str] = ALL_OPERATORS
    layers: int | None = None
    heads: int | None = None
    units: int | None = None
    window: int = 8
    mask: frozenset[str] = frozenset()
    feedback: int | None = None
    readable_inputs: frozenset[str] | None = None

    @classmethod
    def parse(
        cls,
        modes: str | None = None,
        operators: str | None = None,
        layers: int | None = None,
        heads: int | None = None,
        units: int | None = None,
        window: int | None = None,
        mask: str | None = None,
        feedback: int | None = None,
        readable_inputs: str | None = None,
    ) -> Bias:
        """The bias named on the command line: lists are separated by commas, None means the default.

        Raises:
            PellucidError: for a name that is not known (the known ones are listed) or a number out of range.
        """
        for name, value in (("layers", layers), ("heads", heads), ("units", units), ("feedback", feedback)):
            if value is not None and value < 0:
                raise PellucidError(f"--{name} {value}: expected 0 or more")
        if window is not None and not 1 <= window <= LARGEST_WINDOW:
            raise PellucidError(f"--window {window}: expected a number of steps from 1 to {LARGEST_WINDOW}")
        return cls(
            _known(modes, MODES, "--modes"),
            _known(operators, OPERATORS, "--operators"),
            layers,
            heads,
            units,
            cls.window if window is None else window,
            frozenset(_items(mask)),
            feedback,
            None if readable_inputs is None else frozenset(_items(readable_inputs)),
        )

    def check(self, inputs: Collection[str], outputs: Collection[str]) -> None:
        """Refuse names that the data does not have.

        Raises:
            PellucidError: for an unknown column in `mask` or `readable_inputs`.
        """
        for item in sorted(self.mask):
            name, lag = parsed_mask(item)
            if name in outputs and name not in inputs and lag == 0:
                raise PellucidError(f"--mask {item}: {name} is an output; the step itself is never read")
            if name not in (*inputs, *outputs, POSITION):
                raise PellucidError(_unknown("--mask", name, (*inputs, *outputs, POSITION)))
        for name in sorted(self.readable_inputs or ()):
            if name not in (*inputs, POSITION):
                raise PellucidError(_unknown("--readable-inputs", name, (*inputs, POSITION)))

    def masked(self, name: str, lag: int) -> bool:
        """Whether a column's (or output's) value `lag` steps back may not be read."""
        if name in self.mask or f"{name}[t{f'-{lag}' if lag else ''}]" in self.mask:
            return True
        return any(parsed_mask(item) == (name, lag) for item in self.mask)

    def readable(self, name: str) -> bool:
        """Whether a column, or `position`, may be read at all."""
        allowed = self.readable_inputs is None or name in self.readable_inputs
        return allowed and name not in self.mask

    def past_outputs(self) -> int:
        """How many past outputs may be read, at most."""
        return self.window if self.feedback is None else self.feedback


@dataclass(frozen=True)
class SeriesProblem:
    """Numeric sequences divided three ways, and what a program for them may be made of.

    longer: data with longer sequences than those, by what it is. whole: outputs are whole numbers, so exact answers are
    looked for.
    """

    name: str
    train: Series
    valid: Series
    test: Series
    longer: Mapping[str, Series] = field(default_factory=dict)
    bias: Bias = field(default_factory=Bias)
    whole: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundProgram:
    """A program with what is known about it.

    exact: no error on training, validation and longer data: equal whole numbers, or a relative error of at most 1e-9.
    mse, max_error: on validation data. seconds: until it was found. details: what the learner has to say about it.
    """

    learner: str
    program: NumericProgram
    exact: bool
    mse: float
    max_error: float
    seconds: float
    details: Mapping[str, Any] = field(default_factory=dict)


def parsed_mask(item: str) -> tuple[str, int | None]:
    """Column and lag of a mask's item; lag None: all of the column."""
    match = _LAG.fullmatch(item.strip())
    if match is None:
        return item.strip(), None
    return match["name"], int(match["lag"] or 0)


def _items(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _known(text: str | None, known: tuple[str, ...], option: str) -> frozenset[str]:
    if text is None:
        return frozenset(known)
    for name in (items := _items(text)):
        if name not in known:
            raise PellucidError(_unknown(option, name, known))
    return frozenset(items)


def _unknown(option: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{option}: unknown {name!r}; {hint}known: {', '.join(known)}"
