"""Which words of texts are known: the frequent ones, and classes of all others."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from pellucid.data.data import Data
from pellucid.data.schema import Field
from pellucid.errors import PellucidError
from pellucid.language.types import symbol
from pellucid.language.words import UNKNOWN, Reading

LEAST, MOST = 2, 20_000  # the models of Friedman et al. (2023) know 10,000 words


def known_words(data: Data, least: int = LEAST, most: int = MOST, forms: bool = True) -> Field:
    """The column of texts with the words that are known in place of all that occur.

    Args:
        data: training data, with all words.
        least, most: words that occur at least so often, at most so many of them; of equally frequent ones the first by
            alphabet.
        forms: other words are told apart by their form, as in `<Xxx-ing>`; else all are `<unk>`. The forms of known
            words are known, too: what is learned of a form then holds for new words of it.

    Raises:
        PellucidError: a limit below 1.
    """
    for name, value in (("least", least), ("most", most)):
        if value < 1:
            raise PellucidError(f"--set {name}={value}: expected at least 1")
    column = data.schema.inputs[0]
    assert column.words is not None
    reading = Reading(column.words.words, forms)
    counts = Counter(chain.from_iterable(data.column(column.name)))
    classes = {reading.unknown(word) for word in counts}
    counts.pop(UNKNOWN, None)
    ranked = sorted((word for word in counts if counts[word] >= least), key=lambda word: (-counts[word], word))
    return Field(column.name, symbol({*ranked[:most], *classes, UNKNOWN}), reading)
