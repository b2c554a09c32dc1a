"""Which pieces a program may be made of: control by inductive bias, for all learners alike."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.operators import OPERATORS

SHIFT, POSITION = "shift", "position"
MODES = (SHIFT, *AGGREGATES)
LARGEST_WINDOW = 64
_LAG = re.compile(r"(?P<name>.+)\[t(?:\s*-\s*(?P<lag>\d+))?\]")


@dataclass(frozen=True)
class Bias:
    """Which pieces a program may be made of.

    Args:
        modes: what may be made of other steps: `shift` (a delay), and the rows of the table of aggregates.
        operators: element-wise operators, the rows of their table; a linear readout at the end is always allowed.
        layers, heads, units: most layers of modes, modes and operators in a program; `units=0`: no operators at all.
        window: largest shift, and longest window.
        mask: what may not be read: `y[t-1]`, `x[t]`, `x[t-2]`, or a column's name for all of it.
        feedback: how many past outputs are offered as inputs (None: the learner decides, up to `window`).
        readable_inputs: the columns (and `position`) that may be read; None: all.
    """

    modes: frozenset[str] = frozenset(MODES)
    operators: frozenset[str] = frozenset(OPERATORS)
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
            _known(operators, tuple(OPERATORS), "--operators"),
            layers,
            heads,
            units,
            cls.window if window is None else window,
            frozenset(_items(mask)),
            feedback,
            None if readable_inputs is None else frozenset(_items(readable_inputs)),
        )

    @property
    def changed(self) -> dict[str, Any]:
        """What is not the default, sets as lists in order."""
        told = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in told.items()}

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
        return any(parsed_mask(item) in ((name, None), (name, lag)) for item in self.mask)

    def readable(self, name: str) -> bool:
        """Whether a column, or `position`, may be read at all."""
        allowed = self.readable_inputs is None or name in self.readable_inputs
        return allowed and name not in self.mask

    def past_outputs(self) -> int:
        """How many past outputs may be read, at most."""
        return self.window if self.feedback is None else self.feedback


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
