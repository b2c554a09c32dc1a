"""What a searched text program may look at, by what it is for."""

from __future__ import annotations

import numpy as np

from pellucid.language.spelling import form
from pellucid.text.channels import Channel
from pellucid.text.model import Kinds, Shifted, Variable
from pellucid.text.problem import TextProblem


def layout(problem: TextProblem) -> tuple[tuple[Variable, ...], tuple[Channel, ...]]:
    """Variables, from 1 on, and channels that read them: words and phrases; for tags, what stands around, and forms."""
    return _of_texts() if problem.vocab.kind == "classification" else _of_words(problem)


def _of_texts() -> tuple[tuple[Variable, ...], tuple[Channel, ...]]:
    return (Shifted("before", 0, -1),), (Channel("word_kind", (0,)), Channel("phrase_kind", (1, 0)))


def _of_words(problem: TextProblem) -> tuple[tuple[Variable, ...], tuple[Channel, ...]]:
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
    return variables, channels
