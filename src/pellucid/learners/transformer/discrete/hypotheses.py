"""Named hypotheses about what an attention head does, tested on validation data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.affine import plain
from pellucid.learners.formulas.terms import Op, Over, Past, Shift, Term

THRESHOLD = 0.95  # least agreement of a hypothesis that is taken for what the head does
MOST_VALUES = 16
WHOLE = 10_000  # agreement is compared to this accuracy


@dataclass(frozen=True, eq=False)
class Attention:
    """What a head does: the key it takes and what it could read, all [n, length], zeros before the start included.

    chosen: int, the key of every query. key, value: scalars; key None where attention does not look at content.
    weights: the soft attention at the last temperature [n, length, length]. present: bool, the queries that count.
    """

    chosen: np.ndarray
    key: np.ndarray | None
    value: np.ndarray
    weights: np.ndarray
    present: np.ndarray
    before: int


@dataclass(frozen=True)
class Hypothesis:
    """A rule. kind: copy, offset, first, max, min, argmax, argmin, last where, mean.

    amount: of offset. window: None for the whole prefix. start: whether the zeros before the start take part.
    predicate: of `last where`, an operator and a constant.
    """

    kind: str
    amount: int = 0
    window: int | None = None
    start: bool = False
    predicate: tuple[str, float] | None = None

    @property
    def words(self) -> str:
        """For the report."""
        reach = "so far" if self.window is None else f"of the last {self.window} steps"
        zeros = ", zeros before the start included" if self.start else ""
        match self.kind:
            case "copy":
                return "this step"
            case "offset":
                return f"fixed offset {self.amount}"
            case "first":
                return "first step"
            case "last where":
                op, constant = self.predicate or ("==", 0)
                return f"last step where the key {op} {constant:g}"
            case "mean":
                return f"mean {reach}{zeros}"
        return f"{self.kind} {reach}{zeros}"

    @property
    def needs_key(self) -> bool:
        """Whether its term reads the key."""
        return self.kind in ("argmax", "argmin", "last where")

    @property
    def times(self) -> int:
        """What a head's mean is multiplied with in the term: that of so many steps always is written as their sum."""
        return (self.window or 1) if self.kind == "mean" and self.start else 1

    def term(self, value: Term, key: Term | None, start: float) -> Term:
        """What a head writes, of the value and the key that it reads. start: the value before the first step."""
        if self.kind == "copy":
            return value
        if self.kind == "offset":
            return _earlier(value, self.amount, start)
        if self.start:
            steps = (value, *(_earlier(value, i, start) for i in range(1, self.window or 1)))
            return Op("+" if self.kind == "mean" else self.kind, steps)
        if key is not None and self.predicate is not None:
            operator, constant = self.predicate
            return Over("last", value, where=Op(operator, (key, Const(plain(constant)))), default=plain(start))
        return Over(self.kind, value, self.window, by=key if self.kind in ("argmax", "argmin") else None)


@dataclass(frozen=True)
class Tested:
    """A hypothesis, its statistic (share of queries that take the very key), its agreement (share of equal values)."""

    hypothesis: Hypothesis
    statistic: float
    agreement: float

    @property
    def matched(self) -> bool:
        """Whether it is taken for what the head does."""
        return self.agreement >= THRESHOLD

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "hypothesis": self.hypothesis.words,
            "statistic": round(self.statistic, 6),
            "agreement": round(self.agreement, 6),
            "threshold": THRESHOLD,
            "matched": self.matched,
        }


def judge_head(head: Attention, modes: frozenset[str], window: int) -> list[Tested]:
    """All hypotheses, the best first: by agreement, then the simpler."""
    tested = [_test(head, hypothesis) for hypothesis in _hypotheses(head, modes, window)]
    best = sorted(tested, key=lambda t: -round(t.agreement * WHOLE))
    enough = [t for t in tested if t.agreement >= max(best[0].agreement - 1e-3, THRESHOLD)][:1]
    return [*enough, *(t for t in best if t not in enough)]


def _test(head: Attention, hypothesis: Hypothesis) -> Tested:
    def seen(values: np.ndarray) -> np.ndarray:
        return values[:, head.before :][head.present]

    if hypothesis.kind == "mean":
        uniform = _uniform(hypothesis, head.value.shape[1], head.before)
        apart = 0.5 * seen(np.abs(head.weights - uniform).sum(-1)).mean()
        return Tested(hypothesis, 1.0 - float(apart), 1.0 - float(apart))
    keys = _keys(hypothesis, head)
    same = seen((keys == head.chosen) | ((keys < head.before) & (head.chosen < head.before)))
    told, copied = (seen(np.take_along_axis(head.value, taken, 1)) for taken in (keys, head.chosen))
    return Tested(hypothesis, float(same.mean()), float(np.isclose(told, copied, rtol=1e-9, atol=1e-9).mean()))


def _hypotheses(head: Attention, modes: frozenset[str], window: int) -> Iterator[Hypothesis]:
    """The simple ones first."""
    yield Hypothesis("copy")
    if "shift" in modes:
        for amount in range(1, window + 1):
            yield Hypothesis("offset", amount)
    if "first" in modes:
        yield Hypothesis("first")
    windows = [*range(2, window + 1), None]
    for how in ("max", "min"):
        if head.key is not None:
            own = np.array_equal(head.key, head.value)
            if (how if own else f"arg{how}") not in modes:
                continue
            for w in windows:
                for start in (False, True) if own and w is not None and "shift" in modes else (False,):
                    yield Hypothesis(how if own else f"arg{how}", window=w, start=start)
    if "last" in modes and head.key is not None:
        for predicate in _predicates(head.key[:, head.before :][head.present]):
            yield Hypothesis("last where", predicate=predicate)
    if "mean" in modes:
        for w in windows:
            for start in (False, True) if w is not None and "sum" in modes else (False,):
                yield Hypothesis("mean", window=w, start=start)


def _predicates(key: np.ndarray) -> Iterator[tuple[str, float]]:
    values = np.unique(key)
    if len(values) > MOST_VALUES:
        return
    for c in values:
        yield "==", float(c)
        yield "!=", float(c)
    for c in values[1:-1]:
        yield "<=", float(c)
        yield ">=", float(c)


def _keys(hypothesis: Hypothesis, head: Attention) -> np.ndarray:
    """The key that every query takes, int [n, length]; queries before the start do not matter."""
    n, length = head.value.shape
    here = np.broadcast_to(np.arange(length), (n, length))
    match hypothesis.kind:
        case "copy" | "offset":
            return np.maximum(here - hypothesis.amount, 0)
        case "first":
            return np.full((n, length), head.before)
    assert head.key is not None
    if hypothesis.predicate is not None:
        operator, constant = hypothesis.predicate
        held = kernels.apply(operator, head.key, np.full_like(head.key, constant)) * (here >= head.before)
        return kernels.last_where(here.T, held.T, False).T.astype(int)
    first, how = 0 if hypothesis.start else head.before, f"arg{hypothesis.kind[-3:]}"
    best = kernels.extreme(how, here[:, first:].T, head.key[:, first:].T, hypothesis.window).T
    return np.concatenate([here[:, :first], best], 1)


def _uniform(hypothesis: Hypothesis, length: int, before: int) -> np.ndarray:
    """Equal weights over the keys of a mean, [query, key]."""
    i, j = np.arange(length)[:, None], np.arange(length)[None]
    inside = (j <= i) & ((hypothesis.window is None) | (i - j < (hypothesis.window or 0)))
    if not hypothesis.start:
        inside = np.where(i >= before, inside & (j >= before), inside)
    return inside / inside.sum(1, keepdims=True)


def _earlier(term: Term, amount: int, start: float) -> Term:
    """A term's value some steps back."""
    match term:
        case Past():
            return replace(term, amount=term.amount + amount)
        case Shift(same=False):
            return replace(term, amount=term.amount + amount)
    return Shift(term, amount, plain(start))
