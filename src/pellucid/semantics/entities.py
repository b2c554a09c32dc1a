"""Entities that tags mark, counted as by `conlleval`, the script of the CoNLL shared tasks, and by seqeval's default.

An entity is right where type, first and last word are; tags that break the scheme still make entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pellucid.language.types import Value

Entity = tuple[str, int, int]  # type, first and last position
_OUTSIDE, _LAST, _FIRST = frozenset("O."), frozenset("ES"), frozenset("BS")


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one class, in 0..1 (0 where nothing was said, or nothing was there).

    support: how often it is the right answer.
    """

    label: Value
    precision: float
    recall: float
    f1: float
    support: int

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def class_score(label: Value, right: int, said: int, there: int) -> ClassScore:
    """The row of a class that was right, said and there so many times."""
    return ClassScore(label, right / max(1, said), right / max(1, there), 2 * right / max(1, said + there), there)


def class_scores(pairs: Iterable[tuple[Value, Value]], labels: Iterable[Value]) -> tuple[ClassScore, ...]:
    """A row per label, from pairs of given and wanted ones."""
    pairs = list(pairs)
    right, said, there = (Counter(p) for p in ([a for a, b in pairs if a == b], *zip(*pairs, strict=True)))
    return tuple(class_score(label, right[label], said[label], there[label]) for label in labels)


def is_entity_tag(label: Hashable) -> bool:
    """Whether a label marks a word of an entity: one of B I E S, a hyphen, a type."""
    return isinstance(label, str) and label[:2] in ("B-", "I-", "E-", "S-")


def entities(tags: Sequence[str]) -> list[Entity]:
    """The entities that a sequence of tags marks: type, first and last position.

    Tags are `O`, or one of B I E S with a type, as `B-PER`. A new entity begins at B and S, at a change of type, and
    after E, S and O; it ends before the next one and before O. So every tag but O belongs to an entity.
    """
    found: list[Entity] = []
    start, before, kind = 0, "O", ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, here = tag[:1], tag[1:].split("-", 1)[-1] or "_"
        inside, was_inside = prefix not in _OUTSIDE, before not in _OUTSIDE
        if was_inside and _ends(before, prefix, kind, here):
            found.append((kind, start, i - 1))
        resumed = (before in _LAST or before == "O") and prefix in ("E", "I")
        if inside and (kind != here or prefix in _FIRST or resumed):
            start = i
        before, kind = prefix, here
    return found


def _ends(before: str, prefix: str, kind: str, here: str) -> bool:
    return before in _LAST or (before in ("B", "I") and prefix in ("B", "S", "O")) or kind != here


def entity_scores(given: Iterable[Sequence[str]], wanted: Iterable[Sequence[str]]) -> dict[str, ClassScore]:
    """Precision, recall and F1 of entities by type, and of all together under `all`; support counts the wanted ones.

    Args:
        given, wanted: tags of the same sentences, as `entities` takes them.

    Raises:
        ValueError: sentences of different lengths.
    """
    ours, theirs = list[str](), list[str]()
    for a, b in zip(given, wanted, strict=True):
        if len(a) != len(b):
            raise ValueError(f"{len(a)} tags given for {len(b)} words")
        ours += [*a, "O"]  # end to end, as in seqeval, which matters for tags that are none, as `.`
        theirs += [*b, "O"]
    found = set(entities(ours)), set(entities(theirs))
    right, said, there = (Counter(kind for kind, _, _ in items) for items in (found[0] & found[1], *found))
    table = {kind: class_score(kind, right[kind], said[kind], there[kind]) for kind in sorted({*said, *there})}
    return {**table, "all": class_score("all", right.total(), said.total(), there.total())}
