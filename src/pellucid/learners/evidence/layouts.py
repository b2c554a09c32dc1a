"""What a program of evidence may look at: the symbols here and around, their forms, and pairs of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.schema import Field
from pellucid.language.spelling import form
from pellucid.learners.evidence.channels import Channel
from pellucid.learners.evidence.model import Kinds, Shifted, Variable

Layout = tuple[tuple[Variable, ...], tuple[Channel, ...]]


def layout(fields: Sequence[Field], pooled: bool) -> Layout:
    """Variables, numbered behind the columns, and channels that read them.

    Args:
        fields: the columns of symbols. pooled: one output per sequence, of what stands anywhere; else one per position,
            of what stands around it.
    """
    variables: list[Variable] = []
    channels: list[Channel] = []

    def add(variable: Variable) -> int:
        variables.append(variable)
        return len(fields) + len(variables) - 1

    for column, field in enumerate(fields):
        mark = "" if len(fields) == 1 else f"_{column + 1}"
        if pooled:
            before = add(Shifted(f"before{mark}", column, -1))
            channels += [Channel(f"word_kind{mark}", (column,)), Channel(f"phrase_kind{mark}", (before, column))]
            continue
        around = [add(Shifted(f"{name}{mark}", column, offset)) for name, offset in (("before", -1), ("after", 1))]
        names = [f"word_kind{mark}", f"before_kind{mark}", f"after_kind{mark}"]
        channels += [Channel(name, (v,)) for name, v in zip(names, (column, *around), strict=True)]
        if field.words is not None:
            here = add(_forms(f"word_form{mark}", field, column))
            around = [add(Shifted(f"form_{n}{mark}", here, offset)) for n, offset in (("before", -1), ("after", 1))]
            names = [f"form_kind{mark}", f"before_form_kind{mark}", f"after_form_kind{mark}"]
            channels += [Channel(name, (v,)) for name, v in zip(names, (here, *around), strict=True)]
    return tuple(variables), tuple(channels)


def _forms(name: str, field: Field, column: int) -> Kinds:
    forms = [form(word) if isinstance(word, str) else "9" for word in field.values or ()]
    names = tuple(sorted(set(forms)))
    return Kinds(name, np.array([names.index(f) for f in forms], np.int64), names, column)
