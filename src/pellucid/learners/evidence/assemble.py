"""From weighed features to a hard model: kinds for words and pairs, whole numbers for weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.learners.evidence.channels import Features
from pellucid.learners.evidence.clusters import Grouped, Tightening, grouped, merged, named
from pellucid.learners.evidence.model import EvidenceModel, Kinds, Pairs, Shifted, Variable

LARGEST = 50  # weight of the strongest kind


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
