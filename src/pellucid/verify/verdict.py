"""What a check found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


def bound(samples: int) -> float:
    """Share of inputs that may disagree although none of so many random ones did (95 % confidence)."""
    return 1 - 0.05 ** (1 / max(1, samples))


@dataclass(frozen=True)
class Verdict:
    """Outcome of a check.

    Args:
        checked: inputs up to the longest in the data; mismatches: of those and the longer ones, how many disagree.
        exhaustive: whether these are all there are; bound: largest share of disagreeing ones that the sample leaves
            possible, 0 if exhaustive.
        counterexample: the first, shortest input that disagrees, with who said what.
        longer: inputs longer than the program was made for, of up to `longest` positions.
        own: of a program that reads texts, how many of those checked are the user's; the bound is for random ones.
        compared: what was, beside program.json and program.py: the `model`, or the plain `reference` on a sample.
    """

    checked: int
    mismatches: int
    exhaustive: bool
    bound: float
    counterexample: dict[str, Any] | None = None
    longer: int = 0
    longest: int = 0
    own: int | None = None
    compared: Sequence[str] = ()

    @property
    def faithful(self) -> bool:
        """Whether every input checked agreed."""
        return self.mismatches == 0

    def to_json(self) -> dict[str, Any]:
        """The entry `faithful` of `report.json`."""
        data = {key: getattr(self, key) for key in ("checked", "mismatches", "exhaustive", "bound")}
        data |= {"longer": self.longer, "longest": self.longest} if self.longer else {}
        data |= {} if self.own is None else {"own": self.own}
        data |= {"compared": list(self.compared)} if self.compared else {}
        return data if self.counterexample is None else {**data, "counterexample": self.counterexample}

    def __str__(self) -> str:
        if self.counterexample:
            told = ", ".join(f"{who}: {_json(out)}" for who, out in self.counterexample["outputs"].items())
            return (
                f"{self.mismatches} of {self.checked + self.longer} inputs disagree; "
                f"the first: input {_json(self.counterexample['input'])}: {told}"
            )
        longer = f", and {self.longer:,} longer ones up to {self.longest:,} positions" if self.longer else ""
        if self.exhaustive:
            return f"all {self.checked:,} possible inputs agree{longer}"
        if self.own is None:
            return f"{self.checked:,} sampled inputs agree: {self._differ('inputs')}{longer}"
        kinds = f"{self.own:,} of the data and others of random words" if self.own else "of random words"
        return f"{self.checked:,} texts agree, {kinds}: {self._differ('random ones')}"

    def _differ(self, which: str) -> str:
        return f"fewer than {self.bound:.3%} of {which} differ (95 % confidence)"


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except ValueError:
        return "a number too long to be printed"


def shown(output: Any) -> str:
    """An input or output on one line, `-` for nothing; texts quoted where they are odd or numbers stand beside them."""
    items = output if isinstance(output, list) else [output]
    quote = len({isinstance(value, str) for value in items if value is not None}) > 1
    return " ".join(_word(value, quote) for value in items)


def _word(value: Any, quote: bool) -> str:
    if isinstance(value, list):
        return f"({shown(value)})"
    if isinstance(value, str):
        return repr(value) if quote or not value.isprintable() or not value or " " in value else value
    return "-" if value is None else str(value)
