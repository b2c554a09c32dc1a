"""From texts with labels to a problem ready to learn: the words that are known, the vocabulary, the vectors."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Dataset, Splits, Vocab
from pellucid.data.tags import Scheme
from pellucid.data.texts import Texts, TextSplits, is_text_file, load_texts, split_texts
from pellucid.data.words import Lexicon
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN, UNKNOWN, Reading
from pellucid.old_problem import Problem
from pellucid.program.scores import has_entities
from pellucid.settings import parse_text
from pellucid.text.vectors import read_vectors
from pellucid.values import show

MOST = 20_000  # words that are known; the paper's models know 10,000
LEAST = 2  # how often a word must occur in the training texts to be known


@dataclass(frozen=True)
class TextProblem(Problem):
    """Texts divided three ways, as words that the vocabulary has; and what they were before.

    splits: inputs as `vocab.read` gives them. written: with all words. raw: as they came, by part. vectors: float32
    [words of the vocabulary, dimensions], rows of NaN for words without one; None where none were given. refit: the
    validation data was split off the training data by us, and programs may be fitted to both in the end.
    """

    written: Splits | None = None
    raw: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    scheme: Scheme | None = None
    vectors: np.ndarray | None = None
    refit: bool = False

    @property
    def entities(self) -> bool:
        """Whether the labels are entity tags, so that F1 of entities is what counts."""
        return has_entities(self.splits.train)


def on_texts(what: Any) -> bool:
    """Whether `what` is a file of texts, or texts in memory."""
    if isinstance(what, Texts | TextSplits):
        return True
    return isinstance(what, str | Path) and os.path.exists(what) and not os.path.isdir(what) and is_text_file(what)


def resolve_texts(
    what: str | Path | Texts | TextSplits,
    pairs: Mapping[str, Any],
    seed: int,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    column: int = -1,
    vectors: str | Path | None = None,
) -> TextProblem:
    """The problem that a file of texts (or texts in memory) poses.

    Args:
        what: the file, or texts in memory already divided.
        pairs: settings as given with `--set`.
        seed: of the split of a file.
        valid, test: files with the validation and test data.
        column: of the labels of a CoNLL file.
        vectors: file of word vectors in GloVe text format.

    Raises:
        PellucidError: as `load_texts`, `parse_text` and `read_vectors`.
    """
    settings = parse_text(pairs)
    if isinstance(what, Texts | TextSplits):
        if valid or test:
            raise PellucidError("--valid and --test go with a data file")
        found, name = split_texts(what, seed) if isinstance(what, Texts) else what, "texts"
    else:
        found, name = load_texts(what, valid, test, seed=seed, column=column), os.path.basename(what)
    data = found.splits
    words = found.words or AS_WRITTEN
    reading = Reading(words, settings.data.get("forms", True))
    vocab = vocabulary(data, reading, settings.data.get("least", LEAST), settings.data.get("most", MOST))
    read = {part: Dataset(tuple(map(vocab.read, d.inputs)), d.outputs, d.kind) for part, d in data.parts().items()}
    raw = {part: [found.originals.get(x, x) for x in d.inputs] for part, d in data.parts().items()}
    rows = None if vectors is None else read_vectors(vectors, vocab.tokens)
    refit = valid is None and not isinstance(what, TextSplits)
    return TextProblem(
        name,
        Splits(**read),
        vocab,
        {},
        {},
        settings,
        written=data,
        raw=raw,
        scheme=found.scheme,
        vectors=rows,
        refit=refit,
    )


def vocabulary(data: Splits, reading: Reading, least: int, most: int) -> Vocab:
    """Words that occur `least` times or more in training, the `most` frequent of them, and classes of unknown ones."""
    inputs = [reading.normal(tokens) for tokens in data.train.inputs]
    known = set(Lexicon.of(inputs, least, most).words)
    # Also the forms of known words: what is learned of a form then holds for new words of it.
    classes = {reading.unknown(token) for tokens in inputs for token in tokens}
    labels = {label for part in data.parts().values() for label in part.labels()}
    if len(labels) < 2:
        raise PellucidError(f"every label is {show(next(iter(labels)))}; expected at least two different ones")
    longest = max(map(len, inputs))
    made = Vocab.of(known | classes | {UNKNOWN}, labels, data.kind, longest)
    return Vocab(made.tokens, made.labels, made.kind, made.max_length, made.begin, None, False, reading)
