"""What a searched text program may look at, by what it is for."""

from __future__ import annotations

import numpy as np

from pellucid.data.spelling import form
from pellucid.text.channels import Base, Channel
from pellucid.text.model import Kinds, Shifted, TextModel, Variable
from pellucid.text.problem import TextProblem


def layout(problem: TextProblem) -> tuple[Base, tuple[Channel, ...]]:
    """Base variables and channels: words and phrases for texts; for words, what stands around them and their forms."""
    return _of_texts(problem) if problem.vocab.kind == "classification" else _of_words(problem)


def _of_texts(problem: TextProblem) -> tuple[Base, tuple[Channel, ...]]:
    base = _base(problem, (Shifted("before", 0, -1),))
    return base, (Channel("word_kind", (0,)), Channel("phrase_kind", (1, 0)))


def _of_words(problem: TextProblem) -> tuple[Base, tuple[Channel, ...]]:
    words = problem.vocab.tokens
    forms = [form(word) if isinstance(word, str) else "9" for word in words]
    names = tuple(sorted(set(forms)))
    codes = np.array([names.index(f) for f in forms], np.int64)
    variables: tuple[Variable, ...] = (
        Shifted("before", 0, -1),  # 1
        Shifted("after", 0, 1),  # 2
        Kinds("word_form", codes, names),  # 3
        Shifted("form_before", 3, -1),  # 4
        Shifted("form_after", 3, 1),  # 5
    )
    channels = (
        Channel("word_kind", (0,)),
        Channel("before_kind", (1,)),
        Channel("after_kind", (2,)),
        Channel("form_kind", (3,)),
        Channel("before_form_kind", (4,)),
        Channel("after_form_kind", (5,)),
    )
    return _base(problem, variables), channels


def _base(problem: TextProblem, variables: tuple[Variable, ...]) -> Base:
    vocab = problem.vocab
    frame = TextModel(vocab.tokens, vocab.labels, True, variables, {}, np.zeros(len(vocab.labels), np.int64))
    sizes = tuple(frame.size_of(number) for number in range(len(variables) + 1))
    return Base(vocab.tokens, variables, sizes)
