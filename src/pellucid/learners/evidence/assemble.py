"""From weighed features to a hard model: features of similar weights as one kind, whole numbers for weights.

Kinds are so chosen that the scores of the texts stay.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from pellucid.learners.evidence.channels import Features
from pellucid.learners.evidence.model import EvidenceModel, Kinds, Pairs, Shifted, Variable

LARGEST = 50  # weight of the strongest kind
LIMIT = 4_000  # features that are clustered, and moved between kinds; the rest join the nearest centre
TYPICAL = 3  # members in the name of a kind
NEUTRAL = "-"
HOLD, SWEEPS = 1.0, 2
LONGEST = 20  # letters of a member in a name


@dataclass(frozen=True)
class Fit:
    """Weighed features [features, classes], how often each occurs, their counts x [rows, features]; kinds allowed.

    kinds: of words, by channel. other_kinds: of pairs, or of the values of another variable.
    """

    features: Features
    weights: np.ndarray
    counts: np.ndarray
    x: Any
    kinds: int
    other_kinds: int

    @property
    def scale(self) -> float:
        """What weights are multiplied by before they are rounded."""
        return LARGEST / (np.abs(self.weights).max(initial=0.0) or 1.0)


@dataclass
class _Parts:
    """Variables and readout so far."""

    columns: int
    variables: list[Variable]
    weights: dict[int, np.ndarray]

    def add(self, variable: Variable) -> int:
        """A new variable; returns its number."""
        self.variables.append(variable)
        return self.columns + len(self.variables) - 1


def assembled(frame: EvidenceModel, fit: Fit, seed: int) -> EvidenceModel:
    """The model of a fit, over the base variables of `frame`."""
    parts = _Parts(len(frame.domains), list(frame.variables), {})
    groups = dict(_groups(frame, fit, seed))
    for number, channel in enumerate(fit.features.channels):
        if len(channel.reads) == 1 and _source(frame, channel.reads[0]) is not None:
            _words(parts, frame, fit, number, groups[number])
        else:
            _table(parts, frame, fit, number, groups[number])
    return replace(frame, variables=tuple(parts.variables), weights=parts.weights)


def _groups(frame: EvidenceModel, fit: Fit, seed: int) -> Iterator[tuple[int, Grouped]]:
    """Kinds with whole weights for every channel."""
    size = len(fit.weights)
    codes, centres, allowed = np.zeros(size, np.int64), [fit.weights[:0]], np.zeros((size, 2), np.int64)
    first, spans = 0, {}
    for number, channel in enumerate(fit.features.channels):
        columns = fit.features.of_channel(number)
        rows, counts = fit.weights[columns], fit.counts[columns]
        words = len(channel.reads) == 1 and _source(frame, channel.reads[0]) is not None
        group = grouped(rows, counts, fit.kinds if words else fit.other_kinds, seed)
        codes[columns], allowed[columns] = group.codes + first, (first, first + len(group.centres))
        centres.append(group.centres)
        spans[number] = (columns, first, first + len(group.centres))
        first += len(group.centres)
    work = Tightening(fit.x, fit.weights, codes, np.concatenate(centres), allowed)
    work.run()
    for number, (columns, low, high) in spans.items():
        whole = np.rint(work.centres[low:high] * fit.scale).astype(np.int64)
        yield number, merged(Grouped(work.codes[columns] - low, whole), whole)


def _source(frame: EvidenceModel, read: int) -> int | Shifted | None:
    """The column itself, the head for its symbols elsewhere, None for anything else."""
    count = len(frame.domains)
    if read < count:
        return read
    source = frame.variables[read - count]
    return source if isinstance(source, Shifted) and source.value < count else None


def _names(fit: Fit, number: int, group: Grouped, members: list[str], inside: np.ndarray) -> tuple[str, ...]:
    columns = fit.features.of_channel(number)
    rows, counts = fit.weights[columns][inside], fit.counts[columns][inside]
    far = np.abs(rows * fit.scale - group.centres[group.codes[inside]]).max(1, initial=0.0) / LARGEST
    return named(Grouped(group.codes[inside], group.centres), members, counts, -10.0 * far)


def _words(parts: _Parts, frame: EvidenceModel, fit: Fit, number: int, group: Grouped) -> None:
    """A kind for every symbol; where the channel reads a symbol elsewhere, the kind found there."""
    channel, codes = fit.features.channels[number], fit.features.codes(number)[:, 0]
    source = _source(frame, channel.reads[0])
    column = source.value if isinstance(source, Shifted) else channel.reads[0]
    domain = frame.domains[column]
    inside = codes < len(domain)
    names = _names(fit, number, group, [str(domain[c]) for c in codes[inside].tolist()], inside)
    table = np.zeros(len(domain), np.int64)
    table[codes[inside]] = group.codes[inside]
    if not isinstance(source, Shifted):
        parts.weights[parts.add(Kinds(channel.name, table, names, column))] = group.centres
        return
    kind = parts.add(Kinds(f"{channel.name}_of_word", table, names, column))
    missing = group.centres[group.codes[~inside]] if (~inside).any() else np.zeros_like(group.centres[:1])
    parts.weights[parts.add(Shifted(channel.name, kind, source.offset))] = np.concatenate([group.centres, missing])


def _table(parts: _Parts, frame: EvidenceModel, fit: Fit, number: int, group: Grouped) -> None:
    """A kind for every listed value or pair of values, the most frequent first."""
    channel, codes = fit.features.channels[number], fit.features.codes(number)
    read = [frame.names_of(v) for v in channel.reads]
    members = [" ".join(str(names[c]) for names, c in zip(read, row, strict=True)) for row in codes.tolist()]
    names = _names(fit, number, group, members, np.ones(len(codes), bool))
    counts = fit.counts[fit.features.of_channel(number)]
    order = [f for f in np.argsort(-counts, kind="stable").tolist() if group.codes[f]]
    first, second = channel.reads[0], channel.reads[-1]  # the same twice for a table over one variable
    table = Pairs(channel.name, first, second, codes[order][:, [0, -1]], group.codes[order], names)
    parts.weights[parts.add(table)] = group.centres


# ---------------------------------------------------------------- kinds


@dataclass(frozen=True)
class Grouped:
    """Features in kinds: `codes` int64 [features], `centres` float [kinds, classes]; kind 0 weighs nothing."""

    codes: np.ndarray
    centres: np.ndarray


def grouped(weights: np.ndarray, counts: np.ndarray, kinds: int, seed: int) -> Grouped:
    """At most `kinds` groups of features by k-means on their weights, beside those that weigh nothing.

    Args:
        weights: [features, classes]. counts: how often each feature occurs; frequent ones count more.
        kinds, seed: of the k-means.
    """
    from sklearn.cluster import KMeans

    if not len(weights):
        return Grouped(np.zeros(0, np.int64), np.zeros((1, weights.shape[1])))
    share = np.sqrt(counts) + 0.1
    chosen = np.sort(np.argsort(-share * np.abs(weights).max(1), kind="stable")[:LIMIT])
    distinct = len(np.unique(weights[chosen].round(9), axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        means: Any = KMeans(min(kinds, distinct), n_init=1, random_state=seed, max_iter=60)  # pyright: ignore[reportArgumentType]
        means.fit(weights[chosen], sample_weight=share[chosen])
        codes = means.predict(weights).astype(np.int64) + 1
    centres = np.concatenate([np.zeros((1, weights.shape[1])), means.cluster_centers_])
    return Grouped(codes, centres)


@dataclass
class Tightening:
    """Features moved between kinds, one by one, so that what they change in the scores cancels out in every text.

    Rounding one feature's weights errs; the next ones are rounded so as to make up for it, as in the quantisation of
    networks (Frantar et al., 2023, GPTQ), on the training texts and without their labels.

    x: counts [rows, features]. weights: [features, classes]. codes: kind of every feature; centres: [kinds, classes].
    allowed: first and last + 1 of the kinds that a feature may have, int [features, 2]. hold: how much a feature is
    held to its own weights, beside the scores.
    """

    x: Any  # scipy.sparse, whose products the type checker does not know
    weights: np.ndarray
    codes: np.ndarray
    centres: np.ndarray
    allowed: np.ndarray
    hold: float = HOLD

    def run(self, sweeps: int = SWEEPS) -> None:
        """Move features and centres in turn."""
        columns = self.x.tocsc()
        squares: Any = np.asarray(self.x.multiply(self.x).sum(0)).ravel()
        use = np.sqrt(squares) * np.abs(self.weights).max(1)
        order = np.argsort(-use, kind="stable")[:LIMIT]
        for _ in range(sweeps):
            off = self.x @ (self.centres[self.codes] - self.weights)
            for f in order.tolist():
                self._move(f, columns, squares[f], off)
            self._settle()

    def _move(self, f: int, columns: Any, square: float, off: np.ndarray) -> None:
        """The best kind for one feature, given what the others err by; `off` [rows, classes] is kept up to date."""
        part = slice(columns.indptr[f], columns.indptr[f + 1])
        rows, values = columns.indices[part], columns.data[part]
        first, last = self.allowed[f]
        step = self.centres[first:last] - self.centres[self.codes[f]]
        away = self.centres[first:last] - self.weights[f]
        cost = square * (step * step).sum(1) + 2 * step @ (values @ off[rows]) + self.hold * (away * away).sum(1)
        best = int(cost.argmin()) + int(first)
        if best != self.codes[f]:
            off[rows] += values[:, None] * (self.centres[best] - self.centres[self.codes[f]])
            self.codes[f] = best

    def _settle(self) -> None:
        """Centres by least squares, kind 0 of every channel (which weighs nothing) aside."""
        size, kinds = len(self.codes), len(self.centres)
        chosen: Any = sp.csr_matrix((np.ones(size), (np.arange(size), self.codes)), (size, kinds))
        z = (self.x @ chosen).toarray()
        change = self.centres[self.codes] - self.weights
        held = self.hold * np.bincount(self.codes, minlength=kinds) + 1e-3
        target = z.T @ (self.x @ change) + self.hold * (chosen.T @ change)
        free = np.abs(self.centres).max(1) > 0
        left = (z.T @ z + np.diag(held))[np.ix_(free, free)]
        self.centres[free] -= np.linalg.solve(left, target[free])


def merged(group: Grouped, whole: np.ndarray) -> Grouped:
    """Kinds with equal integer weights as one, those without any as kind 0; the strongest first.

    Args:
        group: the kinds. whole: their weights as integers [kinds, classes].
    """
    rows, place = np.unique(np.concatenate([np.zeros_like(whole[:1]), whole]), axis=0, return_inverse=True)
    place = place.ravel()
    used = np.unique(place[1:][group.codes]) if len(group.codes) else np.zeros(0, np.int64)
    strongest = sorted((u for u in used if rows[u].any()), key=lambda u: (-np.abs(rows[u]).max(), *rows[u].tolist()))
    order = [int(place[0]), *map(int, strongest)]
    number = {row: code for code, row in enumerate(order)}
    codes = np.array([number.get(int(p), 0) for p in place[1:][group.codes]], np.int64)
    return Grouped(codes, rows[order].astype(np.int64))


def named(group: Grouped, members: Sequence[str], counts: np.ndarray, fits: np.ndarray) -> tuple[str, ...]:
    """A name for every kind: its most typical members, those that are frequent and fit well.

    Args:
        group: the kinds. members: name of every feature. counts: how often it occurs.
        fits: how close every feature's own weights are to its kind's, larger is closer.
    """
    rank = np.argsort(-(np.log1p(counts) + fits), kind="stable")
    first: dict[int, list[str]] = {}
    for feature in rank:
        listed = first.setdefault(int(group.codes[feature]), [])
        comma = "," in str(members[int(feature)])  # between commas it would read as nothing
        if len(listed) < TYPICAL and not (listed and comma):
            listed.append(str(members[int(feature)])[:LONGEST])
    names, taken = [NEUTRAL], {NEUTRAL}
    for code in range(1, len(group.centres)):
        name = ", ".join(first.get(code, ["?"]))
        while name in taken:
            name += "'"
        taken.add(name)
        names.append(name)
    return tuple(names)
